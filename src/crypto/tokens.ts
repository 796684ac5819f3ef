import { createHash, createHmac, hash, timingSafeEqual } from 'node:crypto'
import { randomBytes } from './random.ts'
import { Secret } from './secret.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `length` characters of `[A-Za-z0-9]`, each drawn evenly: 5.95 bits a character. */
export function randomAlphanumeric(length: number): string {
  let out = ''
  while (out.length < length) {
    // 248 is the largest multiple of 62 in a byte; what lies above would favour the first letters.
    for (const byte of randomBytes(length * 2)) if (byte < 248 && out.length < length) out += alphabet[byte % 62]
  }
  return out
}

/** `ory_st_` and 32 characters: 190 bits, so a plain hash of it cannot be searched. */
export const newSessionToken = (): Secret => new Secret(`ory_st_${randomAlphanumeric(32)}`)

/** Half of a pair of exchange codes. */
export const newExchangeCode = (): Secret => new Secret(randomAlphanumeric(64))

/** What the database holds instead of a random token: base64url of its SHA-256. */
export const tokenHash = (token: Secret): string => hash('sha256', token.reveal(), 'base64url')

/**
 * The logout token of a session: always the same for one session token, of no use without it, and stored nowhere.
 * HMAC-SHA-256 keyed by the session token, its bytes drawn onto the alphabet of the wire format.
 */
export function logoutTokenOf(sessionToken: Secret): Secret {
  const digest = createHmac('sha256', sessionToken.reveal()).update('logout token').digest()
  return new Secret(`ory_lo_${[...digest].map((byte) => alphabet[byte % 62]).join('')}`)
}

/** Whether two texts are equal, in a time that does not tell where they differ. */
export function equalInConstantTime(a: string, b: string): boolean {
  const [left, right] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()]
  return timingSafeEqual(left, right)
}
