import { isKeyword, tokensOf, type Token } from './lexer.ts'
import { parseJsonnet } from './parser.ts'

const indentWidth = 2
const maxBlankLines = 2

/** An open bracket, or the text as a whole. */
type Level = {
  opener: string
  /** Columns of the line on which it was opened. */
  indent: number
  /** Whether its last entry has begun and not ended: what follows on a new line belongs to it. */
  inEntry: boolean
  /** The word that the entry begins with, as far as it changes what marks mean. */
  word: string
}

/**
 * The same Jsonnet in the spelling that is usual: two columns for each bracket, single quotes, `//` comments, names of
 * members without quotes, a comma behind the last member of what takes several lines. Where lines end stays as it is.
 * @throws JsonnetSyntaxError when it cannot be read
 */
export function formatJsonnet(text: string): string {
  const { tokens } = parseJsonnet(text)
  const formatted = write(spelled(tokens))
  // Whatever else may be wrong with it: it must mean the same.
  if (meaning(tokensOf(formatted)) !== meaning(tokens)) throw new Error('The text would not mean the same any more.')
  return formatted
}

function spelled(tokens: readonly Token[]): Token[] {
  const closers = new Set([']', '}'])
  const out: Token[] = []
  const open: { isComprehension: boolean }[] = []
  for (const [index, token] of tokens.entries()) {
    if (/^[{[(]$/.test(token.text) && token.kind === 'bracket') open.push({ isComprehension: false })
    const level = open.at(-1)
    if (token.text === 'for' && token.kind === 'keyword' && level) level.isComprehension = true
    if (/^[}\])]$/.test(token.text) && token.kind === 'bracket') {
      open.pop()
      const last = out.at(-1)!
      const isEmpty = last.kind === 'bracket' && /^[{[(]$/.test(last.text)
      const hasComma = last.text === ',' && last.kind === 'mark'
      const isTall = token.newlines > 0 || token.comments.some(({ newlines }) => newlines > 0)
      if (closers.has(token.text) && !isEmpty && level && !level.isComprehension) {
        if (isTall && !hasComma && !isIndex(tokens, index))
          out.push({ ...token, kind: 'mark', text: ',', comments: [], newlines: 0 })
        if (!isTall && hasComma && last.comments.length === 0) out.pop()
      }
    }
    out.push(token.kind === 'string' ? { ...token, text: quoted(token, tokens[index + 1]) } : token)
  }
  return out
}

/** Whether a closing bracket ends `a[i]` rather than a list. */
function isIndex(tokens: readonly Token[], closer: number): boolean {
  if (tokens[closer]!.text !== ']') return false
  let depth = 0
  for (let at = closer; at >= 0; at--) {
    const { kind, text } = tokens[at]!
    if (kind !== 'bracket') continue
    if (/[}\])]/.test(text)) depth++
    else if (--depth === 0) {
      const before = tokens[at - 1]
      const after = tokens[closer + 1]
      return (before !== undefined && endsValue(before)) || (after !== undefined && isFieldMark(after))
    }
  }
  return false
}

const isFieldMark = ({ kind, text }: Token): boolean => kind === 'operator' && /^\+?:{1,3}$/.test(text)

function quoted({ text }: Token, next: Token | undefined): string {
  if (text.startsWith('@')) return text
  const inner = text.slice(1, -1)
  const isMember = next !== undefined && (isFieldMark(next) || next.text === '(')
  if (isMember && isFieldMark(next) && /^[A-Za-z_][A-Za-z_0-9]*$/.test(inner) && !isKeyword(inner)) return inner
  if (text.startsWith("'") || inner.includes("'")) return text
  return `'${inner.replace(/\\(.)/gs, (escape, character: string) => (character === '"' ? '"' : escape))}'`
}

const endsValue = ({ kind, text }: Token): boolean =>
  kind === 'name' ||
  kind === 'string' ||
  kind === 'block' ||
  kind === 'number' ||
  (kind === 'bracket' && /[}\])]/.test(text)) ||
  (kind === 'operator' && text === '$') ||
  (kind === 'keyword' && ['self', 'super', 'true', 'false', 'null', 'tailstrict'].includes(text))

function write(tokens: readonly Token[]): string {
  let out = ''
  const levels: Level[] = [{ opener: '', indent: -indentWidth, inEntry: false, word: '' }]
  let before: Token | undefined
  let beforeWasUnary = false
  let lineIndent = 0

  const newLine = (count: number, indent: number) => {
    out = `${out.trimEnd()}${'\n'.repeat(Math.min(count, maxBlankLines + 1))}${' '.repeat(indent)}`
    lineIndent = indent
  }

  for (const token of tokens) {
    const level = levels.at(-1)!
    const isCloser = token.kind === 'bracket' && /^[}\])]$/.test(token.text)
    const inner = Math.max(level.indent + indentWidth, 0)
    const indent =
      token.kind === 'end'
        ? 0
        : isCloser
          ? Math.max(level.indent, 0)
          : inner + (level.inEntry && !continuesLine(token, before) ? indentWidth : 0)

    for (const comment of token.comments) {
      if (out === '') lineIndent = 0
      else if (comment.newlines > 0) newLine(comment.newlines, isCloser ? inner : indent)
      else out += out.endsWith(' ') ? ' ' : '  '
      out +=
        comment.text.startsWith('#') && !comment.text.startsWith('#!')
          ? `//${comment.text.slice(1)}`
          : comment.text.trimEnd()
    }
    const last = token.comments.at(-1)
    if (token.kind === 'end') break
    if (out !== '') {
      if (token.newlines > 0) newLine(token.newlines, indent)
      else if (last !== undefined) out += ' '
      else if (before && isSpaced(before, token, level, beforeWasUnary)) out += ' '
    }
    beforeWasUnary = token.kind === 'operator' && isUnary(token, before)
    out += token.text

    if (token.kind === 'bracket' && !isCloser)
      levels.push({ opener: token.text, indent: lineIndent, inEntry: false, word: '' })
    else if (isCloser) {
      levels.pop()
      levels.at(-1)!.inEntry = true
    } else if (token.kind === 'mark' && (token.text === ',' || token.text === ';')) {
      level.inEntry = false
      if (token.text === ';' || level.opener === '{') level.word = ''
    } else {
      if (token.kind === 'keyword' && ['local', 'assert', 'for'].includes(token.text)) level.word = token.text
      level.inEntry = true
    }
    if (token.kind === 'bracket' && !isCloser) level.inEntry = true
    before = token
  }
  return `${out.trim()}\n`
}

/** What is usual at the beginning of a line without being moved to the right: the body of a function, parts of a comprehension. */
const continuesLine = (token: Token, before: Token | undefined): boolean =>
  (token.text === '{' && before?.text === ')') ||
  (token.kind === 'keyword' && ['for', 'then', 'else'].includes(token.text))

const isUnary = (token: Token, before: Token | undefined): boolean =>
  ['+', '-', '!', '~'].includes(token.text) && (before === undefined || !endsValue(before))

function isSpaced(before: Token, token: Token, level: Level, beforeWasUnary: boolean): boolean {
  const [left, right] = [before.text, token.text]
  const isMark = token.kind === 'mark'
  if (isMark || (before.kind === 'mark' && left === '.')) return false
  if (token.kind === 'bracket') {
    if (right === ')' || right === ']') return false
    if (right === '}') return left !== '{' || before.kind !== 'bracket'
    if (right === '(' || right === '[') {
      if (left === 'function' && before.kind === 'keyword') return false
      if (endsValue(before)) return false
    }
  }
  if (before.kind === 'bracket' && (left === '(' || left === '[')) return false
  if (beforeWasUnary) return false
  if (isOperator(token) && !isUnary(token, before)) return isSpacedOperator(token, level)
  if (isOperator(before)) {
    if (level.opener === '[' && /^::?$/.test(left)) return false
    return !(left === '=' && level.opener === '(' && level.word !== 'local')
  }
  return true
}

/** `$` is written like an operator and used like a name. */
const isOperator = ({ kind, text }: Token): boolean => kind === 'operator' && text !== '$'

function isSpacedOperator({ text }: Token, { opener, word }: Level): boolean {
  if (/^\+?:{1,3}$/.test(text)) return word === 'assert'
  return !(text === '=' && opener === '(' && word !== 'local')
}

/** What a text says, whatever its spelling. */
function meaning(tokens: readonly Token[]): string {
  const parts: string[] = []
  for (const [index, { kind, text }] of tokens.entries()) {
    const next = tokens[index + 1]
    if (kind === 'mark' && text === ',' && next && /^[}\])]$/.test(next.text)) continue
    if (kind === 'string' && !text.startsWith('@'))
      parts.push(JSON.stringify(text.slice(1, -1).replace(/\\(["'])/g, '$1')))
    else if (kind === 'name' && next && isFieldMark(next)) parts.push(JSON.stringify(text))
    else parts.push(text)
  }
  return parts.join(' ')
}
