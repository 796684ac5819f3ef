import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Secret } from '../../crypto/secret.ts'
import { errors } from '../../errors.ts'
import type { Outbound, OutboundResponse } from '../../http/outbound.ts'

/** A rule that a password breaks: the id of its text, and what the text needs. */
export type BrokenRule =
  | { id: 4000031; context: undefined } // too similar to an identifier
  | { id: 4000032; context: { min_length: number; actual_length: number } }
  | { id: 4000033; context: { max_length: number; actual_length: number } }
  | { id: 4000034; context: { breaches: number } }

export type PasswordRules = {
  /** What the person signs in with. */
  identifiers: readonly string[]
  /** Bytes. */
  minLength: number
  /** Bytes; undefined: any length. */
  maxBytes: number | undefined
  similarityCheck: boolean
}

/** The first rule that a new password breaks. Lengths are in bytes of UTF-8; nothing is trimmed or normalised. */
export function brokenRule(
  password: Secret,
  { identifiers, minLength, maxBytes, similarityCheck }: PasswordRules,
): BrokenRule | undefined {
  const length = Buffer.byteLength(password.reveal())
  if (length < minLength) return { id: 4000032, context: { min_length: minLength, actual_length: length } }
  if (similarityCheck && identifiers.some((identifier) => isTooSimilar(password.reveal(), identifier)))
    return { id: 4000031, context: undefined }
  if (maxBytes !== undefined && length > maxBytes)
    return { id: 4000033, context: { max_length: maxBytes, actual_length: length } }
  return undefined
}

const leastDistance = 5
const mostInCommon = 0.5

/** Bytes. Comparing takes a time that grows with the product of both lengths. */
const maxComparedLength = 256

/** Whether one is made from the other by few changes, or more than half of the password stands in the identifier. */
function isTooSimilar(password: string, identifier: string): boolean {
  if (
    identifier === '' ||
    Buffer.byteLength(password) > maxComparedLength ||
    Buffer.byteLength(identifier) > maxComparedLength
  )
    return false
  const [a, b] = [identifier.toLowerCase(), password.toLowerCase()]
  const bytes = Buffer.from(b)
  return (
    distance(Array.from(a), Array.from(b)) < leastDistance ||
    longestInCommon(Buffer.from(a), bytes) / bytes.length > mostInCommon
  )
}

/** How many characters have to be put in, left out or replaced (Levenshtein). */
function distance(a: string[], b: string[]): number {
  let row = Uint16Array.from({ length: b.length + 1 }, (_, i) => i)
  let next = new Uint16Array(b.length + 1)
  for (const [i, character] of a.entries()) {
    next[0] = i + 1
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (character === b[j] ? 0 : 1)
      next[j + 1] = Math.min(replaced, row[j + 1]! + 1, next[j]! + 1)
    }
    ;[row, next] = [next, row]
  }
  return row[b.length]!
}

/** The length of the longest run of bytes that is in both. */
function longestInCommon(a: Buffer, b: Buffer): number {
  const ending = new Uint16Array(b.length + 1)
  let longest = 0
  for (const byte of a) {
    // From the end on, so that the cell before still belongs to the row before.
    for (let j = b.length; j > 0; j--) {
      ending[j] = byte === b[j - 1] ? ending[j - 1]! + 1 : 0
      if (ending[j]! > longest) longest = ending[j]!
    }
  }
  return longest
}

type BreachOptions = {
  outbound: Outbound
  /** `api.pwnedpasswords.com`, asked by https, or a base such as `http://127.0.0.1:8080`. */
  host: string
  /** In how many breaches a password may have been. */
  maxBreaches: number
  /** Whether a password passes when the list cannot be asked. */
  ignoreNetworkErrors: boolean
}

const timeoutMs = 5000
const maxAnswerBytes = 1024 * 1024
const rangesKept = 100
const keptMs = 60 * 60 * 1000

/**
 * Asks a list of breached passwords, which learns five of the forty digits of the password's SHA-1 and no more.
 * @throws errors.upstream when the list cannot be asked and that is not to be ignored.
 * @see https://haveibeenpwned.com/API/v3#PwnedPasswords
 */
export function breachCheck({
  outbound,
  host,
  maxBreaches,
  ignoreNetworkErrors,
}: BreachOptions): (password: Secret) => Promise<BrokenRule | undefined> {
  const base = (/^https?:\/\//.test(host) ? host : `https://${host}`).replace(/\/+$/, '')
  const ranges = new LRUCache<string, string>({ max: rangesKept, ttl: keptMs })

  const ask = async (prefix: string): Promise<string> => {
    const known = ranges.get(prefix)
    if (known !== undefined) return known
    // Padding hides from listeners, by the size of the answer, which range was asked for.
    const answer = await outbound(`${base}/range/${prefix}`, {
      headers: { 'Add-Padding': 'true' },
      timeoutMs,
      maxBytes: maxAnswerBytes,
    })
    const range = rangeOf(answer)
    ranges.set(prefix, range)
    return range
  }

  return async (password) => {
    const digest = createHash('sha1').update(password.reveal()).digest('hex').toUpperCase()
    try {
      const breaches = countIn(await ask(digest.slice(0, 5)), digest.slice(5))
      return breaches > maxBreaches ? { id: 4000034, context: { breaches } } : undefined
    } catch (cause) {
      if (ignoreNetworkErrors) return undefined
      throw errors.upstream('The list of breached passwords cannot be asked right now. Try again in a moment.', {
        cause,
      })
    }
  }
}

/** Lines of 35 hexadecimal digits, a colon and a count. Some other page must not pass for an empty list. */
function rangeOf({ status, body }: OutboundResponse): string {
  const text = body.toString('latin1').toUpperCase()
  if (status !== 200 || (text.trim() !== '' && !/^[0-9A-F]{35}:\d/.test(text)))
    throw new Error(`The list of breached passwords answered with ${status} or with no list.`)
  return `\n${text}`
}

function countIn(range: string, suffix: string): number {
  const at = range.indexOf(`\n${suffix}:`)
  return at < 0 ? 0 : Number.parseInt(range.slice(at + suffix.length + 2), 10)
}
