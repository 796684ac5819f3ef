import { JsonnetSyntaxError, tokensOf, type Position, type Token } from './lexer.ts'

export type Name = { name: string; at: Position }
export type Bind = Name & { value: Node }
export type Param = Name & { byDefault: Node | undefined }
/** A part of a comprehension, in the order in which they are written. */
export type Spec = { kind: 'for'; variable: Name; list: Node } | { kind: 'if'; condition: Node }

/** What of a text matters for the names in it. */
export type Node =
  | { kind: 'variable'; name: string; at: Position }
  /** `self`, `super` and `$` exist inside of objects only. */
  | { kind: 'object-only'; word: string; at: Position }
  | { kind: 'import'; at: Position }
  | { kind: 'local'; binds: Bind[]; body: Node }
  | { kind: 'function'; params: Param[]; body: Node }
  | { kind: 'object'; locals: Bind[]; names: Name[]; outside: Node[]; inside: Node[]; specs: Spec[] }
  | { kind: 'comprehension'; specs: Spec[]; body: Node }
  | { kind: 'several'; parts: Node[] }

const nothing: Node = { kind: 'several', parts: [] }
const several = (...parts: Node[]): Node => ({ kind: 'several', parts })

/** How tightly operators bind, from the loosest on. */
const levels = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>=', 'in'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
]
const levelOf = new Map(levels.flatMap((operators, level) => operators.map((operator) => [operator, level])))
const unaryOperators = new Set(['+', '-', '!', '~'])
const fieldMarks = /^\+?:{1,3}$/
const maxDepth = 500

/**
 * Reads a Jsonnet text.
 * @throws JsonnetSyntaxError
 * @see https://jsonnet.org/ref/spec.html
 */
export function parseJsonnet(text: string): { tokens: Token[]; root: Node } {
  const tokens = tokensOf(text)
  let next = 0
  let depth = 0
  const peek = (): Token => tokens[next]!
  const is = (word: string): boolean => peek().text === word && peek().kind !== 'string'
  const take = (): Token => tokens[next++]!
  const taken = (word: string): boolean => is(word) && take() !== undefined
  const unexpected = (wanted: string): JsonnetSyntaxError => {
    const { kind, text: found, at } = peek()
    return new JsonnetSyntaxError(`Here is ${kind === 'end' ? 'the end' : found}, but ${wanted} is needed.`, at)
  }
  const expect = (word: string): Token => {
    if (!is(word)) throw unexpected(word)
    return take()
  }
  const name = (): Name => {
    if (peek().kind !== 'name') throw unexpected('a name')
    const { text: found, at } = take()
    return { name: found, at }
  }

  function expression(): Node {
    if (++depth > maxDepth) throw new JsonnetSyntaxError('This nests too deeply.', peek().at)
    const found = binary(0)
    depth--
    return found
  }

  function binary(level: number): Node {
    let left = level === levels.length ? unary() : binary(level + 1)
    while (levelOf.get(peek().text) === level && ['operator', 'keyword'].includes(peek().kind)) {
      take()
      // `'name' in super`
      left = several(left, level === levels.length ? unary() : binary(level + 1))
    }
    return left
  }

  function unary(): Node {
    if (peek().kind === 'operator' && unaryOperators.has(peek().text)) {
      if (++depth > maxDepth) throw new JsonnetSyntaxError('This nests too deeply.', peek().at)
      take()
      const operand = unary()
      depth--
      return operand
    }
    return applied(primary())
  }

  /** Members, elements, slices, calls and objects behind an expression. */
  function applied(subject: Node): Node {
    let found = subject
    for (;;) {
      if (taken('.')) name()
      else if (taken('[')) found = several(found, slice())
      else if (taken('(')) found = several(found, callArguments())
      else if (is('{')) found = several(found, object())
      else return found
    }
  }

  function slice(): Node {
    const parts: Node[] = []
    let colons = 0
    while (!is(']')) {
      if (is(':') || is('::')) {
        colons += take().text.length
        if (colons > 2) throw unexpected(']')
      } else {
        parts.push(expression())
        if (!is(']') && !is(':') && !is('::')) throw unexpected(']')
      }
    }
    if (parts.length === 0 && colons === 0) throw unexpected('an index')
    take()
    return several(...parts)
  }

  function callArguments(): Node {
    const parts: Node[] = []
    while (!is(')')) {
      if (peek().kind === 'name' && tokens[next + 1]?.text === '=') next += 2
      parts.push(expression())
      if (!taken(',') && !is(')')) throw unexpected(', or )')
    }
    take()
    taken('tailstrict')
    return several(...parts)
  }

  function primary(): Node {
    const { kind, text: word, at } = peek()
    if (kind === 'number' || kind === 'string' || kind === 'block') return (take(), nothing)
    if (kind === 'name') return (take(), { kind: 'variable', name: word, at })
    if (kind === 'operator' && word === '$') return (take(), { kind: 'object-only', word, at })
    if (word === '{') return object()
    if (taken('[')) return list()
    if (taken('(')) {
      const inner = expression()
      expect(')')
      return inner
    }
    if (kind !== 'keyword') throw unexpected('a value')
    switch (word) {
      case 'true':
      case 'false':
      case 'null':
        return (take(), nothing)
      case 'self':
      case 'super':
        return (take(), { kind: 'object-only', word, at })
      case 'import':
      case 'importstr':
      case 'importbin':
        take()
        return several({ kind: 'import', at }, expression())
      case 'error':
        take()
        return expression()
      case 'assert': {
        const condition = assertion()
        expect(';')
        return several(condition, expression())
      }
      case 'if': {
        take()
        const condition = expression()
        expect('then')
        const chosen = expression()
        return several(condition, chosen, taken('else') ? expression() : nothing)
      }
      case 'function': {
        take()
        expect('(')
        return { kind: 'function', params: parameters(), body: expression() }
      }
      case 'local': {
        take()
        const binds = [bind()]
        while (taken(',')) binds.push(bind())
        expect(';')
        return { kind: 'local', binds, body: expression() }
      }
      default:
        throw unexpected('a value')
    }
  }

  function assertion(): Node {
    expect('assert')
    const condition = expression()
    return several(condition, taken(':') ? expression() : nothing)
  }

  function bind(): Bind {
    const bound = name()
    const params = taken('(') ? parameters() : undefined
    expect('=')
    const value = expression()
    return { ...bound, value: params ? { kind: 'function', params, body: value } : value }
  }

  function parameters(): Param[] {
    const params: Param[] = []
    while (!is(')')) {
      params.push({ ...name(), byDefault: taken('=') ? expression() : undefined })
      if (!taken(',') && !is(')')) throw unexpected(', or )')
    }
    take()
    return params
  }

  function list(): Node {
    const parts: Node[] = []
    while (!is(']')) {
      parts.push(expression())
      const comma = taken(',')
      if (is('for') && parts.length === 1) {
        const found: Node = { kind: 'comprehension', specs: specifications(), body: parts[0]! }
        expect(']')
        return found
      }
      if (!comma && !is(']')) throw unexpected(', or ]')
    }
    take()
    return several(...parts)
  }

  function specifications(): Spec[] {
    const specs: Spec[] = []
    for (;;) {
      if (taken('for')) {
        const variable = name()
        expect('in')
        specs.push({ kind: 'for', variable, list: expression() })
      } else if (taken('if')) specs.push({ kind: 'if', condition: expression() })
      else return specs
    }
  }

  function object(): Node {
    expect('{')
    const found: Extract<Node, { kind: 'object' }> = {
      kind: 'object',
      locals: [],
      names: [],
      outside: [],
      inside: [],
      specs: [],
    }
    while (!is('}')) {
      if (taken('local')) found.locals.push(bind())
      else if (is('assert')) found.inside.push(assertion())
      else member(found)
      const comma = taken(',')
      if (is('for') && found.outside.length === 1) {
        if (found.names.length > 0) throw unexpected('no other member beside a computed one')
        found.specs = specifications()
        if (!is('}')) throw unexpected('}')
      } else if (!comma && !is('}')) throw unexpected(', or }')
    }
    take()
    return found
  }

  function member(into: Extract<Node, { kind: 'object' }>): void {
    const { kind, text: word, at } = peek()
    if (kind === 'name') {
      take()
      into.names.push({ name: word, at })
    } else if (kind === 'string' || kind === 'block') {
      take()
      into.names.push({ name: kind === 'string' ? plainText(word) : word, at })
    } else if (taken('[')) {
      into.outside.push(expression())
      expect(']')
    } else throw unexpected('a member')
    const params = taken('(') ? parameters() : undefined
    if (!fieldMarks.test(peek().text) || peek().kind !== 'operator') throw unexpected(':')
    take()
    const value = expression()
    into.inside.push(params ? { kind: 'function', params, body: value } : value)
  }

  const root = expression()
  if (peek().kind !== 'end') throw unexpected('the end')
  return { tokens, root }
}

/** A text without its quotes, as far as two of them can be told apart. */
const plainText = (quoted: string): string => quoted.replace(/^@?["']/, '').slice(0, -1)
