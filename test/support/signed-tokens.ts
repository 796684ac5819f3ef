import { createHmac, createSign, generateKeyPairSync, type JsonWebKey } from 'node:crypto'

/** Somebody who signs tokens, and publishes the key. */
export type Signer = {
  jwks: { keys: JsonWebKey[] }
  /** A token with these claims, signed as it should be. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>): string
  /** One that says it needs no signature. */
  unsigned(claims: Record<string, unknown>): string
  /** One that is signed with the public key, as if it were a secret that is shared. */
  confused(claims: Record<string, unknown>): string
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export function createSigner(keyId = 'k1'): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  return {
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'RS256' } as JsonWebKey] },
    sign(claims, header = {}) {
      const input = `${part({ alg: 'RS256', kid: keyId, typ: 'JWT', ...header })}.${part(claims)}`
      return `${input}.${createSign('sha256').update(input).sign(privateKey).toString('base64url')}`
    },
    unsigned: (claims) => `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`,
    confused(claims) {
      const input = `${part({ alg: 'HS256', kid: keyId, typ: 'JWT' })}.${part(claims)}`
      return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
    },
  }
}
