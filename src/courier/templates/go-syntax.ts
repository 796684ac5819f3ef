import type { GoValue } from './go-value.ts'

/** What is wrong with a template, and where. The message never shows more of the template than the word that is at fault. */
export class TemplateError extends Error {
  readonly template: string
  readonly line: number
  readonly problem: string
  constructor(template: string, line: number, problem: string) {
    super(`${template}:${line}: ${problem}`)
    this.template = template
    this.line = line
    this.problem = problem
  }
}

export type Operand = { line: number } & (
  | { kind: 'literal'; value: GoValue }
  /** Fields of dot; dot itself has none. */
  | { kind: 'field'; names: string[] }
  | { kind: 'variable'; name: string; names: string[] }
  | { kind: 'function'; name: string }
  | { kind: 'pipe'; pipe: Pipe; names: string[] }
)
export type Command = Operand[]
export type Pipe = { line: number; declares: string[]; assigns: boolean; commands: Command[] }

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'action'; pipe: Pipe; line: number }
  | { kind: 'if' | 'with' | 'range'; pipe: Pipe; body: Node[]; otherwise: Node[]; line: number }
  | { kind: 'template'; name: string; pipe: Pipe | undefined; line: number }
  | { kind: 'break' | 'continue'; line: number }

/** A parsed file: its own body, and what it defines for others to use by name. */
export type ParsedTemplate = { body: Node[]; defines: Map<string, Node[]> }

type Token = {
  kind: 'word' | 'field' | 'variable' | 'literal' | 'dot' | 'punctuation' | 'space'
  text: string
  value?: GoValue
  line: number
}
type Piece = { kind: 'text'; text: string; line: number } | { kind: 'action'; tokens: Token[]; line: number }

const maxNesting = 64
const maxSourceLength = 1024 * 1024

/**
 * Parses a template in the language of Go's `text/template`.
 * @param name shown in errors, such as a file
 * @param isFunction whether there is a function of that name
 * @throws TemplateError
 */
export function parseTemplate(name: string, source: string, isFunction: (name: string) => boolean): ParsedTemplate {
  if (source.length > maxSourceLength) throw new TemplateError(name, 1, 'The template is too long.')
  const pieces = split(name, source)
  const defines = new Map<string, Node[]>()
  let at = 0
  let depth = 0

  const fail = (line: number, problem: string): never => {
    throw new TemplateError(name, line, problem)
  }

  /** Nodes up to an `else` or `end`, which is left for the caller, or to the end of the file. */
  function list(opener: number | undefined, variables: string[], inRange: boolean): Node[] {
    if (++depth > maxNesting) fail(opener ?? 1, 'Blocks are nested too deeply.')
    const nodes: Node[] = []
    const scope = [...variables]
    for (;;) {
      const piece = pieces[at]
      if (!piece) {
        if (opener !== undefined) fail(opener, 'There is no {{ end }} for the block that begins here.')
        break
      }
      if (piece.kind === 'text') {
        if (piece.text !== '') nodes.push({ kind: 'text', text: piece.text })
        at++
        continue
      }
      const keyword = piece.tokens[0]?.kind === 'word' ? piece.tokens[0].text : ''
      if (keyword === 'end' || keyword === 'else') {
        if (opener === undefined) fail(piece.line, `There is no block to which {{ ${keyword} }} could belong.`)
        break
      }
      at++
      const node = statement(piece, keyword, scope, inRange)
      if (node) nodes.push(node)
    }
    depth--
    return nodes
  }

  function statement(
    { tokens, line }: Extract<Piece, { kind: 'action' }>,
    keyword: string,
    scope: string[],
    inRange: boolean,
  ): Node | undefined {
    const rest = () => new TokenReader(name, line, tokens.slice(1))
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        return block(keyword, rest(), line, scope, inRange || keyword === 'range')
      case 'template': {
        const reader = rest()
        const called = reader.text()
        return { kind: 'template', name: called, pipe: reader.ended() ? undefined : pipeline(reader, scope), line }
      }
      case 'block': {
        const reader = rest()
        const called = reader.text()
        const pipe = pipeline(reader, scope)
        define(called, line)
        return { kind: 'template', name: called, pipe, line }
      }
      case 'define': {
        const reader = rest()
        const defined = reader.text()
        if (!reader.ended()) fail(line, 'After the name nothing may follow in {{ define }}.')
        define(defined, line)
        return undefined
      }
      case 'break':
      case 'continue':
        if (!inRange) fail(line, `{{ ${keyword} }} belongs into {{ range }}.`)
        if (!rest().ended()) fail(line, `After ${keyword} nothing may follow.`)
        return { kind: keyword, line }
      default: {
        const reader = new TokenReader(name, line, tokens)
        // Only a comment.
        if (reader.ended()) return undefined
        return { kind: 'action', pipe: pipeline(reader, scope), line }
      }
    }
  }

  function define(defined: string, line: number): void {
    const body = list(line, ['$'], false)
    expectEnd(line)
    // An empty one does not take the place of one that says something.
    if (!defines.has(defined) || body.length > 0) defines.set(defined, body)
  }

  function block(
    kind: 'if' | 'with' | 'range',
    reader: TokenReader,
    line: number,
    outer: string[],
    inRange: boolean,
  ): Node {
    const scope = [...outer]
    const pipe = pipeline(reader, scope, { declares: kind === 'range' ? 2 : 1, forRange: kind === 'range' })
    const body = list(line, scope, inRange)
    const closing = pieces[at] as Extract<Piece, { kind: 'action' }>
    if (closing.tokens[0]?.text === 'end') {
      expectEnd(line)
      return { kind, pipe, body, otherwise: [], line }
    }
    // `{{ else if … }}` is an if of its own inside the else, with the same end.
    const next = closing.tokens.find((token, index) => index > 0 && token.kind !== 'space')
    if (next === undefined) {
      at++
      const otherwise = list(line, scope, inRange)
      expectEnd(line)
      return { kind, pipe, body, otherwise, line }
    }
    if (next.kind !== 'word' || next.text !== kind || kind === 'range')
      return fail(closing.line, 'After else only "if" may follow, or "with" in a with block.')
    at++
    const reader2 = new TokenReader(name, closing.line, closing.tokens.slice(closing.tokens.indexOf(next) + 1))
    if (++depth > maxNesting) fail(line, 'Blocks are nested too deeply.')
    const otherwise = block(kind, reader2, closing.line, scope, inRange)
    depth--
    return { kind, pipe, body, otherwise: [otherwise], line }
  }

  function expectEnd(line: number): void {
    const piece = pieces[at]
    if (piece?.kind !== 'action' || piece.tokens[0]?.text !== 'end' || piece.tokens.length > 1)
      fail(piece?.line ?? line, 'Here {{ end }} has to stand.')
    at++
  }

  type PipeOptions = { declares?: number; forRange?: boolean; depth?: number }

  function pipeline(
    reader: TokenReader,
    scope: string[],
    { declares = 1, forRange = false, depth: level = 0 }: PipeOptions = {},
  ): Pipe {
    reader.skipSpace()
    const { line } = reader
    if (level > maxNesting) fail(line, 'Parentheses are nested too deeply.')
    const { names, assigns } = reader.declaration(declares, forRange)
    if (assigns) for (const each of names) if (!scope.includes(each)) fail(line, `There is no variable ${each} here.`)
    const commands: Command[] = []
    do commands.push(command(reader, scope, level))
    while (reader.take('|'))
    if (!reader.ended() && !reader.at(')')) fail(line, `"${reader.peek()?.text}" cannot stand here.`)
    for (const [first] of commands.slice(1))
      if (first!.kind === 'literal') fail(line, 'After | a function has to follow.')
    if (!assigns) scope.push(...names)
    return { line, declares: names, assigns, commands }
  }

  function command(reader: TokenReader, scope: string[], level: number): Command {
    const operands: Operand[] = []
    for (;;) {
      const operand = operandOf(reader, scope, level)
      if (!operand) break
      operands.push(operand)
      if (!reader.take(' ')) break
    }
    if (operands.length === 0) return fail(reader.line, 'A value is missing.')
    if (operands.length > 1 && operands[0]!.kind === 'literal')
      fail(reader.line, 'Only a function can be given arguments.')
    return operands
  }

  function operandOf(reader: TokenReader, scope: string[], level: number): Operand | undefined {
    const token = reader.peek()
    const { line } = reader
    if (!token) return undefined
    switch (token.kind) {
      case 'literal':
        reader.next()
        return { kind: 'literal', value: token.value, line }
      case 'dot':
        reader.next()
        return { kind: 'field', names: [], line }
      case 'field':
        return { kind: 'field', names: reader.fields(), line }
      case 'variable':
        reader.next()
        if (!scope.includes(token.text)) fail(line, `There is no variable ${token.text} here.`)
        return { kind: 'variable', name: token.text, names: reader.fields(), line }
      case 'word': {
        reader.next()
        if (!isFunction(token.text)) fail(line, `There is no function "${token.text.slice(0, 40)}" here.`)
        if (reader.peek()?.kind === 'field') fail(line, 'A field of a function is written (function).Field.')
        return { kind: 'function', name: token.text, line }
      }
      case 'punctuation': {
        if (token.text !== '(') return undefined
        reader.next()
        const pipe = pipeline(reader, [...scope], { depth: level + 1 })
        if (!reader.take(')')) fail(line, 'A closing parenthesis is missing.')
        return { kind: 'pipe', pipe, names: reader.fields(), line }
      }
      default:
        return undefined
    }
  }

  return { body: list(undefined, ['$'], false), defines }
}

/** Cuts a source at its actions, and their content into tokens. Trim markers have done their work afterwards. */
function split(name: string, source: string): Piece[] {
  const pieces: Piece[] = []
  let line = 1
  let at = 0
  let trimNext = false
  const text = (raw: string, trimEnd: boolean): void => {
    let shown = trimNext ? raw.replace(/^[ \t\r\n]+/, '') : raw
    if (trimEnd) shown = shown.replace(/[ \t\r\n]+$/, '')
    pieces.push({ kind: 'text', text: shown, line })
    line += raw.split('\n').length - 1
  }
  for (;;) {
    const open = source.indexOf('{{', at)
    if (open === -1) {
      text(source.slice(at), false)
      return pieces
    }
    const trimmed = /^-[ \t\r\n]/.test(source.slice(open + 2, open + 4))
    text(source.slice(at, open), trimmed)
    const start = open + 2 + (trimmed ? 1 : 0)
    const comment = /^[ \t\r\n]*\/\*/.exec(source.slice(start, start + 200))
    const action = comment
      ? skipComment(name, line, source, start + comment[0].length)
      : tokens(name, line, source, start)
    pieces.push({ kind: 'action', tokens: action.tokens, line })
    line += source.slice(open, action.end).split('\n').length - 1
    trimNext = action.trimsNext
    at = action.end
  }
}

type Action = { tokens: Token[]; end: number; trimsNext: boolean }

function skipComment(name: string, line: number, source: string, from: number): Action {
  const close = source.indexOf('*/', from)
  const ending = close === -1 ? null : /^(?:([ \t\r\n]+-)|[ \t\r\n]*)\}\}/.exec(source.slice(close + 2, close + 200))
  if (!ending) throw new TemplateError(name, line, 'A comment has to end with */ and the action right behind it.')
  return { tokens: [], end: close + 2 + ending[0].length, trimsNext: ending[1] !== undefined }
}

const space = /[ \t\r\n]+/y
const word = /[\p{L}_][\p{L}\p{Nd}_]*/uy
const fieldName = /\.[\p{L}_][\p{L}\p{Nd}_]*/uy
const variableName = /\$(?:[\p{L}\p{Nd}_]+)?/uy
const numeral =
  /[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*\.)/y
const quoted = /"(?:[^"\\\n]|\\[^\n])*"/y
const rawText = /`[^`]*`/y
const character = /'(?:[^'\\\n]|\\[^\n]+?)'/y

function tokens(name: string, firstLine: number, source: string, start: number): Action {
  const found: Token[] = []
  let line = firstLine
  let at = start
  const fail = (problem: string): never => {
    throw new TemplateError(name, line, problem)
  }
  const matched = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(source)?.[0]
    if (match !== undefined) at += match.length
    return match
  }
  for (;;) {
    if (at >= source.length) return fail('The action that begins here has no }}.')
    const closing = /^[ \t\r\n]+-\}\}/.exec(source.slice(at, at + 100))
    if (closing) return { tokens: trimmed(found), end: at + closing[0].length, trimsNext: true }
    if (source.startsWith('}}', at)) return { tokens: trimmed(found), end: at + 2, trimsNext: false }

    let text: string | undefined
    if ((text = matched(space)) !== undefined) {
      line += text.split('\n').length - 1
      found.push({ kind: 'space', text: ' ', line })
    } else if ((text = matched(quoted)) !== undefined) {
      found.push({ kind: 'literal', text, value: unquoted(text.slice(1, -1), fail), line })
    } else if ((text = matched(rawText)) !== undefined) {
      found.push({ kind: 'literal', text, value: text.slice(1, -1), line })
      line += text.split('\n').length - 1
    } else if ((text = matched(character)) !== undefined) {
      found.push({ kind: 'literal', text, value: BigInt(unquoted(text.slice(1, -1), fail).codePointAt(0) ?? 0), line })
    } else if ((text = matched(variableName)) !== undefined) {
      found.push({ kind: 'variable', text, line })
    } else if ((text = matched(fieldName)) !== undefined) {
      found.push({ kind: 'field', text: text.slice(1), line })
    } else if ((text = matched(numeral)) !== undefined) {
      word.lastIndex = at
      if (word.test(source)) fail(`"${text}" is no number.`)
      found.push({ kind: 'literal', text, value: numberOf(text), line })
    } else if ((text = matched(word)) !== undefined) {
      const literal = { true: true, false: false, nil: null }[text]
      found.push(literal === undefined ? { kind: 'word', text, line } : { kind: 'literal', text, value: literal, line })
    } else if (source.startsWith(':=', at)) {
      found.push({ kind: 'punctuation', text: ':=', line })
      at += 2
    } else if ('()|,=.'.includes(source[at]!)) {
      const symbol = source[at]!
      found.push({ kind: symbol === '.' ? 'dot' : 'punctuation', text: symbol, line })
      at++
    } else if (source[at] === '"' || source[at] === '`' || source[at] === "'")
      fail('A text has no closing quotation mark.')
    else fail(`The character ${JSON.stringify(String.fromCodePoint(source.codePointAt(at)!))} cannot stand here.`)
  }
}

function trimmed(found: Token[]): Token[] {
  const start = found[0]?.kind === 'space' ? 1 : 0
  return found.slice(start, found.at(-1)?.kind === 'space' ? -1 : undefined)
}

const escapes: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
}

function unquoted(text: string, fail: (problem: string) => never): string {
  return text.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/gsu, (_, code: string) => {
    const simple = escapes[code]
    if (simple !== undefined) return simple
    const value = /^[xuU]./.test(code)
      ? Number.parseInt(code.slice(1), 16)
      : /^[0-7]{3}$/.test(code)
        ? Number.parseInt(code, 8)
        : NaN
    if (Number.isNaN(value) || value > 0x10ffff) return fail(`\\${code} is no escape of a text.`)
    return String.fromCodePoint(value)
  })
}

function numberOf(text: string): GoValue {
  const digits = text.replaceAll('_', '')
  const [sign, unsigned] = /^[+-]/.test(digits) ? [digits[0], digits.slice(1)] : ['', digits]
  const isWhole = /^(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|\d+)$/.test(unsigned)
  if (!isWhole) return Number(digits)
  const value = BigInt(/^0[0-7]+$/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned)
  return sign === '-' ? -value : value
}

/** The tokens of one action, read from the left. */
class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #name: string
  readonly #firstLine: number
  #at = 0
  constructor(name: string, line: number, all: readonly Token[]) {
    this.#name = name
    this.#firstLine = line
    this.#tokens = all
    this.skipSpace()
  }

  get line(): number {
    return this.peek()?.line ?? this.#firstLine
  }
  peek(): Token | undefined {
    return this.#tokens[this.#at]
  }
  next(): void {
    this.#at++
  }
  ended(): boolean {
    this.skipSpace()
    return this.#at >= this.#tokens.length
  }
  at(symbol: string): boolean {
    this.skipSpace()
    return this.peek()?.text === symbol && this.peek()?.kind === 'punctuation'
  }

  /** Takes a symbol with the spaces around it; a space of its own only where another operand follows. */
  take(symbol: string): boolean {
    if (symbol === ' ') {
      if (this.peek()?.kind !== 'space') return false
      this.skipSpace()
      return true
    }
    const before = this.#at
    if (!this.at(symbol)) {
      this.#at = before
      return false
    }
    this.#at++
    // What follows a parenthesis at once may be a field of the value inside.
    if (symbol !== ')') this.skipSpace()
    return true
  }

  /** A quoted name. */
  text(): string {
    const token = this.peek()
    if (token?.kind !== 'literal' || typeof token.value !== 'string')
      throw new TemplateError(this.#name, this.line, 'Here a name in quotation marks has to stand.')
    this.#at++
    return token.value
  }

  /** `.A.B` without spaces in between. */
  fields(): string[] {
    const names: string[] = []
    for (let token = this.peek(); token?.kind === 'field'; token = this.peek()) {
      names.push(token.text)
      this.#at++
    }
    return names
  }

  /** `$x :=`, `$i, $x :=` or `$x =`, if the pipeline begins so. */
  declaration(most: number, forRange: boolean): { names: string[]; assigns: boolean } {
    const before = this.#at
    const names: string[] = []
    while (this.peek()?.kind === 'variable') {
      names.push(this.peek()!.text)
      this.#at++
      if (!this.take(',')) break
    }
    const assigns = names.length > 0 && this.at('=')
    if (names.length > 0 && (assigns || this.at(':='))) {
      this.#at++
      this.skipSpace()
      if (names.length > most || (assigns && names.length > 1 && !forRange))
        throw new TemplateError(this.#name, this.line, 'Here too many variables are declared.')
      return { names, assigns }
    }
    this.#at = before
    return { names: [], assigns: false }
  }

  skipSpace(): void {
    while (this.#tokens[this.#at]?.kind === 'space') this.#at++
  }
}
