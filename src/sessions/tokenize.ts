import type { CryptoKey, JWK } from 'jose'
import { errors } from '../errors.ts'
import { microsPerSecond, type Clock } from '../lib/clock.ts'
import { durationMicros } from '../lib/duration.ts'
import { isObject } from '../lib/json.ts'
import { JsonnetError, type Jsonnet } from '../lib/jsonnet/jsonnet.ts'
import type { LoadSource } from '../lib/source.ts'
import { createTtlCache } from '../lib/ttl-cache.ts'
import { newUuid } from '../lib/uuid.ts'

/** A row of `session.whoami.tokenizer.templates`. */
export type TokenizerTemplate = {
  /** How long a token is valid: `1m` unless given. */
  ttl?: string | undefined
  /** A set of private keys, of which the first signs. */
  jwks_url: string
  claims_mapper_url?: string | undefined
  subject_source?: 'id' | 'external_id' | undefined
}

export type Tokenizer = {
  /**
   * The session as a signed JSON Web Token.
   * @param session as it is sent, with devices and identity, without admin metadata.
   * @throws errors.badRequest for an unknown template, a missing external id, a mapper that fails or an unusable key;
   * errors.unavailable when too much is waiting for the mapper.
   */
  tokenize(
    template: string,
    session: TokenizedSession,
    identity: { id: string; external_id?: string | null },
  ): Promise<string>
}

export type TokenizedSession = { id: string } & Record<string, unknown>

type Deps = {
  templates: Record<string, TokenizerTemplate>
  /** The public base URL, verbatim. */
  issuer: string
  jsonnet: Jsonnet
  loadSource: LoadSource
  clock: Clock
}

type SigningKey = { header: { alg: string; typ: 'JWT'; kid?: string }; key: CryptoKey | Uint8Array }

const algorithms = new Set([
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'HS256',
  'HS384',
  'HS512',
])

export function createTokenizer({ templates, issuer, jsonnet, loadSource, clock }: Deps): Tokenizer {
  const kept = { clock, ttlMicros: durationMicros('1h') }
  const keys = createTtlCache<SigningKey>(kept)
  const mappers = createTtlCache<string>(kept)

  async function mappedClaims(
    name: string,
    url: string,
    session: TokenizedSession,
    claims: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    let mapped: unknown
    try {
      const snippet = await mappers.get(url, () => loadSource(url))
      mapped = await jsonnet.evaluate(snippet, { extVars: { session, claims } })
    } catch (cause) {
      if (cause instanceof JsonnetError && (cause.kind === 'busy' || cause.kind === 'closed')) {
        throw errors.unavailable('Too many tokens are being made right now. Try again in a moment.', { cause })
      }
      throw errors.badRequest(`The claims mapper of the tokenizer template "${name}" fails.`, { cause })
    }
    if (!isObject(mapped) || !isObject(mapped.claims)) {
      throw errors.badRequest(
        `The claims mapper of the tokenizer template "${name}" makes no object with an object "claims".`,
      )
    }
    return mapped.claims
  }

  return {
    async tokenize(name, session, identity) {
      const template = Object.hasOwn(templates, name) ? templates[name] : undefined
      if (!template) throw errors.badRequest(`There is no tokenizer template "${name}".`)

      const sub = template.subject_source === 'external_id' ? identity.external_id : identity.id
      if (!sub)
        throw errors.badRequest('This identity has no external id, which the tokenizer template needs as subject.')

      const { header, key } = await keys
        .get(template.jwks_url, () => loadKey(loadSource, template.jwks_url))
        .catch((cause: unknown) => {
          throw errors.badRequest(`The key set of the tokenizer template "${name}" cannot be used to sign.`, { cause })
        })

      const now = clock.now()
      const seconds = Math.floor(now / microsPerSecond)
      const defaults = {
        jti: newUuid(),
        iss: issuer,
        sub,
        sid: session.id,
        iat: seconds,
        nbf: seconds,
        exp: Math.floor((now + durationMicros(template.ttl ?? '1m')) / microsPerSecond),
      }
      const mapper = template.claims_mapper_url
      const claims = mapper ? { ...defaults, ...(await mappedClaims(name, mapper, session, defaults)), sub } : defaults

      const { CompactSign } = await import('jose')
      return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(key)
    },
  }
}

/** The first key of a set, ready to sign with the algorithm that it names. Throws when it cannot. */
async function loadKey(loadSource: LoadSource, url: string): Promise<SigningKey> {
  const set: unknown = JSON.parse(await loadSource(url))
  const jwk: unknown = isObject(set) && Array.isArray(set.keys) ? set.keys[0] : undefined
  if (!isObject(jwk)) throw new Error('The set holds no key.')
  const { alg, kid } = jwk
  if (typeof alg !== 'string' || !algorithms.has(alg))
    throw new Error('The first key names no algorithm for signatures.')
  if (jwk.kty !== 'oct' && typeof jwk.d !== 'string') throw new Error('The first key is a public one.')

  const { CompactSign, importJWK } = await import('jose')
  const key = await importJWK(jwk as JWK, alg)
  const header = { alg, typ: 'JWT' as const, ...(typeof kid === 'string' ? { kid } : {}) }
  // Whether a key fits its algorithm shows when it signs; here it is told before the key is kept.
  await new CompactSign(new Uint8Array()).setProtectedHeader(header).sign(key)
  return { header, key }
}
