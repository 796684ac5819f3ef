import { isObject } from './json.ts'

/**
 * Looks into a JSON value along a path in the notation of GJSON, as far as people use it at a terminal: members and list
 * positions between dots, `*` and `?` in names, `#` for the length of a list or, before more, for each element,
 * `#(name=="Ada")` for the first element that fits and `#(…)#` for all, `|` like a dot, `@this`, `@keys`, `@values` and
 * `@reverse`. A backslash takes the meaning from the character behind it.
 * @returns undefined when the path leads nowhere
 */
export const queryJson = (value: unknown, path: string): unknown => walk(value, split(path))

type Step =
  | { kind: 'name'; name: string; pattern: RegExp | undefined }
  | { kind: 'each' }
  | { kind: 'query'; path: string; operator: string; operand: unknown; all: boolean }
  | { kind: 'modifier'; name: string }
  /** What follows is about the whole result, not about each of its elements. */
  | { kind: 'whole' }

function walk(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  switch (step.kind) {
    case 'whole':
      return walk(value, rest)
    case 'name':
      return walk(member(value, step), rest)
    case 'modifier':
      return walk(modified(value, step.name), rest)
    case 'each': {
      if (!Array.isArray(value)) return undefined
      return rest.length === 0 ? value.length : overEach(value, rest)
    }
    case 'query': {
      if (!Array.isArray(value)) return undefined
      const fits = (item: unknown) => compares(step.path === '' ? item : queryJson(item, step.path), step)
      if (!step.all) return walk(value.find(fits), rest)
      return overEach(value.filter(fits), rest)
    }
  }
}

function overEach(list: readonly unknown[], steps: readonly Step[]): unknown {
  const cut = steps.findIndex(({ kind }) => kind === 'whole')
  const [inner, after] = cut === -1 ? [steps, []] : [steps.slice(0, cut), steps.slice(cut)]
  const found = list.map((item) => walk(item, inner)).filter((item) => item !== undefined)
  return walk(found, after)
}

function member(value: unknown, { name, pattern }: { name: string; pattern: RegExp | undefined }): unknown {
  if (Array.isArray(value)) return /^\d+$/.test(name) ? value[Number(name)] : undefined
  if (!isObject(value)) return undefined
  const key = pattern ? Object.keys(value).find((each) => pattern.test(each)) : name
  return key !== undefined && Object.hasOwn(value, key) ? value[key] : undefined
}

function modified(value: unknown, name: string): unknown {
  switch (name) {
    case 'this':
      return value
    case 'keys':
      return isObject(value) ? Object.keys(value) : []
    case 'values':
      return isObject(value) ? Object.values(value) : value
    case 'reverse':
      return Array.isArray(value) ? value.toReversed() : value
    default:
      return undefined
  }
}

function compares(value: unknown, { operator, operand }: { operator: string; operand: unknown }): boolean {
  switch (operator) {
    case '':
      return value !== undefined
    case '=':
    case '==':
      return value === operand
    case '!=':
      return value !== operand
    case '%':
      return typeof value === 'string' && wildcard(String(operand)).test(value)
    case '!%':
      return !(typeof value === 'string' && wildcard(String(operand)).test(value))
  }
  if (typeof value !== typeof operand || (typeof value !== 'number' && typeof value !== 'string')) return false
  const [left, right] = [value, operand as typeof value]
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  if (operator === '>') return left > right
  return left >= right
}

function split(path: string): Step[] {
  const steps: Step[] = []
  let at = 0
  while (at < path.length) {
    if (path.startsWith('#(', at)) {
      const end = closing(path, at + 1)
      const all = path[end + 1] === '#'
      steps.push(query(path.slice(at + 2, end), all))
      at = end + (all ? 2 : 1)
    } else {
      const end = endOfName(path, at)
      steps.push(named(path.slice(at, end)))
      at = end
    }
    if (path[at] === '|') steps.push({ kind: 'whole' })
    at += 1
  }
  return steps
}

function endOfName(path: string, from: number): number {
  let at = from
  while (at < path.length && path[at] !== '.' && path[at] !== '|') at += path[at] === '\\' ? 2 : 1
  return Math.min(at, path.length)
}

/** The bracket that closes the one at `from`; texts in between may hold any. */
function closing(path: string, from: number): number {
  let depth = 0
  let quoted = false
  for (let at = from; at < path.length; at++) {
    const c = path[at]
    if (c === '\\') at++
    else if (c === '"') quoted = !quoted
    else if (!quoted && c === '(') depth++
    else if (!quoted && c === ')' && --depth === 0) return at
  }
  return path.length
}

function named(text: string): Step {
  if (text === '#') return { kind: 'each' }
  if (text.startsWith('@')) return { kind: 'modifier', name: text.slice(1) }
  return {
    kind: 'name',
    name: text.replace(/\\(.)/gs, '$1'),
    pattern: /(?<!\\)(?:\\\\)*[*?]/.test(text) ? wildcard(text) : undefined,
  }
}

function query(text: string, all: boolean): Step {
  const [, path = text, operator = '', written = ''] = /^(.*?)(==|!=|<=|>=|!%|[=<>%])(.*)$/s.exec(text) ?? []
  return { kind: 'query', path: path.trim(), operator, operand: operandOf(written.trim()), all }
}

function operandOf(written: string): unknown {
  try {
    return JSON.parse(written) as unknown
  } catch {
    return written
  }
}

const wildcard = (glob: string): RegExp =>
  new RegExp(
    `^${glob.replace(/\\(.)|\*|\?|[^]/gs, (token, escaped?: string) => {
      if (escaped !== undefined) return escape(escaped)
      if (token === '*') return '.*'
      return token === '?' ? '.' : escape(token)
    })}$`,
    's',
  )

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
