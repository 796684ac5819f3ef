import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../lib/json.ts'
import type { Finding, Keywords, Shape } from '../lib/shape.ts'
import { formats } from './formats.ts'
import { type Problem, nearest, shown } from './problem.ts'

/**
 * Fills in the defaults of `shape` and checks the result against it.
 * @returns the completed value and every problem that was found; the value is of use only if there is none.
 */
export function complete<T>(shape: Shape<T>, value: unknown): { value: T; problems: Problem[] } {
  const problems: Problem[] = []
  const completed = visit(shape, value, [], problems) as T
  return { value: completed, problems }
}

function visit(shape: Keywords, given: unknown, path: readonly string[], problems: Problem[]): unknown {
  const value = given === undefined ? fallback(shape) : given
  if (value === undefined) {
    if (!shape.optional && !shape.derived) problems.push(missing(shape, path))
    return undefined
  }
  if (value === null && shape.nullable) return null
  const before = problems.length
  const completed = byType(shape, value, path, problems)
  // A rule looks at several keys; with one of them broken it would report a second time what is known already.
  if (shape.rule && problems.length === before) {
    const findings: Finding[] = shape.rule(completed as never)
    for (const { at, reason, remedy } of findings)
      problems.push({ ...placed([...path, ...at], member(completed, at)), reason, remedy })
  }
  return completed
}

function fallback(shape: Keywords): unknown {
  if (shape.default !== undefined) return structuredClone(shape.default)
  return shape.type === 'object' && !shape.either && !shape.optional ? {} : undefined
}

const member = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value)

const placed = (path: readonly string[], value: unknown): Pick<Problem, 'path' | 'value'> => ({
  path: path.join('.'),
  ...(value === undefined ? {} : { value: shown(path, value) }),
})

const missing = (shape: Keywords, path: readonly string[]): Problem => ({
  path: path.join('.'),
  reason: 'This key is required, but missing.',
  remedy: `Add it: ${expectation(shape)}.`,
})

function byType(shape: Keywords, value: unknown, path: readonly string[], problems: Problem[]): unknown {
  const report = (reason: string, remedy: string) => problems.push({ ...placed(path, value), reason, remedy })
  switch (shape.type) {
    case undefined:
      return value
    case 'boolean':
      if (typeof value !== 'boolean') mismatch(shape, value, path, problems)
      return value
    case 'integer':
    case 'number':
      if (typeof value !== 'number' || (shape.type === 'integer' && !Number.isInteger(value))) {
        mismatch(shape, value, path, problems)
      } else if (value < (shape.minimum ?? -Infinity) || value > (shape.maximum ?? Infinity)) {
        report('This number is out of range.', `Write ${expectation(shape)}.`)
      }
      return value
    case 'string':
      if (typeof value !== 'string') mismatch(shape, value, path, problems)
      else checkText(shape, value, report)
      return value
    case 'array':
      if (!Array.isArray(value)) {
        mismatch(shape, value, path, problems)
        return value
      }
      return visitList(shape, value, path, problems)
    default:
      if (!isObject(value)) {
        mismatch(shape, value, path, problems)
        return value
      }
      return shape.either ? visitKind(shape.either, value, path, problems) : visitObject(shape, value, path, problems)
  }
}

function checkText(shape: Keywords, value: string, report: (reason: string, remedy: string) => void): void {
  const length = [...value].length
  if (shape.enum && !shape.enum.includes(value)) {
    const meant = nearest(value, shape.enum)
    report(
      'This is not among the values that are possible here.',
      `${meant === undefined ? '' : `Did you mean ${meant}? `}Write ${expectation(shape)}.`,
    )
  } else if (length < (shape.minLength ?? 0) || length > (shape.maxLength ?? Infinity)) {
    report(`This text has ${length} characters.`, `Write ${expectation(shape)}.`)
  } else if (shape.format !== undefined && !formats[shape.format].fits(value)) {
    const { is, like } = formats[shape.format]
    report(is, `Write something like ${like}.`)
  } else if (shape.pattern !== undefined && !new RegExp(shape.pattern).test(value)) {
    report('This text has the wrong form.', `Write ${expectation(shape)}.`)
  }
}

function visitList(shape: Keywords, value: unknown[], path: readonly string[], problems: Problem[]): unknown[] {
  if (value.length < (shape.minItems ?? 0))
    problems.push({
      ...placed(path, value),
      reason: 'This list is too short.',
      remedy: `It needs ${shape.minItems} entry at least.`,
    })
  if (shape.uniqueItems) {
    const twice = value.findIndex((item, index) =>
      value.slice(0, index).some((earlier) => isDeepStrictEqual(item, earlier)),
    )
    if (twice !== -1)
      problems.push({
        ...placed(path, value),
        reason: `Entry ${twice} is in this list already.`,
        remedy: 'Remove one of the two.',
      })
  }
  return value.map((item, index) => visit(shape.items ?? {}, item ?? null, [...path, String(index)], problems))
}

function visitObject(
  shape: Keywords,
  value: Record<string, unknown>,
  path: readonly string[],
  problems: Problem[],
): Record<string, unknown> {
  const known = shape.properties ?? {}
  const completed: Record<string, unknown> = {}
  for (const [key, inner] of Object.entries(known)) {
    const result = visit(inner, Object.hasOwn(value, key) ? value[key] : undefined, [...path, key], problems)
    if (result !== undefined) completed[key] = result
  }
  for (const [key, item] of Object.entries(value)) {
    if (Object.hasOwn(known, key)) continue
    const others = shape.additionalProperties
    if (others === false) problems.push(unknownKey(key, Object.keys(known), path))
    else completed[key] = typeof others === 'object' ? visit(others, item, [...path, key], problems) : item
  }
  return completed
}

// Its value is not shown: a misspelt key may hold a secret.
function unknownKey(key: string, known: readonly string[], path: readonly string[]): Problem {
  const meant = nearest(key, known)
  const remedy =
    meant !== undefined
      ? `Did you mean ${meant}?`
      : known.length <= 12
        ? `Possible here: ${known.join(', ')}.`
        : 'Remove it, or check where it belongs.'
  return { path: [...path, key].join('.'), reason: 'There is no such key.', remedy }
}

function visitKind(
  { by, kinds }: NonNullable<Keywords['either']>,
  value: Record<string, unknown>,
  path: readonly string[],
  problems: Problem[],
): unknown {
  const kind = kinds.find((candidate) => candidate.properties?.[by]?.enum?.some((name) => name === value[by]))
  if (kind) return visit(kind, value, path, problems)
  const names = kinds.flatMap((candidate) => candidate.properties?.[by]?.enum ?? [])
  const meant = typeof value[by] === 'string' ? nearest(value[by], names) : undefined
  problems.push({
    ...placed([...path, by], value[by]),
    reason: value[by] === undefined ? 'This key is required, but missing.' : 'This is not possible here.',
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Possible are: ${names.join(', ')}.`,
  })
  return value
}

const typeNames: Record<NonNullable<Keywords['type']>, string> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

function mismatch(shape: Keywords, value: unknown, path: readonly string[], problems: Problem[]): void {
  const container = shape.type === 'array' || shape.type === 'object'
  const quoted = shape.type === 'string' && (typeof value === 'boolean' || typeof value === 'number')
  const unquoted = (shape.type === 'boolean' || shape.type === 'integer') && typeof value === 'string'
  problems.push({
    path: path.join('.'),
    value: shown(path, value, container ? 'container' : 'scalar'),
    reason: `This has to be ${typeNames[shape.type!]}.`,
    remedy:
      value === null
        ? 'Give it a value, or remove the key.'
        : quoted
          ? `Put it in quotes if it is what you mean, or write ${expectation(shape)}.`
          : `Write ${expectation(shape)}${unquoted ? ', without quotes' : ''}.`,
  })
}

/** What would be right, as part of a sentence. */
function expectation(shape: Keywords): string {
  if (shape.enum) return shape.enum.length === 1 ? shape.enum[0]! : `one of ${shape.enum.join(', ')}`
  if (shape.format) return `something like ${formats[shape.format].like}`
  if (shape.pattern) return `a text that matches ${shape.pattern}`
  if (shape.minLength !== undefined && shape.minLength === shape.maxLength)
    return `a text of exactly ${shape.minLength} characters`
  if (shape.minLength !== undefined) return `a text of ${shape.minLength} characters or more`
  const name = shape.type === undefined ? 'a value' : typeNames[shape.type]
  if (shape.minimum !== undefined && shape.maximum !== undefined)
    return `${name} from ${shape.minimum} to ${shape.maximum}`
  if (shape.minimum !== undefined) return `${name}, ${shape.minimum} or more`
  return name
}
