import { parseRfc3339, type Micros } from './clock.ts'
import { isObject, parseLossless, plain, RawJson, type Json } from './json.ts'
import { firstJsonText } from './ordered-json.ts'
import { setOwn } from './ordered-json.ts'
import { parseUuid } from './uuid.ts'

/** A JSON text that is none, or holds something of the wrong type. The message names the place, never a value. */
export class DecodeError extends Error {}

export type DecodeRules = {
  /** Whether members that nobody asked for are refused, anywhere. */
  strict: boolean
  /** Whether letters of member names count. Clients of the Go server may write them as they like. */
  exactNames?: boolean
}

/** Reads one value. `undefined` stands for what is not there, which `null` means everywhere but in `raw`. */
export type Decoder<T> = (value: unknown, at: string, rules: DecodeRules) => T | undefined

export type Decoded<D> = D extends Decoder<infer T> ? T : never

const maxDepth = 512

/**
 * Decodes a JSON text as Go's decoder does: names in any letters, `null` as if it were not there. Numbers keep their
 * spelling in what `raw` reads.
 * @param whole false: only the first JSON value counts, whatever stands behind it
 * @throws DecodeError
 */
export function decodeJson<T>(
  text: string,
  decoder: Decoder<T>,
  { whole = false, ...rules }: DecodeRules & { whole?: boolean },
): T | undefined {
  return decoder(parse(text, whole), '', rules)
}

function parse(text: string, whole: boolean): unknown {
  if (text.trim() === '') throw new DecodeError('The body is empty, but JSON is needed.')
  const first = firstJsonText(text, { maxDepth })
  if (first === undefined) throw new DecodeError('The body is no complete JSON text, or it nests too deeply.')
  try {
    return parseLossless(whole ? text : first)
  } catch {
    throw new DecodeError('The body is no JSON text.')
  }
}

/** Reads a value that was parsed already. */
export const decodeValue = <T>(value: unknown, decoder: Decoder<T>, rules: DecodeRules): T | undefined =>
  decoder(value, '', rules)

export function typeOfJson(value: unknown): 'null' | 'list' | 'object' | 'number' | 'text' | 'boolean' {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  if (typeof value === 'string') return 'text'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'number' || isRawNumber(value) ? 'number' : 'object'
}

/** A number that was kept in its spelling. */
export const isRawNumber = (value: unknown): boolean =>
  (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value)

const wrong = (at: string, wanted: string, value: unknown): DecodeError =>
  new DecodeError(
    `${at === '' ? 'The body' : JSON.stringify(at)} has to be ${wanted}, not ${typeOfJson(value) === 'object' ? 'an object' : `a ${typeOfJson(value)}`}.`,
  )

/** A text. NUL is refused: no database keeps it. */
export const text: Decoder<string> = (value, at) => {
  if (value === null) return undefined
  if (typeof value !== 'string') throw wrong(at, 'a text', value)
  if (value.includes('\0')) throw new DecodeError(`${JSON.stringify(at)} holds a NUL character.`)
  return value
}

export const flag: Decoder<boolean> = (value, at) => {
  if (value === null) return undefined
  if (typeof value !== 'boolean') throw wrong(at, 'true or false', value)
  return value
}

export const integer: Decoder<number> = (value, at) => {
  if (value === null) return undefined
  const number = typeOfJson(value) === 'number' ? Number(plain(value)) : Number.NaN
  if (!Number.isSafeInteger(number)) throw wrong(at, 'an integer', value)
  return number
}

/** In any of the spellings that clients may use. */
export const uuid: Decoder<string> = (value, at, rules) => {
  const written = text(value, at, rules)
  if (written === undefined) return undefined
  const parsed = parseUuid(written)
  if (parsed === undefined) throw new DecodeError(`${JSON.stringify(at)} has to be a UUID.`)
  return parsed
}

/** A moment in the spelling of RFC 3339. */
export const moment: Decoder<Micros> = (value, at, rules) => {
  const written = text(value, at, rules)
  if (written === undefined) return undefined
  const parsed = parseRfc3339(written)
  if (parsed === undefined)
    throw new DecodeError(`${JSON.stringify(at)} has to be a moment such as 2026-07-01T10:00:00Z.`)
  return parsed
}

/** Bytes in Base64 with padding; stays the text. */
export const base64: Decoder<string> = (value, at, rules) => {
  const written = text(value, at, rules)
  if (written === undefined) return undefined
  if (written.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(written))
    throw new DecodeError(`${JSON.stringify(at)} has to be Base64 with padding.`)
  return written
}

/** Any JSON, passed through. */
export const raw: Decoder<RawJson> = (value) => RawJson.of(value)

/** Any JSON as an ordinary value. */
export const anything: Decoder<Json> = (value) => plain(value)

/** @param zero what an element that is `null` stands for */
export const listOf =
  <T>(item: Decoder<T>, zero: T): Decoder<T[]> =>
  (value, at, rules) => {
    if (value === null) return undefined
    if (!Array.isArray(value)) throw wrong(at, 'a list', value)
    return value.map((element: unknown, index) => item(element, `${at}.${index}`, rules) ?? zero)
  }

export const objectOf = <S extends Record<string, Decoder<unknown>>>(
  members: S,
): Decoder<{ [K in keyof S]?: Exclude<Decoded<S[K]>, undefined> }> => {
  type Out = { [K in keyof S]?: Exclude<Decoded<S[K]>, undefined> }
  const folded = new Map(Object.keys(members).map((name) => [fold(name), name]))
  return (value, at, rules) => {
    if (value === null) return undefined
    if (typeOfJson(value) !== 'object' || !isObject(value)) throw wrong(at, 'an object', value)
    const out: Record<string, unknown> = {}
    for (const [key, member] of Object.entries(value)) {
      const name = rules.exactNames ? (Object.hasOwn(members, key) ? key : undefined) : folded.get(fold(key))
      if (name === undefined) {
        if (rules.strict)
          throw new DecodeError(
            `${at === '' ? 'The body' : JSON.stringify(at)} has a member that is unknown here: ${JSON.stringify(key.slice(0, 100))}.`,
          )
        continue
      }
      const decoded = members[name]!(member, at === '' ? name : `${at}.${name}`, rules)
      if (decoded !== undefined) setOwn(out, name, decoded)
    }
    return out as Out
  }
}

// Letters that are one and the same to Go's decoder: long s and the Kelvin sign beside upper and lower case.
const fold = (name: string): string => name.toUpperCase().toLowerCase()
