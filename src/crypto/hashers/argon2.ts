import { randomBytes } from 'node:crypto'
import { hashRaw } from '@node-rs/argon2'
import {
  base64Raw,
  type Encoding,
  encodeBase64Raw,
  equalBytes,
  malformed,
  maxKeyBytes,
  outOfBounds,
} from './encoding.ts'

/** Memory in KiB, passes, lanes. */
export type Argon2Cost = { m: number; t: number; p: number }

type Parsed = Argon2Cost & { variant: 'argon2i' | 'argon2id'; salt: Buffer; key: Buffer }

const layout = /^\$(argon2id?)\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]*)$/

/** Up to 1 GiB of memory. */
const bounds = { m: [1, 1_048_576], t: [1, 10], p: [1, 16] } as const

// The numbers of the library's `Algorithm`, a constant enum that does not exist at run time.
const variants = { argon2i: 1, argon2id: 2 } as const

export function parseArgon2(encoded: string): Parsed | undefined {
  const match = layout.exec(encoded)
  const [salt, key] = [base64Raw(match?.[5] ?? ''), base64Raw(match?.[6] ?? '')]
  if (!match || !salt || !key) return undefined
  return {
    variant: match[1] as Parsed['variant'],
    m: Number(match[2]),
    t: Number(match[3]),
    p: Number(match[4]),
    salt,
    key,
  }
}

/** RFC 9106, section 3.1: what no argon2 computes. */
function uncomputable({ m, p, salt, key }: Parsed): string | undefined {
  if (m < 8 * p) return `The password hash has m=${m} and p=${p}, but argon2 needs at least 8 KiB for each lane.`
  if (salt.length < 8) return 'The salt of the password hash is shorter than the 8 bytes that argon2 needs.'
  if (key.length < 4 || key.length > maxKeyBytes)
    return `The key of the password hash must have 4 to ${maxKeyBytes} bytes.`
  return undefined
}

export const argon2Encoding: Encoding = {
  prefix: /^\$argon2id?\$/,
  check(encoded) {
    const parsed = parseArgon2(encoded)
    if (!parsed) return malformed
    const { m, t, p } = parsed
    return outOfBounds({ m, t, p }, bounds) ?? uncomputable(parsed)
  },
  async compare(password, encoded, trusted) {
    const parsed = parseArgon2(encoded)
    if (!parsed || uncomputable(parsed)) return false
    const { variant, m, t, p, salt, key } = parsed
    if (!trusted && outOfBounds({ m, t, p }, bounds)) return false
    const computed = await derive(password, { variant, m, t, p, salt, keyBytes: key.length })
    return equalBytes(computed, key)
  },
}

type Derivation = Argon2Cost & { variant: Parsed['variant']; salt: Buffer; keyBytes: number }

const derive = (password: Buffer, { variant, m, t, p, salt, keyBytes }: Derivation): Promise<Buffer> =>
  hashRaw(password, {
    algorithm: variants[variant],
    memoryCost: m,
    timeCost: t,
    parallelism: p,
    salt,
    outputLen: keyBytes,
  })

export const argon2Prefix = ({ m, t, p }: Argon2Cost): string => `$argon2id$v=19$m=${m},t=${t},p=${p}$`

/** `$argon2id$…` with a salt and a key of as many bytes. */
export async function argon2Hash(
  password: Buffer,
  { m, t, p }: Argon2Cost,
  { saltBytes, keyBytes }: { saltBytes: number; keyBytes: number },
): Promise<string> {
  const salt = randomBytes(saltBytes)
  const key = await derive(password, { variant: 'argon2id', m, t, p, salt, keyBytes })
  return `${argon2Prefix({ m, t, p })}${encodeBase64Raw(salt)}$${encodeBase64Raw(key)}`
}
