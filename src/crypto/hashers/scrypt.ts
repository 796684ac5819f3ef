import { createCipheriv, scrypt } from 'node:crypto'
import { base64, type Encoding, equalBytes, malformed, maxKeyBytes, outOfBounds } from './encoding.ts'

const limits = { r: [1, 8], p: [1, 10] } as const

type Cost = { N: number; r: number; p: number }

const derive = (password: Buffer, salt: Buffer, { N, r, p }: Cost, keyBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    // What the algorithm itself needs, and room for the library's own counting.
    const maxmem = 128 * r * (N + p + 2) + 1024 * 1024
    scrypt(password, salt, keyBytes, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(key)))
  })

const isPowerOfTwo = (n: number): boolean => n > 1 && (n & (n - 1)) === 0

const plain = /^\$scrypt\$ln=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]*)$/

function parse(encoded: string) {
  const match = plain.exec(encoded)
  const [salt, key] = [base64(match?.[4] ?? ''), base64(match?.[5] ?? '')]
  if (!match || !salt || !key || key.length === 0 || key.length > maxKeyBytes) return undefined
  // compat: `ln` is the number of blocks itself, not its logarithm – hash/hash_comparator.go
  return { cost: { ln: Number(match[1]), r: Number(match[2]), p: Number(match[3]) }, salt, key }
}

const bounds = { ln: [1, 131_072], ...limits } as const

export const scryptEncoding: Encoding = {
  prefix: /^\$scrypt\$/,
  check(encoded) {
    const parsed = parse(encoded)
    // compat: a number of blocks that is no power of two passes here, and fits no password – hash/hash_comparator.go
    return parsed ? outOfBounds(parsed.cost, bounds) : malformed
  },
  async compare(password, encoded) {
    const parsed = parse(encoded)
    if (!parsed || outOfBounds(parsed.cost, bounds) || !isPowerOfTwo(parsed.cost.ln)) return false
    const { ln, r, p } = parsed.cost
    return equalBytes(await derive(password, parsed.salt, { N: ln, r, p }, parsed.key.length), parsed.key)
  },
}

const fire =
  /^\$firescrypt\$ln=(\d{1,10}),r=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]*)\$([A-Za-z0-9+/=]*)$/

function parseFire(encoded: string) {
  const match = fire.exec(encoded)
  const [salt, key, separator, signer] = [4, 5, 6, 7].map((part) => base64(match?.[part] ?? ''))
  if (!match || !salt || !key || !separator || !signer || key.length === 0 || key.length > maxKeyBytes) return undefined
  return { cost: { ln: Number(match[1]), r: Number(match[2]), p: Number(match[3]) }, salt, key, separator, signer }
}

const fireBounds = { ln: [1, 17], ...limits } as const

/** The scrypt of Firebase: the derived key encrypts the project's signer key, and the outcome is what is stored. */
export const firescryptEncoding: Encoding = {
  prefix: /^\$firescrypt\$/,
  check(encoded) {
    const parsed = parseFire(encoded)
    return parsed ? outOfBounds(parsed.cost, fireBounds) : malformed
  },
  async compare(password, encoded) {
    const parsed = parseFire(encoded)
    if (!parsed || outOfBounds(parsed.cost, fireBounds)) return false
    const { ln, r, p } = parsed.cost
    const key = await derive(password, Buffer.concat([parsed.salt, parsed.separator]), { N: 2 ** ln, r, p }, 32)
    const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
    return equalBytes(Buffer.concat([cipher.update(parsed.signer), cipher.final()]), parsed.key)
  },
}
