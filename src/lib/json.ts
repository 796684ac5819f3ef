import { randomBytes } from 'node:crypto'

/** Any JSON value as `JSON.parse` makes it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * A JSON text that is passed through as it was received: number literals keep their spelling, members their order.
 * `value` is parsed on first use and must not be changed.
 */
export class RawJson {
  readonly text: string
  #value: Json | undefined
  constructor(text: string) {
    this.text = text
  }
  /** From a value that is known to be JSON. */
  static of(value: unknown): RawJson {
    return new RawJson(JSON.stringify(value))
  }
  get value(): Json {
    return (this.#value ??= JSON.parse(this.text) as Json)
  }
  toJSON(): string {
    pending.push(this.text)
    return mark
  }
}

// JSON.stringify cannot splice ready texts. They are left out under a mark that nobody outside can know, and put in afterwards.
const mark = `raw:${randomBytes(12).toString('hex')}`
const quotedMark = `"${mark}"`
let pending: string[] = []

const awkward = /[<>&\u2028\u2029]/g
const escapes: Record<string, string> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** A response body as clients know it: HTML-sensitive characters escaped, a newline at the end, `RawJson` passed through. */
export function encodeJson(value: unknown): string {
  pending = []
  let text = JSON.stringify(value) ?? 'null'
  if (pending.length > 0) {
    const [first = '', ...rest] = text.split(quotedMark)
    text = rest.reduce((whole, part, i) => whole + pending[i]! + part, first)
    pending = []
  }
  return `${text.replace(awkward, (c) => escapes[c]!)}\n`
}

// A number literal that would come back in another spelling: trailing zeros, exponents, more digits than a double holds.
const fragile = /[:[,\s-]\d+(?:\.\d*0\b|\.?\d*[eE]|\d{15,}|\.\d{15,})|-0\b/

/**
 * Parses JSON without losing the spelling of numbers: those that a double would change stay as `JSON.rawJSON` objects,
 * which `JSON.stringify` writes verbatim. Use `plain()` where values are computed with.
 */
export function parseLossless(text: string): unknown {
  if (!fragile.test(text)) return JSON.parse(text)
  return JSON.parse(text, function (_key, value, context?: { source?: string }) {
    const source = context?.source
    if (typeof value !== 'number' || source === undefined || source === JSON.stringify(value)) return value
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source)
  } as (key: string, value: unknown) => unknown)
}

/** The same value with ordinary numbers. */
export const plain = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
