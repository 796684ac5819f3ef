import type { SchemaNode } from './node.ts'
import { canonical, deepEqual, isDeeperThan } from './equal.ts'
import type { Extension } from './extension.ts'
import { multipleOf } from './multiple.ts'
import { escapePointer, quote, toPointer } from './problem.ts'

/** A rule that a value breaks. Errors with causes are there for the reports; forms show the innermost causes. */
export type SchemaError = {
  /** The members that lead to the value; list positions as decimal text. */
  path: readonly string[]
  /** The same as a pointer: `#/traits/name/first`. */
  instancePointer: string
  /** Where the rule stands in the schema: `#/properties/traits/properties/name/properties/first/minLength`. */
  schemaPointer: string
  /** The rule's keyword; `always` for the schema `false`, `ory.sh/kratos` for what the server's own keywords ask. */
  keyword: string
  text: string
  params: Readonly<Record<string, unknown>>
  causes: readonly SchemaError[]
}

/** A value that the server uses: its schema carries `ory.sh/kratos` and matches. */
export type ExtensionHit = {
  path: readonly string[]
  pointer: string
  value: unknown
  format: string | undefined
  extension: Extension
  /** Where the keyword stands. */
  schemaPointer: string
}

/** What the server asks of such a value beyond the schema. An error counts like one of the schema's own. */
export type ExtensionCheck = (hit: ExtensionHit) => SchemaError | undefined

/** A schema that makes more work than this for one document is no schema of a person. */
const maxSteps = 1_000_000
/** What nests deeper is refused before anything goes through it. */
export const maxValueDepth = 512
/** More errors than this help nobody. */
const maxErrors = 200

type Path = { readonly parent: Path | undefined; readonly key: string }
type Errors = SchemaError[] | undefined
type Run = {
  hits: ExtensionHit[]
  check: ExtensionCheck | undefined
  steps: number
  errorsLeft: number
  /** Above 0 inside of schemas that only ask, such as `not` and `if`: their marks mean nothing. */
  asking: number
}

/** Applies a schema to a value. The order of errors and hits is that of the keywords, then of the schema's members. */
export function evaluate(
  node: SchemaNode,
  value: unknown,
  { at = [], check }: { at?: readonly string[]; check?: ExtensionCheck | undefined } = {},
): { errors: SchemaError[]; hits: ExtensionHit[] } {
  const run: Run = { hits: [], check, steps: 0, errorsLeft: maxErrors, asking: 0 }
  let path: Path | undefined
  for (const key of at) path = { parent: path, key }
  const errors = isDeeperThan(value, maxValueDepth)
    ? [broken(run, node, path, 'limit', `This nests deeper than ${maxValueDepth} levels.`, {}, [], '')]
    : apply(node, value, path, run)
  return errors ? { errors, hits: [] } : { errors: [], hits: run.hits }
}

function segments(path: Path | undefined): string[] {
  const out: string[] = []
  for (let at = path; at; at = at.parent) out.push(at.key)
  return out.toReversed()
}

function broken(
  run: Run,
  node: SchemaNode,
  at: Path | undefined,
  keyword: string,
  text: string,
  params: Record<string, unknown> = {},
  causes: readonly SchemaError[] = [],
  detail = keyword,
): SchemaError {
  run.errorsLeft -= 1
  const path = segments(at)
  return {
    path,
    instancePointer: toPointer(path),
    schemaPointer: detail === '' ? node.location : `${node.location}/${detail}`,
    keyword,
    text,
    params,
    causes,
  }
}

const add = (errors: Errors, more: Errors): Errors => {
  if (more === undefined) return errors
  if (errors === undefined) return more
  errors.push(...more)
  return errors
}

/** The type of a value in the words of JSON Schema. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

function apply(node: SchemaNode, value: unknown, path: Path | undefined, run: Run): Errors {
  if (node.ref) return apply(node.ref, value, path, run)
  run.steps += 1
  if (run.steps > maxSteps) return [broken(run, node, path, 'limit', 'This takes too long to check.', {}, [], '')]
  if (node.always !== undefined) {
    return node.always ? undefined : [broken(run, node, path, 'always', 'Nothing is allowed here.', {}, [], '')]
  }
  const type = typeOf(value)
  if (
    node.types &&
    !node.types.some((allowed) => allowed === type || (allowed === 'integer' && Number.isInteger(value)))
  ) {
    const params = { allowed_types: node.types, actual_type: type }
    return [broken(run, node, path, 'type', `This has to be ${node.types.join(' or ')}, not ${type}.`, params)]
  }

  let errors: Errors
  const fail = (keyword: string, text: string, params?: Record<string, unknown>) => {
    errors = add(errors, [broken(run, node, path, keyword, text, params)])
  }
  if (node.constant && !deepEqual(value, node.constant.value)) {
    fail('const', `This has to be ${quote(node.constant.value)}.`, node.constant)
  }
  if (node.choices && !node.choices.some((choice) => deepEqual(value, choice))) {
    fail('enum', `This has to be one of ${node.choices.map(quote).join(', ')}.`)
  }
  if (node.checkFormat && !(typeof value === 'string' && node.checkFormat(value))) {
    fail('format', `${quote(value)} is not a valid ${node.format}.`, { format: node.format, value })
  }
  errors = add(errors, combinators(node, value, path, run))
  switch (type) {
    case 'object':
      errors = add(errors, members(node, value as Record<string, unknown>, path, run))
      break
    case 'array':
      errors = add(errors, elements(node, value as unknown[], path, run))
      break
    case 'string': {
      const text = value as string
      if (node.minLength !== undefined || node.maxLength !== undefined) {
        const length = codePoints(text)
        if (node.minLength !== undefined && length < node.minLength) {
          fail('minLength', `This needs ${node.minLength} characters or more, not ${length}.`, {
            min_length: node.minLength,
            actual_length: length,
          })
        }
        if (node.maxLength !== undefined && length > node.maxLength) {
          fail('maxLength', `This may have ${node.maxLength} characters, not ${length}.`, {
            max_length: node.maxLength,
            actual_length: length,
          })
        }
      }
      if (node.pattern && !node.pattern.matches(text)) {
        fail('pattern', `This does not match the pattern ${quote(node.pattern.source)}.`, {
          pattern: node.pattern.source,
        })
      }
      break
    }
    case 'number': {
      const actual = value as number
      const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = node
      if (minimum !== undefined && actual < minimum)
        fail('minimum', `This has to be ${minimum} or more.`, { minimum, actual })
      if (exclusiveMinimum !== undefined && actual <= exclusiveMinimum) {
        fail('exclusiveMinimum', `This has to be more than ${exclusiveMinimum}.`, { minimum: exclusiveMinimum, actual })
      }
      if (maximum !== undefined && actual > maximum)
        fail('maximum', `This has to be ${maximum} or less.`, { maximum, actual })
      if (exclusiveMaximum !== undefined && actual >= exclusiveMaximum) {
        fail('exclusiveMaximum', `This has to be less than ${exclusiveMaximum}.`, { maximum: exclusiveMaximum, actual })
      }
      if (node.multipleOf !== undefined && !multipleOf(actual, node.multipleOf)) {
        fail('multipleOf', `This has to be a multiple of ${node.multipleOf}.`, { base: node.multipleOf, actual })
      }
      break
    }
  }
  if (node.extension && run.asking === 0 && value !== null)
    errors = add(errors, mark(node, node.extension, value, path, run))
  return errors
}

function mark(node: SchemaNode, extension: Extension, value: unknown, at: Path | undefined, run: Run): Errors {
  const path = segments(at)
  const schemaPointer = `${node.location}/${escapePointer('ory.sh/kratos')}`
  const hit = { path, pointer: toPointer(path), value, format: node.format, extension, schemaPointer }
  run.hits.push(hit)
  const problem = run.check?.(hit)
  if (problem === undefined) return undefined
  run.errorsLeft -= 1
  return [problem]
}

/** Applies one branch of several: what it marked counts only if it matches. */
function branch(node: SchemaNode, value: unknown, path: Path | undefined, run: Run): Errors {
  const hits = run.hits.length
  const errors = apply(node, value, path, run)
  if (errors) run.hits.length = hits
  return errors
}

/** Asks whether a schema matches, without any other consequence. */
function asks(node: SchemaNode, value: unknown, path: Path | undefined, run: Run): Errors {
  const { errorsLeft } = run
  run.asking += 1
  const errors = apply(node, value, path, run)
  run.asking -= 1
  run.errorsLeft = errorsLeft
  return errors
}

function combinators(node: SchemaNode, value: unknown, path: Path | undefined, run: Run): Errors {
  let errors: Errors
  if (node.not && !asks(node.not, value, path, run)) {
    errors = add(errors, [broken(run, node, path, 'not', 'This has a form that is excluded.')])
  }
  for (const part of node.allOf ?? []) errors = add(errors, apply(part, value, path, run))
  if (node.anyOf) {
    const { errorsLeft } = run
    const causes: SchemaError[] = []
    let matched = false
    for (const choice of node.anyOf) {
      const failed = branch(choice, value, path, run)
      if (failed === undefined) {
        matched = true
        break
      }
      causes.push(...failed)
    }
    if (matched) run.errorsLeft = errorsLeft
    else
      errors = add(errors, [
        broken(run, node, path, 'anyOf', 'This matches none of the forms that are allowed.', {}, causes),
      ])
  }
  if (node.oneOf) errors = add(errors, exactlyOne(node, node.oneOf, value, path, run))
  if (node.when) {
    const next = asks(node.when, value, path, run) ? node.otherwise : node.whenMatched
    if (next) errors = add(errors, apply(next, value, path, run))
  }
  return errors
}

function exactlyOne(
  node: SchemaNode,
  choices: readonly SchemaNode[],
  value: unknown,
  path: Path | undefined,
  run: Run,
): Errors {
  const { errorsLeft } = run
  const causes: SchemaError[] = []
  let matched: number | undefined
  for (const [index, choice] of choices.entries()) {
    const failed = branch(choice, value, path, run)
    if (failed) causes.push(...failed)
    else if (matched === undefined) matched = index
    else {
      run.errorsLeft = errorsLeft
      return [
        broken(
          run,
          node,
          path,
          'oneOf',
          `This matches two forms at once, number ${matched + 1} and number ${index + 1}.`,
        ),
      ]
    }
  }
  if (matched === undefined) {
    return [broken(run, node, path, 'oneOf', 'This matches none of the forms that are allowed.', {}, causes)]
  }
  run.errorsLeft = errorsLeft
  return undefined
}

function members(node: SchemaNode, value: Record<string, unknown>, path: Path | undefined, run: Run): Errors {
  let errors: Errors
  const fail = (keyword: string, text: string, params?: Record<string, unknown>, detail?: string) => {
    errors = add(errors, [broken(run, node, path, keyword, text, params, [], detail)])
  }
  const { minProperties, maxProperties, required } = node
  if (minProperties !== undefined || maxProperties !== undefined) {
    const count = Object.keys(value).length
    if (minProperties !== undefined && count < minProperties)
      fail('minProperties', `This needs ${minProperties} members or more, not ${count}.`)
    if (maxProperties !== undefined && count > maxProperties)
      fail('maxProperties', `This may have ${maxProperties} members, not ${count}.`)
  }
  if (required) {
    const missing = required.filter((name) => !Object.hasOwn(value, name))
    if (missing.length > 0)
      fail('required', `${missing.map(quote).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`, { missing })
  }
  if (node.properties) {
    for (const [name, inner] of node.properties) {
      if (Object.hasOwn(value, name)) errors = add(errors, apply(inner, value[name], { parent: path, key: name }, run))
    }
  }
  const { propertyNames, patternProperties, additionalProperties, dependencies } = node
  if (propertyNames || patternProperties || (additionalProperties !== undefined && additionalProperties !== true)) {
    const unknown: string[] = []
    for (const name of Object.keys(value)) {
      if (run.errorsLeft <= 0) break
      const at = { parent: path, key: name }
      if (propertyNames) {
        run.asking += 1
        errors = add(errors, apply(propertyNames, name, at, run))
        run.asking -= 1
      }
      let known = node.properties?.has(name) ?? false
      for (const { pattern, node: inner } of patternProperties ?? []) {
        if (!pattern.matches(name)) continue
        known = true
        errors = add(errors, apply(inner, value[name], at, run))
      }
      if (known) continue
      if (typeof additionalProperties === 'object')
        errors = add(errors, apply(additionalProperties, value[name], at, run))
      else if (additionalProperties === false) unknown.push(name)
    }
    if (unknown.length > 0) {
      const shown = unknown.slice(0, 20).map(quote).join(', ')
      fail('additionalProperties', `${shown} may not be here.`)
    }
  }
  for (const [name, needs] of dependencies ?? []) {
    if (!Object.hasOwn(value, name)) continue
    if ('location' in needs) {
      errors = add(errors, apply(needs, value, path, run))
      continue
    }
    for (const [index, other] of needs.entries()) {
      if (Object.hasOwn(value, other)) continue
      fail(
        'dependencies',
        `${quote(other)} is needed beside ${quote(name)}.`,
        {},
        `dependencies/${escapePointer(name)}/${index}`,
      )
    }
  }
  return errors
}

function elements(node: SchemaNode, value: readonly unknown[], path: Path | undefined, run: Run): Errors {
  let errors: Errors
  const fail = (keyword: string, text: string, params?: Record<string, unknown>) => {
    errors = add(errors, [broken(run, node, path, keyword, text, params)])
  }
  const actual = value.length
  const { minItems, maxItems, items, additionalItems } = node
  if (minItems !== undefined && actual < minItems) {
    fail('minItems', `This needs ${minItems} entries or more, not ${actual}.`, {
      min_items: minItems,
      actual_items: actual,
    })
  }
  if (maxItems !== undefined && actual > maxItems) {
    fail('maxItems', `This may have ${maxItems} entries, not ${actual}.`, { max_items: maxItems, actual_items: actual })
  }
  if (node.uniqueItems) {
    for (const [first, second] of equalPairs(value, run.errorsLeft)) {
      fail('uniqueItems', `The entries ${first + 1} and ${second + 1} are the same.`, {
        index_a: first,
        index_b: second,
      })
    }
  }
  if (Array.isArray(items)) {
    for (const [index, item] of value.entries()) {
      const inner = (items as readonly SchemaNode[])[index] ?? additionalItems
      if (typeof inner !== 'object' || run.errorsLeft <= 0) break
      errors = add(errors, apply(inner, item, { parent: path, key: String(index) }, run))
    }
    if (additionalItems === false && actual > items.length) {
      fail('additionalItems', `This may have ${items.length} entries, not ${actual}.`)
    }
  } else if (items) {
    for (const [index, item] of value.entries()) {
      if (run.errorsLeft <= 0) break
      errors = add(errors, apply(items as SchemaNode, item, { parent: path, key: String(index) }, run))
    }
  }
  if (node.contains) errors = add(errors, contains(node, node.contains, value, path, run))
  return errors
}

function contains(
  node: SchemaNode,
  wanted: SchemaNode,
  value: readonly unknown[],
  path: Path | undefined,
  run: Run,
): Errors {
  const causes: SchemaError[] = []
  for (const [index, item] of value.entries()) {
    const failed = asks(wanted, item, { parent: path, key: String(index) }, run)
    if (failed === undefined) return undefined
    if (causes.length < maxErrors) causes.push(...failed)
  }
  return [broken(run, node, path, 'contains', 'This has no entry of the kind that is needed.', {}, causes)]
}

/** Positions of equal entries, ordered by the second; not more than `limit`. */
function* equalPairs(value: readonly unknown[], limit: number): Generator<[number, number]> {
  const seen = new Map<string, number[]>()
  let left = limit
  for (const [second, item] of value.entries()) {
    const key = canonical(item)
    const same = seen.get(key)
    if (same === undefined) {
      seen.set(key, [second])
      continue
    }
    for (const first of same) {
      if (left <= 0) return
      left -= 1
      yield [first, second]
    }
    same.push(second)
  }
}

function codePoints(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length - 1; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0xd800 || unit > 0xdbff) continue
    const next = text.charCodeAt(at + 1)
    if (next >= 0xdc00 && next <= 0xdfff) {
      count -= 1
      at += 1
    }
  }
  return count
}
