import { createHash } from 'node:crypto'
import { RE2JS } from 're2js'
import { sprintf } from './go-format.ts'
import {
  byBytes,
  formatted,
  goJson,
  GoStruct,
  isMap,
  isNil,
  member,
  sortedKeys,
  truth,
  typeName,
  type GoMap,
  type GoValue,
} from './go-value.ts'

/** A function of the template language: how many values it takes, and what it makes of them. An Error says what is wrong with them. */
export type TemplateFunction = { from: number; to?: number; run(...values: GoValue[]): GoValue }

/** No function makes a longer text or list from a short one. */
const maxMade = 100_000

const text = (value: GoValue): string => {
  if (typeof value === 'string') return value
  throw new Error(`A text is needed, not ${isNil(value) ? 'nothing' : `a ${typeName(value)}`}.`)
}
const loose = (value: GoValue): string => formatted(value)
const list = (value: GoValue): GoValue[] => {
  if (Array.isArray(value)) return value
  if (isNil(value)) return []
  throw new Error(`A list is needed, not a ${typeName(value)}.`)
}
const dict = (value: GoValue): GoMap => {
  if (isMap(value)) return value
  throw new Error(`A map is needed, not ${isNil(value) ? 'nothing' : `a ${typeName(value)}`}.`)
}

/** A whole number from whatever looks like one; 0 from anything else. */
function whole(value: GoValue): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  const number =
    typeof value === 'string'
      ? /^[+-]?\d{1,18}$/.test(value)
        ? Number(value)
        : 0
      : typeof value === 'number'
        ? value
        : 0
  return Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n
}
const real = (value: GoValue): number => {
  const number =
    typeof value === 'string' ? Number.parseFloat(value) : typeof value === 'number' ? value : Number(whole(value))
  return Number.isNaN(number) ? 0 : number
}
/** An index or count. */
function count(value: GoValue): number {
  const number = whole(value)
  if (number > BigInt(maxMade) || number < -BigInt(maxMade)) throw new Error('The number is too large.')
  return Number(number)
}
const bounded = <T extends string | GoValue[]>(made: T): T => {
  if (made.length > maxMade) throw new Error('The result is too long.')
  return made
}
/** Characters as people count them in Go: code points. */
const runes = (value: string): string[] => [...value]

const divided = (a: bigint, b: bigint, by: (a: bigint, b: bigint) => bigint): bigint => {
  if (b === 0n) throw new Error('It is not possible to divide by zero.')
  return by(a, b)
}

function equal(a: GoValue, b: GoValue): boolean {
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b)
  if (typeof a === 'object' || typeof b === 'object') throw new Error('Lists and maps cannot be compared.')
  if (typeof a === 'number' || typeof b === 'number')
    return typeof a !== 'string' && typeof b !== 'string' && Number(a) === Number(b)
  return a === b
}

function less(a: GoValue, b: GoValue): boolean {
  const isNumber = (value: GoValue) => typeof value === 'bigint' || typeof value === 'number'
  if (isNumber(a) && isNumber(b)) return (a as number | bigint) < (b as number | bigint)
  if (typeof a === 'string' && typeof b === 'string') return byBytes(a, b) < 0
  throw new Error('Only two numbers or two texts have an order.')
}

/** The same value all the way down. */
const same = (a: GoValue, b: GoValue): boolean => typeName(a) === typeName(b) && goJson(a) === goJson(b)

function lengthOf(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (Array.isArray(value)) return BigInt(value.length)
  if (isMap(value)) return BigInt(Object.keys(value).length)
  throw new Error(`${isNil(value) ? 'Nothing' : `A ${typeName(value)}`} has no length.`)
}

function indexed(value: GoValue, keys: GoValue[]): GoValue {
  let at = value
  for (const key of keys) {
    if (isMap(at)) {
      at = member(at, text(key))
      continue
    }
    if (isNil(at)) throw new Error('Nothing has no entries.')
    const entries = typeof at === 'string' ? [...Buffer.from(at)].map((byte) => BigInt(byte)) : list(at)
    const index = count(key)
    if (index < 0 || index >= entries.length) throw new Error(`There is no entry ${index}.`)
    at = entries[index]
  }
  return at
}

function sliced(value: GoValue, from: GoValue = 0n, to?: GoValue): GoValue {
  const sequence = typeof value === 'string' ? Buffer.from(value) : list(value)
  const [start, end] = [count(from), to === undefined ? sequence.length : count(to)]
  if (start < 0 || end < start || end > sequence.length) throw new Error('The part lies outside.')
  return typeof value === 'string' ? Buffer.from(value).toString('utf8', start, end) : list(value).slice(start, end)
}

/** Words without regard to what separates them: `first-name`, `FirstName`, `first_name`. */
const words = (value: string): string[] =>
  value
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .split(/[\s_\-.]+/u)
    .filter((each) => each !== '')

const titled = (value: string): string =>
  value.replace(/(^|\s)(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())

function substring(start: number, end: number, value: string): string {
  const bytes = Buffer.from(value)
  const until = end < 0 || end > bytes.length ? bytes.length : end
  return bytes.toString('utf8', Math.max(0, start), Math.max(0, start, until))
}

function wrapped(width: number, value: string, newline: string, breakWords: boolean): string {
  const at = Math.max(1, width)
  const lines: string[] = []
  let current = ''
  for (let each of value.split(' ')) {
    const longest = breakWords ? at : Infinity
    while (runes(each).length > longest) {
      if (current !== '') lines.push(current)
      lines.push(runes(each).slice(0, at).join(''))
      each = runes(each).slice(at).join('')
      current = ''
    }
    if (current !== '' && runes(current).length + 1 + runes(each).length > at) {
      lines.push(current)
      current = each
    } else current = current === '' ? each : `${current} ${each}`
  }
  return [...lines, current].join(newline)
}

const indented = (spaces: number, value: string): string =>
  bounded(' '.repeat(Math.max(0, spaces)) + value.replaceAll('\n', `\n${' '.repeat(Math.max(0, spaces))}`))

const asTexts = (value: GoValue): string[] =>
  Array.isArray(value) ? value.filter((each) => !isNil(each)).map(loose) : isNil(value) ? [] : [loose(value)]

const pattern = (value: GoValue): RE2JS => RE2JS.compile(text(value))

function matches(regexp: GoValue, value: GoValue, limit: GoValue): string[] {
  const most = whole(limit)
  const matcher = pattern(regexp).matcher(text(value))
  const found: string[] = []
  while (matcher.find()) {
    if (most >= 0n && BigInt(found.length) >= most) break
    found.push(matcher.group() ?? '')
  }
  return found
}

/** Go's notation for groups in what takes the place of a match: `$1`, `${1}`, `$name`, and `$$` for itself. */
function replaced(regexp: GoValue, value: GoValue, by: string): string {
  const [compiled, source] = [pattern(regexp), text(value)]
  const matcher = compiled.matcher(source)
  const names = compiled.namedGroups()
  let out = ''
  let at = 0
  while (matcher.find()) {
    const filled = by.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
      const name = braced ?? bare
      if (name === undefined) return '$'
      const group = /^\d+$/.test(name) ? Number(name) : names[name]
      return group === undefined || group > matcher.groupCount() ? '' : (matcher.group(group) ?? '')
    })
    out = bounded(out + source.slice(at, matcher.start()) + filled)
    at = matcher.end()
  }
  return out + source.slice(at)
}

const pairs = (values: GoValue[]): GoMap => {
  const made: GoMap = Object.create(null) as GoMap
  for (let i = 0; i < values.length; i += 2) made[loose(values[i])] = values[i + 1] ?? ''
  return { ...made }
}

/** Earlier maps win, or later ones with `overwrite`; maps inside are merged alike. */
function merged(maps: GoMap[], overwrite: boolean): GoMap {
  const [into = {}, ...others] = maps
  const made = { ...into }
  for (const other of others) {
    for (const [key, value] of Object.entries(other)) {
      const before = member(made, key)
      if (isMap(before) && isMap(value)) made[key] = merged([before, value], overwrite)
      else if (overwrite ? truth(value) : !truth(before)) made[key] = value
    }
  }
  return made
}

function until(start: bigint, stop: bigint, step: bigint): bigint[] {
  const made: bigint[] = []
  if (step === 0n || (step > 0n ? stop < start : stop > start)) return made
  for (let at = start; step > 0n ? at < stop : at > stop; at += step) {
    made.push(at)
    if (made.length > maxMade) throw new Error('The list is too long.')
  }
  return made
}

function fromJson(value: GoValue): GoValue {
  return JSON.parse(text(value)) as GoValue
}

const rounded = (value: number, places: number, half = 0.5): number => {
  const factor = 10 ** places
  const scaled = Math.abs(value) * factor
  const whole = Math.floor(scaled)
  return (Math.sign(value) * (scaled - whole >= half ? whole + 1 : whole)) / factor
}

const fn = (from: number, to: number, run: TemplateFunction['run']): TemplateFunction => ({ from, to, run })
const many = (from: number, run: TemplateFunction['run']): TemplateFunction => ({ from, run })

const base32Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
function base32(value: string): string {
  const bits = [...Buffer.from(value)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const digits = (bits.match(/.{1,5}/g) ?? [])
    .map((five) => base32Digits[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('')
  return digits.padEnd(Math.ceil(digits.length / 8) * 8, '=')
}
function fromBase32(value: string): string {
  const bits = [...value.replace(/=+$/, '')]
    .map((digit) => base32Digits.indexOf(digit).toString(2).padStart(5, '0'))
    .join('')
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2))).toString()
}

const hash = (algorithm: string) => fn(1, 1, (value) => createHash(algorithm).update(text(value)).digest('hex'))

const jsEscapes: Record<string, string> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

/** The functions of the language itself. `and` and `or` stop early, which the engine sees to. */
const builtIn: Record<string, TemplateFunction> = {
  and: many(1, (...values) => values.find((value) => !truth(value)) ?? values.at(-1)),
  or: many(1, (...values) => values.find(truth) ?? values.at(-1)),
  not: fn(1, 1, (value) => !truth(value)),
  eq: many(2, (first, ...others) => others.some((other) => equal(first, other))),
  ne: fn(2, 2, (a, b) => !equal(a, b)),
  lt: fn(2, 2, (a, b) => less(a, b)),
  le: fn(2, 2, (a, b) => !less(b, a)),
  gt: fn(2, 2, (a, b) => less(b, a)),
  ge: fn(2, 2, (a, b) => !less(a, b)),
  len: fn(1, 1, lengthOf),
  index: many(1, (value, ...keys) => indexed(value, keys)),
  slice: fn(1, 3, (value, from, to) => sliced(value, from ?? 0n, to)),
  print: many(0, (...values) => printedTogether(values)),
  println: many(0, (...values) => `${values.map(loose).join(' ')}\n`),
  printf: many(1, (format, ...values) => bounded(sprintf(text(format), values))),
  html: many(1, (...values) =>
    printedTogether(values).replace(
      /[&<>"'\0]/g,
      (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' })[c] ?? '\ufffd',
    ),
  ),
  js: many(1, (...values) => printedTogether(values).replace(/[\\'"<>&=]/g, (c) => jsEscapes[c]!)),
  urlquery: many(1, (...values) =>
    encodeURIComponent(printedTogether(values))
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
      .replaceAll('%20', '+'),
  ),
}

/** As Go's `Sprint`: a space between two neighbours of which neither is a text. */
function printedTogether(values: GoValue[]): string {
  return values
    .map(
      (value, i) => (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string' ? ' ' : '') + loose(value),
    )
    .join('')
}

/** Functions under the names that Sprig gave them; of those, the ones that depend on nothing but their values. */
const sprig: Record<string, TemplateFunction> = {
  // Texts
  upper: fn(1, 1, (value) => text(value).toUpperCase()),
  lower: fn(1, 1, (value) => text(value).toLowerCase()),
  title: fn(1, 1, (value) => titled(text(value))),
  untitle: fn(1, 1, (value) =>
    text(value).replace(/(^|\s)(\p{L})/gu, (_, before: string, letter: string) => before + letter.toLowerCase()),
  ),
  swapcase: fn(1, 1, (value) =>
    runes(text(value))
      .map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()))
      .join(''),
  ),
  trim: fn(1, 1, (value) => text(value).trim()),
  trimAll: fn(2, 2, (cut, value) => trimmedOf(text(cut), text(value))),
  trimPrefix: fn(2, 2, (prefix, value) =>
    text(value).startsWith(text(prefix)) ? text(value).slice(text(prefix).length) : text(value),
  ),
  trimSuffix: fn(2, 2, (suffix, value) =>
    text(value).endsWith(text(suffix)) ? text(value).slice(0, text(value).length - text(suffix).length) : text(value),
  ),
  nospace: fn(1, 1, (value) => text(value).replace(/\s/gu, '')),
  trunc: fn(2, 2, (length, value) => truncated(count(length), text(value))),
  abbrev: fn(2, 2, (width, value) =>
    count(width) >= 4 && text(value).length > count(width)
      ? `${text(value).slice(0, count(width) - 3)}...`
      : text(value),
  ),
  substr: fn(3, 3, (start, end, value) => substring(count(start), count(end), text(value))),
  repeat: fn(2, 2, (times, value) => {
    if (count(times) * text(value).length > maxMade) throw new Error('The result is too long.')
    return text(value).repeat(Math.max(0, count(times)))
  }),
  replace: fn(3, 3, (old, by, value) => bounded(text(value).split(text(old)).join(text(by)))),
  contains: fn(2, 2, (part, value) => text(value).includes(text(part))),
  hasPrefix: fn(2, 2, (prefix, value) => text(value).startsWith(text(prefix))),
  hasSuffix: fn(2, 2, (suffix, value) => text(value).endsWith(text(suffix))),
  quote: many(0, (...values) =>
    values
      .filter((value) => !isNil(value))
      .map((value) => sprintf('%q', [loose(value)]))
      .join(' '),
  ),
  squote: many(0, (...values) =>
    values
      .filter((value) => !isNil(value))
      .map((value) => `'${loose(value)}'`)
      .join(' '),
  ),
  cat: many(0, (...values) =>
    values
      .filter((value) => !isNil(value))
      .map(loose)
      .join(' '),
  ),
  indent: fn(2, 2, (spaces, value) => indented(count(spaces), text(value))),
  nindent: fn(2, 2, (spaces, value) => `\n${indented(count(spaces), text(value))}`),
  wrap: fn(2, 2, (width, value) => wrapped(count(width), text(value), '\n', false)),
  wrapWith: fn(3, 3, (width, newline, value) => wrapped(count(width), text(value), text(newline), true)),
  plural: fn(3, 3, (one, others, value) => (count(value) === 1 ? text(one) : text(others))),
  initials: fn(1, 1, (value) =>
    text(value)
      .split(/\s+/u)
      .map((each) => runes(each)[0] ?? '')
      .join(''),
  ),
  snakecase: fn(1, 1, (value) => words(text(value)).join('_').toLowerCase()),
  kebabcase: fn(1, 1, (value) => words(text(value)).join('-').toLowerCase()),
  camelcase: fn(1, 1, (value) =>
    words(text(value))
      .map((each) => titled(each))
      .join(''),
  ),
  toString: fn(1, 1, loose),
  toStrings: fn(1, 1, asTexts),
  split: fn(2, 2, (separator, value) =>
    Object.fromEntries(
      text(value)
        .split(text(separator))
        .map((each, i) => [`_${i}`, each]),
    ),
  ),
  splitList: fn(2, 2, (separator, value) => text(value).split(text(separator))),
  splitn: fn(3, 3, (separator, most, value) =>
    Object.fromEntries(splitUpTo(text(value), text(separator), count(most)).map((each, i) => [`_${i}`, each])),
  ),
  join: fn(2, 2, (separator, value) => bounded(asTexts(value).join(text(separator)))),
  sortAlpha: fn(1, 1, (value) => asTexts(value).sort(byBytes)),
  regexMatch: fn(2, 2, (regexp, value) => pattern(regexp).matcher(text(value)).find()),
  regexFind: fn(2, 2, (regexp, value) => matches(regexp, value, 1n)[0] ?? ''),
  regexFindAll: fn(3, 3, (regexp, value, most) => matches(regexp, value, most)),
  regexReplaceAll: fn(3, 3, (regexp, value, by) => replaced(regexp, value, text(by))),
  regexReplaceAllLiteral: fn(3, 3, (regexp, value, by) => replaced(regexp, value, text(by).replaceAll('$', '$$$$'))),
  regexSplit: fn(3, 3, (regexp, value, most) => pattern(regexp).split(text(value), Math.max(0, count(most)))),
  regexQuoteMeta: fn(1, 1, (value) => RE2JS.quote(text(value))),

  // What to take where something is missing
  default: fn(1, 2, (byDefault, value) => (truth(value) ? value : byDefault)),
  empty: fn(1, 1, (value) => !truth(value)),
  coalesce: many(0, (...values) => values.find(truth)),
  all: many(0, (...values) => values.every(truth)),
  any: many(0, (...values) => values.some(truth)),
  ternary: fn(3, 3, (yes, no, value) => (truth(value) ? yes : no)),
  fail: fn(1, 1, (value) => {
    throw new Error(text(value))
  }),

  // Numbers
  int: fn(1, 1, whole),
  int64: fn(1, 1, whole),
  float64: fn(1, 1, real),
  atoi: fn(1, 1, whole),
  toDecimal: fn(1, 1, (value) => BigInt(Number.parseInt(loose(value), 8) || 0)),
  add: many(0, (...values) => values.reduce<bigint>((sum, value) => sum + whole(value), 0n)),
  add1: fn(1, 1, (value) => whole(value) + 1n),
  sub: fn(2, 2, (a, b) => whole(a) - whole(b)),
  mul: many(1, (...values) => values.reduce<bigint>((product, value) => BigInt.asIntN(64, product * whole(value)), 1n)),
  div: fn(2, 2, (a, b) => divided(whole(a), whole(b), (x, y) => x / y)),
  mod: fn(2, 2, (a, b) => divided(whole(a), whole(b), (x, y) => x % y)),
  max: many(1, (...values) => values.map(whole).reduce((a, b) => (b > a ? b : a))),
  min: many(1, (...values) => values.map(whole).reduce((a, b) => (b < a ? b : a))),
  addf: many(0, (...values) => values.reduce<number>((sum, value) => sum + real(value), 0)),
  add1f: fn(1, 1, (value) => real(value) + 1),
  subf: many(1, (first, ...others) => others.reduce<number>((rest, value) => rest - real(value), real(first))),
  mulf: many(1, (...values) => values.reduce<number>((product, value) => product * real(value), 1)),
  divf: many(1, (first, ...others) => others.reduce<number>((rest, value) => rest / real(value), real(first))),
  maxf: many(1, (...values) => Math.max(...values.map(real))),
  minf: many(1, (...values) => Math.min(...values.map(real))),
  floor: fn(1, 1, (value) => Math.floor(real(value))),
  ceil: fn(1, 1, (value) => Math.ceil(real(value))),
  round: fn(2, 3, (value, places, half) => rounded(real(value), count(places), half === undefined ? 0.5 : real(half))),
  until: fn(1, 1, (value) => until(0n, whole(value), whole(value) < 0n ? -1n : 1n)),
  untilStep: fn(3, 3, (start, stop, step) => until(whole(start), whole(stop), whole(step))),
  seq: fn(0, 3, (...values) => sequence(values.map(whole)).join(' ')),

  // Lists
  list: many(0, (...values) => values),
  first: fn(1, 1, (value) => list(value)[0]),
  last: fn(1, 1, (value) => list(value).at(-1)),
  rest: fn(1, 1, (value) => list(value).slice(1)),
  initial: fn(1, 1, (value) => list(value).slice(0, -1)),
  append: fn(2, 2, (value, each) => bounded([...list(value), each])),
  prepend: fn(2, 2, (value, each) => bounded([each, ...list(value)])),
  concat: many(0, (...values) => bounded(values.flatMap(list))),
  reverse: fn(1, 1, (value) => list(value).toReversed()),
  uniq: fn(1, 1, (value) => list(value).filter((each, i, all) => all.findIndex((other) => same(other, each)) === i)),
  compact: fn(1, 1, (value) => list(value).filter(truth)),
  without: many(1, (value, ...leftOut) => list(value).filter((each) => !leftOut.some((other) => same(other, each)))),
  has: fn(2, 2, (each, value) => list(value).some((other) => same(other, each))),
  chunk: fn(2, 2, (size, value) =>
    Array.from({ length: Math.ceil(list(value).length / Math.max(1, count(size))) }, (_, i) =>
      list(value).slice(i * Math.max(1, count(size)), (i + 1) * Math.max(1, count(size))),
    ),
  ),

  // Maps
  dict: many(0, (...values) => pairs(values)),
  get: fn(2, 2, (map, key) => member(dict(map), text(key)) ?? ''),
  hasKey: fn(2, 2, (map, key) => Object.hasOwn(dict(map), text(key))),
  keys: many(1, (...maps) => maps.flatMap((map) => sortedKeys(dict(map)))),
  values: fn(1, 1, (map) => sortedKeys(dict(map)).map((key) => dict(map)[key])),
  pluck: many(1, (key, ...maps) =>
    maps
      .map(dict)
      .filter((map) => Object.hasOwn(map, text(key)))
      .map((map) => map[text(key)]),
  ),
  pick: many(1, (map, ...keys) => Object.fromEntries(Object.entries(dict(map)).filter(([key]) => keys.includes(key)))),
  omit: many(1, (map, ...keys) => Object.fromEntries(Object.entries(dict(map)).filter(([key]) => !keys.includes(key)))),
  merge: many(1, (...maps) => merged(maps.map(dict), false)),
  mergeOverwrite: many(1, (...maps) => merged(maps.map(dict), true)),
  dig: many(3, (...values) => dug(values)),

  // Other notations
  toJson: fn(1, 1, (value) => goJson(value)),
  toPrettyJson: fn(1, 1, (value) => goJson(value, { indent: 2 })),
  toRawJson: fn(1, 1, (value) => goJson(value, { raw: true })),
  fromJson: fn(1, 1, fromJson),
  b64enc: fn(1, 1, (value) => Buffer.from(text(value)).toString('base64')),
  b64dec: fn(1, 1, (value) => Buffer.from(text(value), 'base64').toString()),
  b32enc: fn(1, 1, (value) => base32(text(value))),
  b32dec: fn(1, 1, (value) => fromBase32(text(value))),
  sha1sum: hash('sha1'),
  sha256sum: hash('sha256'),
  sha512sum: hash('sha512'),
  typeOf: fn(1, 1, (value) => (isNil(value) ? '<nil>' : typeName(value))),
  typeIs: fn(2, 2, (name, value) => (isNil(value) ? '<nil>' : typeName(value)) === text(name)),
  kindOf: fn(1, 1, kindOf),
  kindIs: fn(2, 2, (name, value) => kindOf(value) === text(name)),
  deepEqual: fn(2, 2, same),
  urlParse: fn(1, 1, (value) => urlParts(text(value))),
}

/** Other names of the same. */
const aliases: Record<string, string> = {
  trimall: 'trimAll',
  tuple: 'list',
  push: 'append',
  biggest: 'max',
  toStringList: 'toStrings',
  mustFirst: 'first',
  mustLast: 'last',
  mustRest: 'rest',
  mustInitial: 'initial',
  mustAppend: 'append',
  mustPush: 'append',
  mustPrepend: 'prepend',
  mustReverse: 'reverse',
  mustUniq: 'uniq',
  mustCompact: 'compact',
  mustWithout: 'without',
  mustHas: 'has',
  mustSlice: 'slice',
  mustChunk: 'chunk',
  mustToJson: 'toJson',
  mustToPrettyJson: 'toPrettyJson',
  mustToRawJson: 'toRawJson',
  mustFromJson: 'fromJson',
  mustMerge: 'merge',
  mustMergeOverwrite: 'mergeOverwrite',
  mustRegexMatch: 'regexMatch',
  mustRegexFind: 'regexFind',
  mustRegexFindAll: 'regexFindAll',
  mustRegexReplaceAll: 'regexReplaceAll',
  mustRegexReplaceAllLiteral: 'regexReplaceAllLiteral',
  mustRegexSplit: 'regexSplit',
}

function trimmedOf(cut: string, value: string): string {
  const isCut = (c: string | undefined) => c !== undefined && cut.includes(c)
  const characters = runes(value)
  let [start, end] = [0, characters.length]
  while (start < end && isCut(characters[start])) start++
  while (end > start && isCut(characters[end - 1])) end--
  return characters.slice(start, end).join('')
}

function truncated(length: number, value: string): string {
  const bytes = Buffer.from(value)
  if (length < 0) return bytes.length + length > 0 ? bytes.toString('utf8', bytes.length + length) : value
  return bytes.length > length ? bytes.toString('utf8', 0, length) : value
}

function splitUpTo(value: string, separator: string, most: number): string[] {
  const parts = value.split(separator)
  return most < 1 || parts.length <= most ? parts : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

function sequence([a, b, c]: bigint[]): bigint[] {
  if (a === undefined) return []
  if (b === undefined) return a < 1n ? until(1n, a - 1n, -1n) : until(1n, a + 1n, 1n)
  if (c === undefined) return b < a ? until(a, b - 1n, -1n) : until(a, b + 1n, 1n)
  return b === 0n ? [] : until(a, b > 0n ? c + 1n : c - 1n, b)
}

/** `dig "a" "b" default map`: what lies there, else the default. */
function dug(values: GoValue[]): GoValue {
  const [keys, byDefault, map] = [values.slice(0, -2), values.at(-2), values.at(-1)]
  let at: GoValue = map
  for (const key of keys) {
    if (!isMap(at) || !Object.hasOwn(at, text(key))) return byDefault
    at = at[text(key)]
  }
  return at
}

function kindOf(value: GoValue): string {
  if (isNil(value)) return 'invalid'
  if (Array.isArray(value)) return 'slice'
  return value instanceof GoStruct ? 'struct' : isMap(value) ? 'map' : typeName(value)
}

function urlParts(value: string): GoMap {
  const url = URL.parse(value)
  if (!url) throw new Error('This is no address.')
  return {
    scheme: url.protocol.slice(0, -1),
    host: url.host,
    hostname: url.hostname,
    path: url.pathname,
    query: url.search.slice(1),
    opaque: '',
    fragment: url.hash.slice(1),
    userinfo: [url.username, url.password].filter((each) => each !== '').join(':'),
  }
}

/** Every function of the template language by its name. */
export const functions: Readonly<Record<string, TemplateFunction>> = Object.assign(
  Object.create(null) as Record<string, TemplateFunction>,
  builtIn,
  sprig,
  Object.fromEntries(Object.entries(aliases).map(([name, of]) => [name, sprig[of] ?? builtIn[of]!])),
)

export const isFunctionName = (name: string): boolean => functions[name] !== undefined
