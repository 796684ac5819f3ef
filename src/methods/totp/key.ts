import { HOTP, Secret as OtpSecret } from 'otpauth'
import { randomBytes } from '../../crypto/random.ts'
import { equalInConstantTime } from '../../crypto/tokens.ts'
import type { Secret } from '../../crypto/secret.ts'
import { microsPerSecond, type Micros } from '../../lib/clock.ts'

const digits = 6
const periodSeconds = 30
/** Steps by which the two clocks may differ, in either direction. */
const drift = 1
const secretBytes = 20

/** A new secret of 160 bits, in Base32. */
export const newTotpSecret = (): string =>
  new OtpSecret({ buffer: new Uint8Array(randomBytes(secretBytes)).buffer }).base32

/**
 * The address that sets an authenticator app up.
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function totpUrl({ issuer, account, secret }: { issuer: string; account: string; secret: string }): string {
  const [by, of] = [encoded(issuer), encoded(account)].map((text) => text.replaceAll('%40', '@'))
  const label = issuer === '' ? of : `${by}:${of}`
  const parameters = [
    'algorithm=SHA1',
    `digits=${digits}`,
    ...(issuer === '' ? [] : [`issuer=${encoded(issuer)}`]),
    `period=${periodSeconds}`,
    `secret=${secret}`,
  ]
  return `otpauth://totp/${label}?${parameters.join('&')}`
}

/** With the issuer, which comes twice, and the account, a QR code of 256 pixels still has two for each module. */
const maxEncodedBytes = 300

/** A text for an address, cut where the address would get too long for a QR code. */
function encoded(text: string): string {
  const whole = encodeURIComponent(text.toWellFormed())
  if (whole.length <= maxEncodedBytes) return whole
  let out = ''
  for (const letter of text.toWellFormed()) {
    const next = encodeURIComponent(letter)
    if (out.length + next.length > maxEncodedBytes) break
    out += next
  }
  return out
}

/** The secret of such an address, in Base32; undefined when there is none. Whatever else it says does not count. */
export function totpSecretOf(url: string): string | undefined {
  const query = url.split('?').slice(1).join('?')
  return new URLSearchParams(query).get('secret')?.replaceAll(/[\s=]/g, '').toUpperCase() || undefined
}

/**
 * The time step that a code belongs to: now, the one before or the one after.
 * @param after steps up to this one are used up
 * @returns undefined for a code that is wrong or used up
 * @see https://www.rfc-editor.org/rfc/rfc6238 – section 5.2: a code is accepted once
 */
export function totpStepOf(
  { secret, code }: { secret: string; code: Secret },
  now: Micros,
  after = -1,
): number | undefined {
  const key = keyOf(secret)
  const given = code.reveal().trim()
  if (!key || given.length !== digits) return undefined
  const current = Math.floor(now / microsPerSecond / periodSeconds)
  const steps = Array.from({ length: 2 * drift + 1 }, (_, index) => current - drift + index)
  // All are compared, so that the time of the answer does not tell how near a code was.
  const fitting = steps.filter((step) => equalInConstantTime(codeAt(key, step), given))
  return fitting.find((step) => step > after)
}

function keyOf(secret: string): OtpSecret | undefined {
  try {
    return OtpSecret.fromBase32(secret)
  } catch {
    return undefined
  }
}

const codeAt = (secret: OtpSecret, step: number): string =>
  HOTP.generate({ secret, algorithm: 'SHA1', digits, counter: step })
