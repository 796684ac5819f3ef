import type { Secret } from '../secret.ts'
import { argon2Encoding } from './argon2.ts'
import { bcryptEncoding } from './bcrypt.ts'
import { hmacEncoding, md5Encoding, shaEncoding, sshaEncoding } from './digests.ts'
import type { Encoding } from './encoding.ts'
import { pbkdf2Encoding } from './pbkdf2.ts'
import { firescryptEncoding, scryptEncoding } from './scrypt.ts'
import { md5CryptEncoding, sha256CryptEncoding, sha512CryptEncoding } from './unix-crypt.ts'

/** Every way to write a password hash that is read here. The first row whose prefix fits has the say. */
export const encodings: readonly Encoding[] = [
  md5CryptEncoding,
  bcryptEncoding,
  sha256CryptEncoding,
  sha512CryptEncoding,
  argon2Encoding,
  pbkdf2Encoding,
  scryptEncoding,
  sshaEncoding,
  shaEncoding,
  firescryptEncoding,
  md5Encoding,
  hmacEncoding,
]

/** No known hash comes near this. */
const maxEncodedLength = 4096

const encodingOf = (encoded: string): Encoding | undefined =>
  encoded.length > maxEncodedLength ? undefined : encodings.find(({ prefix }) => prefix.test(encoded))

/**
 * Whether a hash that an administrator brings along can be stored: its format is known, and comparing with it does not
 * cost more than this server is ready to spend.
 * @returns the sentence about why not, undefined when it can.
 */
export function refusalOfHash(encoded: string): string | undefined {
  const encoding = encodingOf(encoded)
  return encoding ? encoding.check(encoded) : 'The password hash is of no format that this server knows.'
}

/**
 * Whether `encoded` was made from this password. False, too, for what is no hash or costs too much to compute.
 * The heavy ones run on other threads. Use `createHashing`, which bounds how many do so at once.
 * @param trusted for hashes with the parameters that are configured, whatever the bounds for imports say.
 */
export const compareEncoded = async (password: Secret, encoded: string, trusted = false): Promise<boolean> =>
  (await encodingOf(encoded)?.compare(Buffer.from(password.reveal()), encoded, trusted)) ?? false
