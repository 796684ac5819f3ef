/** A place in a text, both counted from 1. */
export type Position = { line: number; column: number }

/** A text that is no Jsonnet. */
export class JsonnetSyntaxError extends Error {
  readonly at: Position
  constructor(message: string, at: Position) {
    super(message)
    this.at = at
  }
}

export type TokenKind = 'name' | 'keyword' | 'number' | 'string' | 'block' | 'operator' | 'bracket' | 'mark' | 'end'

/** A comment as it stands there; `newlines` are those before it. */
export type Comment = { text: string; newlines: number }

export type Token = {
  kind: TokenKind
  text: string
  at: Position
  /** What stands between this token and the one before. */
  comments: Comment[]
  /** Line ends right before it, behind its comments. */
  newlines: number
}

const keywords = new Set([
  'assert',
  'else',
  'error',
  'false',
  'for',
  'function',
  'if',
  'import',
  'importstr',
  'importbin',
  'in',
  'local',
  'null',
  'self',
  'super',
  'tailstrict',
  'then',
  'true',
])
export const isKeyword = (text: string): boolean => keywords.has(text)

const spaces = /[ \t\r\n]+/y
const comment = /\/\/[^\n]*|#[^\n]*|\/\*[^]*?\*\//y
const pieces: readonly [TokenKind, RegExp][] = [
  ['name', /[A-Za-z_][A-Za-z_0-9]*/y],
  ['number', /\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?/y],
  ['string', /"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'|@"(?:[^"]|"")*"|@'(?:[^']|'')*'/y],
  ['bracket', /[{}[\]()]/y],
  ['mark', /[,;.]/y],
]
const textBlock = /\|\|\|-?[ \t\r]*\n(?:[ \t\r]*\n)*([ \t]+)/y
const symbols = /[!$:~+\-&|^=<>*/%]+/y

/** @throws JsonnetSyntaxError for characters that begin nothing, and for texts and comments without an end */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let line = 1
  let lineStart = 0
  const position = (): Position => ({ line, column: at - lineStart + 1 })
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  const advance = (piece: string): void => {
    for (let i = piece.indexOf('\n'); i !== -1; i = piece.indexOf('\n', i + 1)) {
      line++
      lineStart = at + i + 1
    }
    at += piece.length
  }

  for (;;) {
    const comments: Comment[] = []
    let newlines = 0
    for (;;) {
      const space = match(spaces)?.[0]
      if (space !== undefined) {
        newlines += space.split('\n').length - 1
        advance(space)
        continue
      }
      const found = match(comment)?.[0]
      if (found === undefined) break
      comments.push({ text: found, newlines })
      newlines = 0
      advance(found)
    }
    const start = position()
    const push = (kind: TokenKind, piece: string) => {
      tokens.push({ kind, text: piece, at: start, comments, newlines })
      advance(piece)
    }
    if (at >= text.length) {
      push('end', '')
      return tokens
    }
    if (text.startsWith('/*', at)) throw new JsonnetSyntaxError('A comment has no end.', start)
    const block = text.startsWith('|||', at) ? blockAt() : undefined
    if (block !== undefined) {
      push('block', block)
      continue
    }
    const piece = pieces.map(([kind, pattern]) => [kind, match(pattern)?.[0]] as const).find(([, found]) => found)
    if (piece) {
      const [kind, found = ''] = piece
      push(kind === 'name' && isKeyword(found) ? 'keyword' : kind, found)
      continue
    }
    if (/["'@]/.test(text[at]!)) throw new JsonnetSyntaxError('A text has no end.', start)
    const operator = operatorIn(match(symbols)?.[0] ?? '')
    if (operator === '') throw new JsonnetSyntaxError(`${JSON.stringify(text[at])} means nothing here.`, start)
    push('operator', operator)
  }

  function blockAt(): string {
    const opening = match(textBlock)
    if (!opening) throw new JsonnetSyntaxError('What follows ||| has to be indented.', position())
    const indent = opening[1]!
    const lines = text.slice(at).split('\n')
    const end = lines.findIndex((each, index) => index > 0 && !each.startsWith(indent) && each.trim() !== '')
    if (end === -1 || !/^[ \t]*\|\|\|/.test(lines[end]!))
      throw new JsonnetSyntaxError('A text between ||| has no end.', position())
    return [...lines.slice(0, end), /^[ \t]*\|\|\|/.exec(lines[end]!)![0]].join('\n')
  }
}

/** Several symbols are one operator, unless a comment or a text begins among them, or the last ones are signs of what follows. */
function operatorIn(run: string): string {
  const cut = run.search(/\/\/|\/\*|\|\|\|/)
  let operator = cut > 0 ? run.slice(0, cut) : run
  while (operator.length > 1 && /[+\-~!$]$/.test(operator)) operator = operator.slice(0, -1)
  return operator
}
