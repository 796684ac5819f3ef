import { equalInConstantTime } from '../../crypto/tokens.ts'
import { microsPerSecond, type Clock, type Micros } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'
import type { Documents } from './documents.ts'

/** A token that does not hold. The message says why, and nothing of what stands in it. */
export class IdTokenError extends Error {}

export type IdTokenRules = {
  /** The one that has to have made it. */
  issuer: string
  /** Whom it may be for; the first is this client itself. */
  audiences: readonly string[]
  /** Where the issuer publishes its keys. */
  jwks: string
  /** As the issuer announces them. RS256 unless it does. */
  algorithms?: readonly string[]
  /** What was sent along, if anything was. */
  nonce?: string | undefined
}

/** Signatures that nobody but the holder of a private key can make: `none` and those with a shared secret are not among them. */
const asymmetric = new Set('RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' '))

/** How far a provider's clock may be ahead of ours. */
const skew: Micros = 300 * microsPerSecond
const maxLength = 64 * 1024

/**
 * The claims of an ID token that holds. What needs no network is checked first.
 * @throws IdTokenError
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function verifyIdToken(
  { documents, clock }: { documents: Documents; clock: Clock },
  token: string,
  { issuer, audiences, jwks, algorithms = [], nonce }: IdTokenRules,
): Promise<Record<string, Json>> {
  const { header, claims } = decodeIdToken(token)
  const now = clock.now()
  if (claims['iss'] !== issuer) throw new IdTokenError('The ID token was made by somebody else.')
  checkAudience(claims, audiences)
  checkTimes(claims, now)
  // A provider that echoes no nonce is let through: one that was made for another sign-in differs, rather than lacks it.
  const echoed = claims['nonce']
  if (
    nonce !== undefined &&
    echoed !== undefined &&
    !(typeof echoed === 'string' && equalInConstantTime(echoed, nonce))
  )
    throw new IdTokenError('The ID token belongs to another sign-in.')
  const allowed = (algorithms.length === 0 ? ['RS256'] : algorithms).filter((name) => asymmetric.has(name))
  if (typeof header['alg'] !== 'string' || !allowed.includes(header['alg']))
    throw new IdTokenError('The ID token is signed in a way that is not accepted.')
  await checkSignature({ documents, clock }, token, jwks, allowed)
  return claims
}

/** Header and claims of a token, not checked at all. @throws IdTokenError when it has not the form of one */
export function decodeIdToken(token: string): { header: Record<string, Json>; claims: Record<string, Json> } {
  const parts = token.length > maxLength ? [] : token.split('.')
  const [header, claims] = parts.slice(0, 2).map(decodePart)
  if (parts.length !== 3 || !header || !claims) throw new IdTokenError('This is no ID token.')
  return { header, claims }
}

function decodePart(part: string): Record<string, Json> | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown
    return isObject(value) ? (value as Record<string, Json>) : undefined
  } catch {
    return undefined
  }
}

function checkAudience({ aud, azp }: Record<string, Json>, audiences: readonly string[]): void {
  const named = [aud].flat()
  if (!audiences.some((audience) => named.includes(audience)))
    throw new IdTokenError('The ID token is meant for somebody else.')
  // It may be meant for us too and yet have been given to another client, which is then the one that presents it.
  if (azp !== undefined && azp !== null && azp !== '' && !audiences.some((audience) => audience === azp))
    throw new IdTokenError('The ID token was given to another client.')
}

function checkTimes({ exp, nbf, iat }: Record<string, Json>, now: Micros): void {
  if (typeof exp !== 'number' || exp * microsPerSecond <= now) throw new IdTokenError('The ID token has expired.')
  for (const from of [nbf, iat]) {
    if (from === undefined || from === null) continue
    if (typeof from !== 'number' || from * microsPerSecond > now + skew)
      throw new IdTokenError('The ID token is from the future.')
  }
}

async function checkSignature(
  { documents, clock }: { documents: Documents; clock: Clock },
  token: string,
  url: string,
  algorithms: string[],
): Promise<void> {
  const { compactVerify, createLocalJWKSet, errors: joseErrors } = await import('jose')
  const verifyWith = async (newerThan: Micros): Promise<void> => {
    const set = await documents.get(url, { newerThan }).catch((cause: unknown) => {
      throw new IdTokenError("The keys of the ID token's issuer cannot be had.", { cause })
    })
    try {
      await compactVerify(token, createLocalJWKSet(set as never), { algorithms })
    } catch (error) {
      // The token does not name its key, and several could have made it.
      if (!(error instanceof joseErrors.JWKSMultipleMatchingKeys)) throw error
      for await (const key of error)
        if (
          await compactVerify(token, key, { algorithms }).then(
            () => true,
            () => false,
          )
        )
          return
      throw error
    }
  }
  try {
    try {
      await verifyWith(0)
    } catch (error) {
      // The issuer may have begun to sign with a key that it has published since.
      if (!(error instanceof joseErrors.JWKSNoMatchingKey)) throw error
      await verifyWith(clock.now())
    }
  } catch (cause) {
    if (cause instanceof IdTokenError) throw cause
    throw new IdTokenError('The signature of the ID token is wrong.', { cause })
  }
}
