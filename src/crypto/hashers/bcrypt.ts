import bcrypt from 'bcrypt'
import { type Encoding, equalBytes, malformed, outOfBounds } from './encoding.ts'

/** bcrypt reads no more than this of a password; whoever hashes has to refuse the rest. */
export const bcryptMaxPasswordBytes = 72

const layout = /^\$2[abyz]?\$(\d\d)\$([./A-Za-z0-9]{21})([./A-Za-z0-9])([./A-Za-z0-9]{31})$/

/** 2^15 rounds are about two seconds of a core. */
const bounds = { cost: [4, 15] } as const

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

// The last letter of a salt carries two bits; some programs leave rubbish in the other four.
const lastOfSalt = (letter: string): string => alphabet[alphabet.indexOf(letter) & 0b110000]!

export const bcryptCost = (encoded: string): number | undefined => {
  const match = layout.exec(encoded)
  return match ? Number(match[1]) : undefined
}

/** `$2$`, `$2a$`, `$2b$`, `$2y$` and `$2z$` all mean the algorithm as it is meant to be. */
export const bcryptEncoding: Encoding = {
  prefix: /^\$2[abyz]?\$/,
  check(encoded) {
    const cost = bcryptCost(encoded)
    return cost === undefined ? malformed : outOfBounds({ cost }, bounds)
  },
  async compare(password, encoded, trusted) {
    const match = layout.exec(encoded)
    if (!match || password.length > bcryptMaxPasswordBytes) return false
    const [, cost, salt, last, digest] = match
    if (!trusted && outOfBounds({ cost: Number(cost) }, bounds)) return false
    // The library knows `$2a$` and `$2b$` only; for passwords of this length they are the same.
    const computed = await bcrypt.hash(password, `$2b$${cost}$${salt}${lastOfSalt(last!)}`)
    return equalBytes(Buffer.from(computed.slice(-31)), Buffer.from(digest!))
  },
}

/** `$2a$…`, which every bcrypt reads. */
export const bcryptHash = async (password: Buffer, cost: number): Promise<string> =>
  bcrypt.hash(password, await bcrypt.genSalt(cost, 'a'))
