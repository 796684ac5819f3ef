import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { base64Raw, type Encoding, equalBytes, malformed, maxKeyBytes, outOfBounds } from './encoding.ts'

const layout = /^\$pbkdf2-(sha\d{1,3})\$i=(\d{1,10}),l=\d{1,10}\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]*)$/

const bounds = { i: [1, 10_000_000] } as const

// compat: sha224 and sha384 are SHA-3 here, and a number that nobody knows is sha256 – hash/hash_comparator.go
const digests: Record<string, string> = {
  sha1: 'sha1',
  sha224: 'sha3-224',
  sha256: 'sha256',
  sha384: 'sha3-384',
  sha512: 'sha512',
}

// `l` is not looked at: the length of the key counts.
function parse(encoded: string) {
  const match = layout.exec(encoded)
  const [salt, key] = [base64Raw(match?.[3] ?? ''), base64Raw(match?.[4] ?? '')]
  if (!match || !salt || !key || key.length === 0) return undefined
  return { digest: digests[match[1]!] ?? 'sha256', i: Number(match[2]), salt, key }
}

const keyTooLong = `The key of the password hash is longer than ${maxKeyBytes} bytes.`

export const pbkdf2Encoding: Encoding = {
  prefix: /^\$pbkdf2-sha[0-9]{1,3}\$/,
  check(encoded) {
    const parsed = parse(encoded)
    if (!parsed) return malformed
    return outOfBounds({ i: parsed.i }, bounds) ?? (parsed.key.length > maxKeyBytes ? keyTooLong : undefined)
  },
  async compare(password, encoded) {
    const parsed = parse(encoded)
    if (!parsed || parsed.key.length > maxKeyBytes || outOfBounds({ i: parsed.i }, bounds)) return false
    return equalBytes(
      await promisify(pbkdf2)(password, parsed.salt, parsed.i, parsed.key.length, parsed.digest),
      parsed.key,
    )
  },
}
