import { createHmac, randomBytes } from 'node:crypto'
import { errors } from '../../../errors.ts'
import type { OutboundResponse } from '../../../http/outbound.ts'
import { parseQuery } from '../../../http/query.ts'
import { withQuery } from '../../../http/urls.ts'
import { microsPerSecond } from '../../../lib/clock.ts'
import type { Json } from '../../../lib/json.ts'
import { parseObject } from '../documents.ts'
import { claimsFrom, request, textIn } from '../oauth2.ts'
import type { ProviderConfig, ProviderKind, Tools } from '../provider.ts'

const host = 'https://api.twitter.com'
const credentials = `${host}/1.1/account/verify_credentials.json`

/**
 * X speaks OAuth 1.0a here: it is asked for a token first, which the browser takes along and which every later request is
 * signed with.
 * @see https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens
 */
export const x: ProviderKind = (config, tools) => ({
  config,
  commonRedirect: config.pkce === 'force',
  takesNonce: false,
  usesPkce: () => Promise.resolve(false),
  async authorize({ redirectUri, state }) {
    // Our callback looks for a code and the state, neither of which this protocol has.
    const callback = withQuery(redirectUri, { code: 'unused', state })
    const answer = await signed({ config, tools }, 'POST', `${host}/oauth/request_token`, { oauth_callback: callback })
    const tokens = pairIn(answer)
    const url = withQuery(`${host}/oauth/authenticate`, { oauth_token: tokens.token })
    return { url, memo: JSON.stringify(tokens) }
  },
  async arrive({ query, memo, witness }) {
    const asked = JSON.parse(memo ?? '{}') as Partial<TokenPair>
    if (!asked.token || asked.token !== query.get('oauth_token'))
      throw errors.badRequest('What came back is not the answer of the provider that was asked.')
    const verifier = query.get('oauth_verifier') ?? ''
    const answer = await signed({ config, tools, tokens: asked as TokenPair }, 'POST', `${host}/oauth/access_token`, {
      oauth_verifier: verifier,
    })
    witness?.tokens()
    const user = await verifiedUser({ config, tools, tokens: pairIn(answer) })
    witness?.userinfo(user)
    return {
      claims: claimsFrom({
        iss: credentials,
        sub: textIn(user, 'id_str'),
        name: user['name'] ?? null,
        nickname: user['screen_name'] ?? null,
        preferred_username: user['screen_name'] ?? null,
        picture: user['profile_image_url_https'] ?? null,
        website: user['url'] ?? null,
        email: user['email'] ?? null,
      }),
      tokens: { idToken: '', accessToken: '', refreshToken: '' },
    }
  },
})

type TokenPair = { token: string; secret: string }
type Signer = { config: ProviderConfig; tools: Tools; tokens?: TokenPair }

async function verifiedUser(signer: Signer): Promise<Record<string, Json>> {
  const withEmail = signer.config.scope?.includes('email') ? { include_email: 'true' } : {}
  const query = { include_entities: 'false', skip_status: 'true', ...withEmail }
  const answer = await signed(signer, 'GET', credentials, {}, query)
  const user = answer.status === 200 ? parseObject(answer.body) : undefined
  if (!user) throw errors.upstream(`X does not say who you are (${answer.status}).`)
  return user
}

function pairIn({ status, body }: OutboundResponse): TokenPair {
  const form = parseQuery(body.toString())
  const pair = { token: form.get('oauth_token') ?? '', secret: form.get('oauth_token_secret') ?? '' }
  if (status !== 200 || pair.token === '') throw errors.internal(new Error(`X gives no token (${status}).`))
  return pair
}

/** A request with the signature of RFC 5849. */
function signed(
  { config, tools, tokens }: Signer,
  method: 'GET' | 'POST',
  url: string,
  extra: Record<string, string>,
  query: Record<string, string> = {},
): Promise<OutboundResponse> {
  const own: Record<string, string> = {
    oauth_consumer_key: config.client_id,
    oauth_nonce: randomBytes(16).toString('hex'),
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(tools.clock.now() / microsPerSecond)),
    oauth_version: '1.0',
    ...(tokens ? { oauth_token: tokens.token } : {}),
    ...extra,
  }
  const signature = signatureOf(method, url, { ...own, ...query }, [config.client_secret ?? '', tokens?.secret ?? ''])
  const header = Object.entries({ ...own, oauth_signature: signature })
    .map(([name, value]) => `${escape(name)}="${escape(value)}"`)
    .join(', ')
  return request(tools.outbound, withQuery(url, query), {
    method,
    headers: { authorization: `OAuth ${header}` },
    // A verifier is spent by its first use.
    ...(method === 'POST' ? { retries: 0, timeoutMs: 10_000 } : {}),
  })
}

/** @see https://datatracker.ietf.org/doc/html/rfc5849#section-3.4 */
export function signatureOf(
  method: string,
  url: string,
  parameters: Record<string, string>,
  secrets: [client: string, token: string],
): string {
  const sorted = Object.entries(parameters)
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .toSorted()
    .join('&')
  const base = [method, escape(url), escape(sorted)].join('&')
  return createHmac('sha1', secrets.map(escape).join('&')).update(base).digest('base64')
}

const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
