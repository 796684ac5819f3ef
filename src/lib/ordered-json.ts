/**
 * A JSON object with its members in the order of the text. Ordinary objects would move keys that look like numbers to
 * the front. Of a key that occurs twice the last value counts, at the place of the first.
 */
export class OrderedObject extends Map<string, OrderedJson> {
  /** Members that are numbers in a spelling of their own, such as `7.0`. */
  #spellings: Map<string, string> | undefined

  keepSpelling(key: string, text: string): void {
    this.#spellings ??= new Map()
    this.#spellings.set(key, text)
  }

  /** How the number under `key` is written. */
  spelling(key: string): string {
    return this.#spellings?.get(key) ?? String(this.get(key))
  }
}

export type OrderedJson = null | boolean | number | string | OrderedJson[] | OrderedObject

/** The same value with ordinary objects. */
export function unordered(value: OrderedJson): unknown {
  if (Array.isArray(value)) return value.map(unordered)
  if (!(value instanceof OrderedObject)) return value
  const out: Record<string, unknown> = {}
  for (const [key, member] of value) setOwn(out, key, unordered(member))
  return out
}

/** Sets a member, also one that is called `__proto__`. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    target[key] = value
  }
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// Each character can be taken in one way only, so that a text that does not end is noticed at once.
const stringPattern = /"[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*"/y
const spacePattern = /[ \t\r\n]*/y

/**
 * Parses a JSON text and keeps the order of members.
 * @throws SyntaxError when the text is no JSON, or nests deeper than `maxDepth`.
 */
export function parseOrdered(text: string, { maxDepth = 512 }: { maxDepth?: number } = {}): OrderedJson {
  let at = 0

  const space = () => {
    spacePattern.lastIndex = at
    spacePattern.test(text)
    at = spacePattern.lastIndex
  }
  const fail = (): never => {
    throw new SyntaxError(at >= text.length ? 'The JSON text ends too early.' : `No JSON at position ${at}.`)
  }
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    if (!pattern.test(text)) return fail()
    const token = text.slice(at, pattern.lastIndex)
    at = pattern.lastIndex
    return token
  }
  const expect = (word: string) => {
    if (!text.startsWith(word, at)) fail()
    at += word.length
  }
  const string = () => JSON.parse(take(stringPattern)) as string

  const value = (depth: number): OrderedJson => {
    if (depth > maxDepth) throw new SyntaxError(`The JSON text nests deeper than ${maxDepth} levels.`)
    space()
    switch (text[at]) {
      case '{':
        return object(depth)
      case '[':
        return list(depth)
      case '"':
        return string()
      case 't':
        expect('true')
        return true
      case 'f':
        expect('false')
        return false
      case 'n':
        expect('null')
        return null
      default:
        return Number(take(numberPattern))
    }
  }

  const object = (depth: number): OrderedObject => {
    const out = new OrderedObject()
    at += 1
    space()
    if (text[at] === '}') {
      at += 1
      return out
    }
    for (;;) {
      space()
      const key = string()
      space()
      expect(':')
      space()
      const start = at
      const member = value(depth + 1)
      out.set(key, member)
      if (typeof member === 'number' && text.slice(start, at) !== String(member)) {
        out.keepSpelling(key, text.slice(start, at))
      }
      space()
      if (text[at] === ',') {
        at += 1
        continue
      }
      expect('}')
      return out
    }
  }

  const list = (depth: number): OrderedJson[] => {
    const out: OrderedJson[] = []
    at += 1
    space()
    if (text[at] === ']') {
      at += 1
      return out
    }
    for (;;) {
      out.push(value(depth + 1))
      space()
      if (text[at] === ',') {
        at += 1
        continue
      }
      expect(']')
      return out
    }
  }

  const out = value(0)
  space()
  if (at < text.length) fail()
  return out
}

/** The first JSON value of a text, whatever stands behind it; undefined when there is none or it nests too deeply. */
export function firstJsonText(text: string, { maxDepth = 512 }: { maxDepth?: number } = {}): string | undefined {
  const start = text.search(/[^ \t\r\n]/)
  if (start < 0) return undefined
  const end = endOfValue(text, start, maxDepth)
  return end === undefined ? undefined : text.slice(start, end)
}

/** The members of a JSON object, in order and as written. The text must be a valid JSON object. */
export function memberTexts(text: string): [key: string, value: string][] {
  const out: [string, string][] = []
  let at = text.indexOf('{') + 1
  for (;;) {
    while (at < text.length && text[at] !== '"' && text[at] !== '}') at += 1
    if (text[at] !== '"') return out
    const keyEnd = endOfValue(text, at, Infinity)!
    const key = JSON.parse(text.slice(at, keyEnd)) as string
    at = text.indexOf(':', keyEnd) + 1
    while (/\s/.test(text[at] ?? '')) at += 1
    const end = endOfValue(text, at, Infinity)!
    out.push([key, text.slice(at, end)])
    at = end
  }
}

// Finds where a value ends without judging it: whoever parses the piece notices what is wrong in it.
function endOfValue(text: string, start: number, maxDepth: number): number | undefined {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        at += 1
        while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1
        if (at >= text.length) return undefined
        if (depth === 0) return at + 1
        break
      }
      case 0x7b:
      case 0x5b:
        depth += 1
        if (depth > maxDepth) return undefined
        break
      case 0x7d:
      case 0x5d:
        depth -= 1
        if (depth < 0) return at
        if (depth === 0) return at + 1
        break
      case 0x20:
      case 0x09:
      case 0x0a:
      case 0x0d:
      case 0x2c:
        if (depth === 0 && at > start) return at
        break
    }
  }
  return depth === 0 ? text.length : undefined
}
