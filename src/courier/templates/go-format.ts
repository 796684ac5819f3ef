import { formatFloat, formatted, goJson, isNil, typeName, type GoValue } from './go-value.ts'

type Flags = {
  minus: boolean
  plus: boolean
  space: boolean
  zero: boolean
  sharp: boolean
  width: number
  precision: number | undefined
}

const maxWidth = 1000

/** `printf` with the verbs `%v %s %d %q %t %f %e %g %x %X %o %b %c %U %T %%`, flags, width, precision and indices. */
export function sprintf(format: string, values: readonly GoValue[]): string {
  let next = 0
  let reordered = false
  const take = (): { value: GoValue } | undefined => {
    const index = next++
    return index >= 0 && index < values.length ? { value: values[index] } : undefined
  }
  const number = (digits: string | undefined): number | undefined => {
    if (digits === undefined) return undefined
    const value = digits === '*' ? Number(take()?.value ?? 0) : Number(digits)
    return Math.max(-maxWidth, Math.min(maxWidth, value))
  }
  const out = format.replace(
    /%([-+# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:\.(\*|\d*))?(?:\[(\d+)\])?(.|$)/gsu,
    (
      _,
      flags: string,
      first: string | undefined,
      wide: string | undefined,
      precise: string | undefined,
      second: string | undefined,
      verb: string,
    ) => {
      if (verb === '%') return '%'
      if (verb === '') return '%!(NOVERB)'
      for (const index of [first, second]) {
        if (index === undefined) continue
        next = Number(index) - 1
        reordered = true
      }
      const width = number(wide) ?? 0
      const precision = precise === '' ? 0 : number(precise)
      const taken = take()
      if (!taken) return `%!${verb}(${reordered ? 'BADINDEX' : 'MISSING'})`
      const minus = flags.includes('-') || width < 0
      return verbText(verb, taken.value, {
        minus,
        plus: flags.includes('+'),
        space: flags.includes(' '),
        zero: flags.includes('0') && !minus,
        sharp: flags.includes('#'),
        width: Math.abs(width),
        precision,
      })
    },
  )
  if (reordered || next >= values.length) return out
  const extra = values.slice(next).map((value) => (isNil(value) ? '<nil>' : `${typeName(value)}=${formatted(value)}`))
  return `${out}%!(EXTRA ${extra.join(', ')})`
}

function verbText(verb: string, value: GoValue, flags: Flags): string {
  if (verb === 'T') return padded(isNil(value) ? '<nil>' : typeName(value), flags)
  if (isNil(value)) return padded(verb === 'v' ? '<nil>' : `%!${verb}(<nil>)`, flags)
  if (Array.isArray(value) && verb !== 'v') return `[${value.map((each) => verbText(verb, each, flags)).join(' ')}]`
  const text =
    typeof value === 'string'
      ? ofText(verb, value, flags)
      : typeof value === 'bigint'
        ? ofInteger(verb, value, flags)
        : typeof value === 'number'
          ? ofFloat(verb, value, flags)
          : ofOther(verb, value)
  return text === undefined
    ? `%!${verb}(${typeName(value)}=${formatted(value)})`
    : padded(text, flags, typeof value === 'bigint' || typeof value === 'number')
}

function ofText(verb: string, value: string, { precision, sharp }: Flags): string | undefined {
  const shown = precision === undefined ? value : [...value].slice(0, precision).join('')
  if (verb === 's' || verb === 'v') return verb === 'v' && sharp ? quoted(value) : shown
  if (verb === 'q') return sharp && !shown.includes('`') ? `\`${shown}\`` : quoted(shown)
  if (verb === 'x') return Buffer.from(shown).toString('hex')
  return verb === 'X' ? Buffer.from(shown).toString('hex').toUpperCase() : undefined
}

function ofInteger(verb: string, value: bigint, flags: Flags): string | undefined {
  const radix = { d: 10, v: 10, x: 16, X: 16, o: 8, O: 8, b: 2 }[verb]
  if (radix !== undefined) {
    const digits = (value < 0n ? -value : value).toString(radix).padStart(flags.precision ?? 0, '0')
    const prefix = verb === 'O' ? '0o' : !flags.sharp ? '' : { 16: '0x', 8: '0', 2: '0b', 10: '' }[radix]!
    const text = signed(value < 0n, prefix + digits, flags)
    return verb === 'X' ? text.toUpperCase() : text
  }
  if (verb === 'c') return codePoint(value)
  if (verb === 'q') return `'${codePoint(value)}'`
  return verb === 'U' ? `U+${value.toString(16).toUpperCase().padStart(4, '0')}` : undefined
}

const codePoint = (value: bigint): string =>
  value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd'

function ofFloat(verb: string, value: number, flags: Flags): string | undefined {
  const absolute = Math.abs(value)
  const negative = value < 0 || Object.is(value, -0)
  const exponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2')
  switch (verb) {
    case 'f':
    case 'F':
      return signed(negative, absolute.toFixed(Math.min(100, flags.precision ?? 6)), flags)
    case 'e':
      return signed(negative, exponent(absolute.toExponential(Math.min(100, flags.precision ?? 6))), flags)
    case 'E':
      return signed(
        negative,
        exponent(absolute.toExponential(Math.min(100, flags.precision ?? 6))).toUpperCase(),
        flags,
      )
    case 'g':
    case 'G':
    case 'v': {
      const shown =
        flags.precision === undefined
          ? absolute
          : Number(absolute.toPrecision(Math.min(100, Math.max(1, flags.precision))))
      return signed(negative, verb === 'G' ? formatFloat(shown).toUpperCase() : formatFloat(shown), flags)
    }
    default:
      return undefined
  }
}

function ofOther(verb: string, value: GoValue): string | undefined {
  if (typeof value === 'boolean') return verb === 't' || verb === 'v' ? String(value) : undefined
  if (verb === 'v' || verb === 's') return formatted(value)
  return verb === 'q' ? goJson(value) : undefined
}

const signed = (negative: boolean, digits: string, { plus, space }: Flags): string =>
  (negative ? '-' : plus ? '+' : space ? ' ' : '') + digits

function padded(text: string, { width, minus, zero }: Flags, isNumber = false): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (minus) return text + ' '.repeat(missing)
  if (!zero) return ' '.repeat(missing) + text
  const [sign = ''] = isNumber ? /^[+\- ]?/.exec(text)! : ['']
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

const shortEscapes: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** A text in quotation marks, as it would stand in Go. */
function quoted(text: string): string {
  const inner = text.replace(/["\\\p{C}\p{Zl}\p{Zp}]/gu, (c) => {
    const short = shortEscapes[c]
    if (short !== undefined) return short
    const code = c.codePointAt(0)!
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${inner}"`
}
