import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { errors } from '../../../errors.ts'
import { microsPerSecond, type Clock } from '../../../lib/clock.ts'
import { isObject } from '../../../lib/json.ts'
import { readClaims, type Claims } from '../claims.ts'
import { oauth2 } from '../oauth2.ts'
import type { ProviderConfig } from '../provider.ts'

const issuer = 'https://appleid.apple.com'
const jwks = `${issuer}/auth/keys`

/** @see https://developer.apple.com/documentation/signinwithapplerestapi */
export const apple = oauth2({
  endpoints: () => ({ authorization: `${issuer}/auth/authorize`, token: `${issuer}/auth/token`, issuer, jwks }),
  issuer: () => issuer,
  openid: true,
  asksForClaims: true,
  authentication: 'body',
  secret: (config, clock) => Promise.resolve(clientSecret(config, clock)),
  check: (config) => void privateKey(config),
  // Apple asks for it as soon as it is to say anything about a person.
  parameters: ({ config: { scope = [] } }) =>
    scope.includes('email') || scope.includes('name') ? { response_mode: 'form_post' } : ({} as Record<string, string>),
  claims: async (visit) => withName(readClaims(await visit.idToken(), { keepRaw: true }), visit.query.get('user')),
  native: { issuer, jwks, mayLackNonce: (claims) => !claims.nonce_supported },
})

/** Apple says the name once, beside the ID token and unsigned: good enough for a form that its owner may correct. */
function withName(claims: Claims, user: string | null): Claims {
  const { firstName, lastName } = nameIn(user)
  return {
    ...claims,
    ...(firstName ? { given_name: firstName } : {}),
    ...(lastName ? { last_name: lastName, family_name: claims.family_name ?? lastName } : {}),
  }
}

function nameIn(user: string | null): { firstName?: string; lastName?: string } {
  try {
    const { name } = JSON.parse(user ?? '{}') as { name?: unknown }
    const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 256) : '')
    return isObject(name) ? { firstName: text(name['firstName']), lastName: text(name['lastName']) } : {}
  } catch {
    return {}
  }
}

function privateKey({ apple_private_key: pem = '' }: ProviderConfig): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    throw errors.internal(new Error('apple_private_key is no private key in PEM.', { cause }))
  }
}

/** A token that proves for five minutes that we hold the key, which is what Apple has instead of a password. */
function clientSecret(config: ProviderConfig, clock: Clock): string {
  const now = Math.floor(clock.now() / microsPerSecond)
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ alg: 'ES256', kid: config.apple_private_key_id })
  const claims = encode({
    iss: config.apple_team_id,
    iat: now,
    exp: now + 300,
    aud: issuer,
    sub: config.client_id,
  })
  const signature = sign('sha256', Buffer.from(`${header}.${claims}`), {
    key: privateKey(config),
    dsaEncoding: 'ieee-p1363',
  })
  return `${header}.${claims}.${signature.toString('base64url')}`
}
