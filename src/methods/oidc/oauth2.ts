import { ApiError, errors } from '../../errors.ts'
import { OutboundError, type Outbound, type OutboundInit } from '../../http/outbound.ts'
import { encodeQuery, parseQuery, queryEscape } from '../../http/query.ts'
import { withQuery } from '../../http/urls.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import { ClaimsError, readClaims, type Claims } from './claims.ts'
import { discover, parseObject, type Discovery } from './documents.ts'
import { IdTokenError, verifyIdToken, type IdTokenRules } from './id-token.ts'
import type { Departure, Provider, ProviderConfig, ProviderKind, Return, Tools } from './provider.ts'

/** Where a provider's doors are. `jwks` and `issuer` only where it signs ID tokens. */
export type Endpoints = {
  authorization: string
  token: string
  userinfo?: string | undefined
  jwks?: string
  issuer?: string
  algorithms?: readonly string[]
  sendsIssuer?: boolean
}

/** What the token endpoint said: its members, of which only `access_token` is sure to be there. */
export type TokenAnswer = Readonly<Record<string, Json>> & { access_token: string }

/** Somebody has come back with a good code: what a provider's file reads the claims with. */
export type Visit = {
  config: ProviderConfig
  tools: Tools
  endpoints: Endpoints
  tokens: TokenAnswer
  query: URLSearchParams
  /** Notes what an API said that was asked in another way than by `ask`. */
  saw(said: Record<string, Json>): void
  /** Asks one of the provider's APIs. @throws errors.upstream */
  ask(url: string, options?: AskOptions): Promise<Record<string, Json>>
  /** The claims of the ID token, once it holds. @throws errors.badRequest */
  idToken(rules?: Partial<IdTokenRules>): Promise<Record<string, Json>>
}

export type AskOptions = {
  headers?: Record<string, string>
  /** Without one the access token is the bearer token. */
  unauthorized?: boolean
  /** What a failure says of the answer. */
  telling?: boolean
}

/** What is particular about a provider that speaks OAuth2. */
export type OAuth2 = {
  endpoints: 'discovery' | ((config: ProviderConfig) => Endpoints)
  /** Whose description tells whether PKCE is understood, where it is another than `issuer_url`. `false`: nobody's. */
  issuer?: ((config: ProviderConfig) => string) | false
  /** Asks for the scope `openid`, too. */
  openid?: true
  /** Takes `claims`, and `prompt=login` where a sign-in is confirmed. */
  asksForClaims?: true
  scope?(scope: readonly string[]): readonly string[]
  parameters?(context: { config: ProviderConfig; refresh: boolean }): Record<string, string>
  pkce?: 'force'
  /** How this client proves itself. Unless said, as the provider announces, or by trial. */
  authentication?: 'basic' | 'body'
  secret?(config: ProviderConfig, clock: Clock): Promise<string>
  /** Anything without which nobody need go there. @throws ApiError */
  check?(config: ProviderConfig, clock: Clock): Promise<void> | void
  tokenParameters?: Readonly<Record<string, string>>
  /** What stands between the granted scopes; all that were asked for have to be there. */
  grantedScopes?: ' ' | ','
  /** Exchanges a code in the provider's own way. @throws ApiError */
  exchange?(code: string, context: { config: ProviderConfig; tools: Tools }): Promise<TokenAnswer>
  claims(visit: Visit): Promise<Claims>
  native?: NativeTokens
}

/** ID tokens that apps get by themselves. */
export type NativeTokens = {
  issuer: string
  jwks: string
  mayLackNonce(claims: Claims): boolean
  /** What an app sends instead of an ID token is exchanged for one first. */
  exchange?(token: string, context: { config: ProviderConfig; tools: Tools }): Promise<string>
}

/** Parameters that an application may pass on to a provider. */
export const upstreamParameters = ['hd', 'prompt', 'auth_type', 'acr_values'] as const

/** A provider that speaks OAuth2, with or without OpenID Connect on top. */
export const oauth2 =
  (kind: OAuth2): ProviderKind =>
  (config, tools) => {
    const pkce = kind.pkce === 'force' && config.pkce === 'auto' ? 'force' : config.pkce
    const issuer = kind.issuer === false ? undefined : (kind.issuer?.(config) ?? config.issuer_url)
    const endpoints = () => endpointsOf(kind, config, tools, issuer)
    const learned: Learned = { authentication: kind.authentication }
    return {
      config,
      commonRedirect: pkce === 'force',
      takesNonce: kind.openid === true,
      async usesPkce() {
        if (pkce !== 'auto') return pkce === 'force'
        if (issuer === undefined) return false
        const described = discover(tools.documents, issuer).then(({ supportsPkce }) => supportsPkce)
        // Whoever has to be described to be found at all need not be waited for a second time.
        return kind.endpoints === 'discovery' ? described : described.catch(() => false)
      },
      async authorize(departure) {
        await kind.check?.(config, tools.clock)
        return { url: authorizationUrl(kind, config, await endpoints(), departure) }
      },
      async arrive(returned) {
        const found = await endpoints()
        const tokens = kind.exchange
          ? await kind.exchange(codeIn(returned.query), { config, tools })
          : await exchangeCode({ kind, config, tools, endpoints: found, learned }, returned)
        returned.witness?.tokens()
        const visit = visitOf({ config, tools, endpoints: found, tokens }, returned)
        checkScopes(kind, config, tokens)
        const claims = await kind.claims(visit).catch(asForm)
        return {
          claims,
          tokens: {
            idToken: textIn(tokens, 'id_token'),
            accessToken: tokens.access_token,
            refreshToken: textIn(tokens, 'refresh_token'),
          },
        }
      },
      ...(kind.native ? { readNative: (token: string) => readNative(kind.native!, config, tools, token) } : {}),
    } satisfies Provider
  }

async function endpointsOf(
  kind: OAuth2,
  config: ProviderConfig,
  { documents }: Tools,
  issuer: string | undefined,
): Promise<Endpoints> {
  if (kind.endpoints !== 'discovery') return kind.endpoints(config)
  if (issuer === undefined) throw errors.invalidConfiguration(`The provider ${config.id} needs an issuer_url.`)
  const { supportsPkce: _, ...found }: Discovery = await discover(documents, issuer)
  return { ...found, issuer }
}

function authorizationUrl(
  kind: OAuth2,
  config: ProviderConfig,
  { authorization }: Endpoints,
  { redirectUri, state, challenge, nonce, refresh, upstream }: Departure,
): string {
  const given = config.scope ?? []
  const wanted = kind.scope?.(given) ?? given
  const scope = kind.openid && !wanted.includes('openid') ? [...wanted, 'openid'] : wanted
  const { requested_claims: claims } = config
  return withQuery(authorization, {
    client_id: config.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: scope.length === 0 ? undefined : scope.join(' '),
    state,
    nonce,
    ...(challenge === undefined ? {} : { code_challenge: challenge, code_challenge_method: 'S256' }),
    ...(kind.asksForClaims && claims ? { claims: JSON.stringify(inOrder(claims)) } : {}),
    ...(kind.asksForClaims && refresh ? { prompt: 'login' } : {}),
    ...kind.parameters?.({ config, refresh }),
    ...upstream,
  })
}

/** Members in the order of the alphabet, as the reference writes them. */
const inOrder = (object: object): object =>
  Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)))

// -- the code becomes tokens ------------------------------------------------------------------------------------------

/** What trial has shown. */
type Learned = { authentication: 'basic' | 'body' | undefined }

type Exchange = { kind: OAuth2; config: ProviderConfig; tools: Tools; endpoints: Endpoints; learned: Learned }

/** @throws errors.internal when the provider does not hand out tokens; errors.badRequest when what came back is not its answer */
async function exchangeCode(exchange: Exchange, returned: Return): Promise<TokenAnswer> {
  const { learned } = exchange
  const first = learned.authentication ?? 'basic'
  let answer = await askForTokens(exchange, returned, first)
  // A client that is not recognised has not used the code up.
  if (!answer.ok && learned.authentication === undefined && answer.error !== 'invalid_grant')
    answer = await askForTokens(exchange, returned, 'body')
  if (!answer.ok) throw errors.internal(new Error(`The provider gives no tokens: ${answer.error}`))
  learned.authentication ??= answer.authentication
  return answer.tokens
}

type TokenOutcome = { ok: true; tokens: TokenAnswer; authentication: 'basic' | 'body' } | { ok: false; error: string }

async function askForTokens(
  { kind, config, tools, endpoints }: Exchange,
  { query, redirectUri, verifier }: Return,
  authentication: 'basic' | 'body',
): Promise<TokenOutcome> {
  const oauth = await import('oauth4webapi')
  const secret = (await kind.secret?.(config, tools.clock)) ?? config.client_secret ?? ''
  const client = { client_id: config.client_id }
  const server = {
    issuer: endpoints.issuer ?? 'https://provider.invalid',
    token_endpoint: endpoints.token,
    ...(endpoints.sendsIssuer ? { authorization_response_iss_parameter_supported: true } : {}),
  }
  const options = {
    [oauth.customFetch]: fetchThrough(tools.outbound),
    // Whether plain HTTP will do is up to whoever configures a provider.
    [oauth.allowInsecureRequests]: true,
    ...(kind.tokenParameters ? { additionalParameters: { ...kind.tokenParameters } } : {}),
  }
  let response: Response
  try {
    response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication === 'basic' ? basic(secret) : oauth.ClientSecretPost(secret),
      oauth.validateAuthResponse(server, client, parametersOf(query, endpoints), oauth.skipStateCheck),
      redirectUri,
      verifier ?? oauth.nopkce,
      options,
    )
  } catch (cause) {
    if (cause instanceof OutboundError) throw errors.internal(cause)
    if (cause instanceof oauth.OperationProcessingError)
      throw errors.badRequest('What came back is not the answer of the provider that was asked.', { cause })
    throw cause
  }
  const answer = readAnswer(Buffer.from(await response.arrayBuffer()), response.headers.get('content-type') ?? '')
  const error = answer['error']
  if (response.status !== 200 || (error !== undefined && error !== null && error !== ''))
    return { ok: false, error: typeof error === 'string' ? error : `status ${response.status}` }
  if (textIn(answer, 'access_token') === '') return { ok: false, error: 'no access_token' }
  return { ok: true, tokens: answer as TokenAnswer, authentication }
}

/** DingTalk calls it by another name. */
export const codeIn = (query: URLSearchParams): string => query.get('code') || query.get('authCode') || ''

/** What belongs to the answer of an authorization request; the state was compared before. */
function parametersOf(query: URLSearchParams, { sendsIssuer, jwks }: Endpoints): URLSearchParams {
  const parameters = new URLSearchParams({ code: codeIn(query) })
  const issuer = query.get('iss')
  if (issuer !== null && (sendsIssuer || jwks !== undefined)) parameters.set('iss', issuer)
  return parameters
}

/** Most answers are JSON; the standard's older relatives send a form. */
function readAnswer(body: Buffer, contentType: string): Record<string, Json> {
  const object = parseObject(body)
  if (object) return object
  return /form-urlencoded|text\/plain/.test(contentType) ? Object.fromEntries(parseQuery(body.toString())) : {}
}

/** Id and secret as OAuth2 wants them: encoded like a form first, but no more than that, which not everybody decodes. */
const basic =
  (secret: string) =>
  (_server: unknown, { client_id: id }: { client_id: string }, _body: URLSearchParams, headers: Headers): void =>
    headers.set('authorization', `Basic ${Buffer.from(`${queryEscape(id)}:${queryEscape(secret)}`).toString('base64')}`)

/** The one guarded client, in the shape of `fetch`. A code is spent by its first use, so nothing is tried again. */
const fetchThrough =
  (outbound: Outbound) =>
  async (
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown },
  ): Promise<Response> => {
    const sent = body === undefined || body === null ? undefined : String(body)
    const answer = await outbound(url, {
      method,
      headers: {
        'user-agent': 'zelos',
        ...headers,
        ...(sent === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(sent === undefined ? {} : { body: sent }),
      timeoutMs: 10_000,
      maxBytes: maxAnswerBytes,
    })
    return new Response(answer.status === 204 ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers,
    })
  }

const maxAnswerBytes = 256 * 1024

function checkScopes({ grantedScopes }: OAuth2, { scope = [] }: ProviderConfig, tokens: TokenAnswer): void {
  if (grantedScopes === undefined) return
  const granted = new Set(textIn(tokens, 'scope').split(grantedScopes))
  const missing = scope.find((name) => !granted.has(name))
  if (missing !== undefined)
    throw errors.badRequest(
      `You did not allow something that is needed here: ${missing}. Please try again and allow it.`,
    )
}

// -- the tokens become claims -----------------------------------------------------------------------------------------

function visitOf(
  { config, tools, endpoints, tokens }: Pick<Visit, 'config' | 'tools' | 'endpoints' | 'tokens'>,
  { query, nonce, witness }: Return,
): Visit {
  const saw = (said: Record<string, Json>) => witness?.userinfo(said)
  return {
    config,
    tools,
    endpoints,
    tokens,
    query,
    saw,
    async ask(url, options) {
      const said = await askApi(tools.outbound, url, tokens.access_token, options)
      saw(said)
      return said
    },
    async idToken(rules = {}) {
      const token = textIn(tokens, 'id_token')
      if (token === '') throw errors.badRequest('The provider sent no ID token. It needs the scope openid for that.')
      const { issuer = '', jwks = '', algorithms } = endpoints
      const common = {
        issuer,
        jwks,
        audiences: [config.client_id, ...(config.additional_id_token_audiences ?? [])],
        nonce,
        ...(algorithms ? { algorithms } : {}),
      }
      try {
        return await verifyIdToken(tools, token, { ...common, ...rules })
      } catch (cause) {
        if (cause instanceof IdTokenError) throw errors.badRequest(cause.message, { cause })
        throw cause
      }
    },
  }
}

async function askApi(
  outbound: Outbound,
  url: string,
  accessToken: string,
  { headers = {}, unauthorized = false, telling = false }: AskOptions = {},
): Promise<Record<string, Json>> {
  const { status, body } = await request(outbound, url, {
    headers: {
      accept: 'application/json',
      ...(unauthorized ? {} : { authorization: `Bearer ${accessToken}` }),
      ...headers,
    },
  })
  if (status !== 200) {
    const details = { external_error: body.toString().slice(0, 1024), external_status_code: status, url }
    throw errors.upstream(`${new URL(url).host} does not say who you are (${status}).`, telling ? { details } : {})
  }
  const answer = parseObject(body)
  if (!answer) throw errors.upstream(`${new URL(url).host} answered with something unreadable.`)
  return answer
}

/** Asks an API that only reads, once more if it fails. @throws errors.upstream when nobody answers */
export async function request(outbound: Outbound, url: string, init: OutboundInit) {
  try {
    const headers = { 'user-agent': 'zelos', ...init.headers }
    return await outbound(url, { timeoutMs: 5000, maxBytes: maxAnswerBytes, retries: 1, ...init, headers })
  } catch (cause) {
    if (!(cause instanceof OutboundError)) throw cause
    throw errors.upstream(cause.message, { cause })
  }
}

/** The JSON list that some APIs answer with. @throws errors.upstream */
export async function askForList(visit: Visit, url: string): Promise<Record<string, Json>[]> {
  const { status, body } = await request(visit.tools.outbound, url, {
    headers: { accept: 'application/json', authorization: `Bearer ${visit.tokens.access_token}` },
  })
  const list =
    status === 200 ? parseObject(Buffer.concat([Buffer.from('{"list":'), body, Buffer.from('}')]))?.['list'] : undefined
  if (!Array.isArray(list)) throw errors.upstream(`${new URL(url).host} does not say who you are (${status}).`)
  return list as Record<string, Json>[]
}

/** Where a claim has another type than it may have, the person can but try again. */
function asForm(error: unknown): never {
  if (error instanceof ClaimsError) throw errors.badRequest(error.message, { cause: error })
  throw error
}

/** Claims that an API says of somebody; other than those of an ID token, a wrong type is the provider's fault. */
export function claimsFrom(raw: Record<string, Json>, { keepRaw = false, status = 502 as 500 | 502 } = {}): Claims {
  try {
    return readClaims(raw, { keepRaw })
  } catch (cause) {
    if (!(cause instanceof ClaimsError)) throw cause
    if (status === 502) throw errors.upstream(cause.message, { cause })
    throw new ApiError({ status: 500, reason: cause.message, message: errors.internal().body.message }, { cause })
  }
}

async function readNative(
  { issuer, jwks, mayLackNonce, exchange }: NativeTokens,
  config: ProviderConfig,
  tools: Tools,
  token: string,
): Promise<{ claims: Claims; mayLackNonce: boolean }> {
  try {
    const idToken = exchange ? await exchange(token, { config, tools }) : token
    const audiences = exchange
      ? [config.client_id]
      : [config.client_id, ...(config.additional_id_token_audiences ?? [])]
    const claims = readClaims(await verifyIdToken(tools, idToken, { issuer, jwks, audiences }), { keepRaw: true })
    return { claims, mayLackNonce: mayLackNonce(claims) }
  } catch (cause) {
    if (cause instanceof IdTokenError || cause instanceof ClaimsError) throw errors.forbidden(cause.message, { cause })
    throw cause
  }
}

export const textIn = (object: Readonly<Record<string, Json>>, name: string): string => {
  const value = object[name]
  return typeof value === 'string' ? value : ''
}

/** An id that an API gives as a number or a text. */
export const idIn = (object: Readonly<Record<string, Json>>, name: string): string => {
  const value = object[name]
  return typeof value === 'number' || typeof value === 'string' ? String(value) : ''
}

/** Parameters in the order of the alphabet, as a form. */
export const formOf = (parameters: Record<string, string>): string => encodeQuery(Object.entries(parameters))
