import { createHash, createHmac } from 'node:crypto'
import { base64, type Encoding, equalBytes } from './encoding.ts'
import { hmacMd4 } from './md4.ts'

// compat: all formats of this file are imported on their prefix alone; what does not go on well fits no password – hash/validate.go
const unchecked = () => undefined

const digest = (algorithm: string, text: Buffer): Buffer => createHash(algorithm).update(text).digest()

const sshaLayout = /^\{SSHA(|256|512)\}([A-Za-z0-9+/=]+)$/
const sshaDigests: Record<string, { algorithm: string; bytes: number }> = {
  '': { algorithm: 'sha1', bytes: 20 },
  256: { algorithm: 'sha256', bytes: 32 },
  512: { algorithm: 'sha512', bytes: 64 },
}

/** The salted digests of LDAP: the salt follows the digest. */
export const sshaEncoding: Encoding = {
  prefix: /^\{SSHA(?:256|512)?\}/,
  check: unchecked,
  async compare(password, encoded) {
    const match = sshaLayout.exec(encoded)
    const bytes = base64(match?.[2] ?? '')
    const kind = sshaDigests[match?.[1] ?? '']!
    if (!match || !bytes || bytes.length <= kind.bytes) return false
    return equalBytes(
      digest(kind.algorithm, Buffer.concat([password, bytes.subarray(kind.bytes)])),
      bytes.subarray(0, kind.bytes),
    )
  },
}

const templated = /^\$(md5|sha1|sha256|sha512)\$pf=([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]+)$/

/** Puts salt and password into the template, each as it is: what they hold is never taken for a placeholder. */
function fill(template: Buffer, salt: Buffer, password: Buffer): Buffer {
  // In latin1 every byte is one character.
  const values: Record<string, string> = {
    '{SALT}': salt.toString('latin1'),
    '{PASSWORD}': password.toString('latin1'),
  }
  return Buffer.from(
    template.toString('latin1').replace(/\{SALT\}|\{PASSWORD\}/g, (placeholder) => values[placeholder]!),
    'latin1',
  )
}

function compareTemplated(password: Buffer, encoded: string): boolean {
  const match = templated.exec(encoded)
  const [template, salt, expected] = [2, 3, 4].map((part) => base64(match?.[part] ?? ''))
  // A template that leaves the password out would let anybody in.
  if (!match || !template?.includes('{PASSWORD}') || !salt || !expected) return false
  return equalBytes(digest(match[1]!, fill(template, salt, password)), expected)
}

export const shaEncoding: Encoding = {
  prefix: /^\$sha(?:1|256|512)\$/,
  check: unchecked,
  compare: async (password, encoded) => compareTemplated(password, encoded),
}

export const md5Encoding: Encoding = {
  prefix: /^\$md5\$/,
  check: unchecked,
  async compare(password, encoded) {
    const bare = base64(/^\$md5\$([A-Za-z0-9+/=]+)$/.exec(encoded)?.[1] ?? '')
    return bare?.length ? equalBytes(digest('md5', password), bare) : compareTemplated(password, encoded)
  },
}

const hmacLayout = /^\$hmac-(md4|md5|sha1|sha224|sha256|sha384|sha512)\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]*)$/

/** Here the digest is base64 of its lower-case hexadecimal spelling, and the password is what is authenticated. */
export const hmacEncoding: Encoding = {
  prefix: /^\$hmac-(?:md4|md5|sha1|sha224|sha256|sha384|sha512)\$/,
  check: unchecked,
  async compare(password, encoded) {
    const match = hmacLayout.exec(encoded)
    const [expected, key] = [base64(match?.[2] ?? ''), base64(match?.[3] ?? '')]
    if (!match || !expected || !key) return false
    const computed = match[1] === 'md4' ? hmacMd4(key, password) : createHmac(match[1]!, key).update(password).digest()
    return equalBytes(Buffer.from(computed.toString('hex')), expected)
  },
}
