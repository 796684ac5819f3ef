import { timingSafeEqual } from 'node:crypto'

/** One way to write a password hash as text. */
export type Encoding = {
  /** What the text begins with. */
  prefix: RegExp
  /** Why this text is not taken in an import, as a sentence for the administrator; undefined when it is. */
  check(encoded: string): string | undefined
  /**
   * Whether the text was made from this password. A text that cannot be computed was made from none.
   * `trusted` lifts the bounds on cost: for texts with the very parameters that are configured.
   */
  compare(password: Buffer, encoded: string, trusted: boolean): Promise<boolean>
}

/** Longest key or digest in bytes that is computed: the longest in use have 64. */
export const maxKeyBytes = 128

/** Standard base64 with padding; undefined for any other spelling of the bytes. */
export function base64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Standard base64 without padding; undefined for any other spelling of the bytes. */
export function base64Raw(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return encodeBase64Raw(bytes) === text ? bytes : undefined
}

export const encodeBase64Raw = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

/** In a time that only tells whether the lengths differ. Nothing equals the empty key. */
export const equalBytes = (a: Buffer, b: Buffer): boolean =>
  a.length > 0 && a.length === b.length && timingSafeEqual(a, b)

const within = (value: number, [least, most]: readonly [number, number]): boolean => value >= least && value <= most

/** The sentence about the first parameter that is out of its bounds. */
export function outOfBounds(
  parameters: Record<string, number>,
  bounds: Record<string, readonly [number, number]>,
): string | undefined {
  for (const [name, range] of Object.entries(bounds)) {
    if (!within(parameters[name]!, range)) {
      return `The password hash has the parameter ${name}=${parameters[name]}, but only ${range[0]} to ${range[1]} is accepted. Hash the password anew with other parameters.`
    }
  }
  return undefined
}

export const malformed = 'The password hash begins like a known format but does not go on like one.'
