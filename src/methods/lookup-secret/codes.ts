import { randomInt } from 'node:crypto'
import { equalInConstantTime } from '../../crypto/tokens.ts'
import type { Secret } from '../../crypto/secret.ts'
import type { Json } from '../../lib/json.ts'

/** A backup code. `usedAt` is RFC 3339; null until then. */
export type LookupCode = { code: string; usedAt: string | null }

export const codesInASet = 12
const codeLength = 8
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Twelve codes of 41 bits each. */
export const newLookupCodes = (): LookupCode[] =>
  Array.from({ length: codesInASet }, () => ({
    code: Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join(''),
    usedAt: null,
  }))

/** The codes of a credential's config in clear, each at its place. */
export function lookupCodesOf({ recovery_codes: codes }: Record<string, Json>): LookupCode[] {
  if (!Array.isArray(codes)) return []
  return (codes as { code?: Json; used_at?: Json }[]).map(({ code, used_at: usedAt }) => ({
    code: typeof code === 'string' ? code : '',
    usedAt: typeof usedAt === 'string' && usedAt !== '' ? usedAt : null,
  }))
}

/** The place of a code in the list, of one that is not used yet if there are several; -1 when it is in none. */
export function placeOf(given: Secret, codes: readonly LookupCode[]): number {
  // Every code is compared, so that the time of the answer tells nothing about the list.
  const places = codes.flatMap(({ code }, place) =>
    code !== '' && equalInConstantTime(code, given.reveal()) ? [place] : [],
  )
  return places.find((place) => codes[place]!.usedAt === null) ?? places[0] ?? -1
}
