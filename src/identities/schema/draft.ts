import { OrderedObject, unordered, type OrderedJson } from '../../lib/ordered-json.ts'
import { deepEqual } from './equal.ts'
import { isPattern } from './pattern.ts'
import { parseGoUrl } from '../../lib/go-url.ts'

export type Draft = 4 | 6 | 7

/** The drafts by the value of `$schema`; the number sign at the end belongs to it. */
export const drafts: ReadonlyMap<string, Draft> = new Map([
  ['http://json-schema.org/schema#', 7],
  ['http://json-schema.org/draft-07/schema#', 7],
  ['http://json-schema.org/draft-06/schema#', 6],
  ['http://json-schema.org/draft-04/schema#', 4],
])

/** What stands at one place of a schema and may not. `path` are the members that lead there. */
export type Finding = { path: readonly string[]; text: string }

type Rule = (value: OrderedJson, draft: Draft) => string | undefined
/** How the value of a keyword holds further schemas. */
type Holds = 'schema' | 'schemas' | 'schema-or-schemas' | 'map' | 'schema-or-boolean' | 'dependencies'
type Keyword = {
  /** Drafts that know the keyword; in others it is an annotation. All by default. */
  since?: Draft
  until?: Draft
  rule?: Rule
  holds?: Holds
}

const isText: Rule = (v) => (typeof v === 'string' ? undefined : 'has to be a text')
const isBoolean: Rule = (v) => (typeof v === 'boolean' ? undefined : 'has to be true or false')
const isNumber: Rule = (v) => (typeof v === 'number' ? undefined : 'has to be a number')
const isCount: Rule = (v) =>
  typeof v === 'number' && Number.isInteger(v) && v >= 0 ? undefined : 'has to be an integer of 0 or more'
const isReference: Rule = (v) =>
  typeof v === 'string' && parseGoUrl(v) ? undefined : 'has to be a URL or relative reference'
const isExpression: Rule = (v) =>
  typeof v === 'string' && isPattern(v) ? undefined : 'has to be a regular expression in the RE2 dialect'
const isObject: Rule = (v) => (v instanceof OrderedObject ? undefined : 'has to be an object')
const isList: Rule = (v) => (Array.isArray(v) ? undefined : 'has to be a list')
const isPositive: Rule = (v) => (typeof v === 'number' && v > 0 ? undefined : 'has to be a number above 0')

// A number is of no use in draft 4, but the start-up check with the rules of draft 7 asks for one.
const isExclusive: Rule = (v, draft) => (draft === 4 && typeof v === 'boolean' ? undefined : isNumber(v, draft))

const isNames =
  ({ emptyFrom }: { emptyFrom: Draft }): Rule =>
  (v, draft) => {
    if (!Array.isArray(v) || !v.every((name) => typeof name === 'string')) return 'has to be a list of names'
    if (v.length === 0 && draft < emptyFrom) return 'may not be empty in this draft'
    return new Set(v).size < v.length ? 'names something twice' : undefined
  }

const types = new Set<OrderedJson>(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])
const isType: Rule = (v) => {
  const list = Array.isArray(v) ? v : [v]
  if (list.length === 0 || !list.every((type) => types.has(type)))
    return `has to be one or some of ${[...types].join(', ')}`
  return new Set(list).size < list.length ? 'names a type twice' : undefined
}
const isChoices: Rule = (v, draft) => {
  if (!Array.isArray(v)) return 'has to be a list'
  if (draft === 7) return undefined
  if (v.length === 0) return 'may not be empty in this draft'
  const values = v.map(unordered)
  return values.some((value, at) => values.slice(0, at).some((other) => deepEqual(value, other)))
    ? 'holds a value twice'
    : undefined
}
const isBranches: Rule = (v) =>
  Array.isArray(v) && v.length > 0 ? undefined : 'has to be a list of one schema or more'
const isItems: Rule = (v, draft) =>
  Array.isArray(v) && draft === 4 && v.length === 0 ? 'may not be empty in this draft' : undefined
const hasPatternNames: Rule = (v) => {
  if (!(v instanceof OrderedObject)) return 'has to be an object'
  const broken = [...v.keys()].find((name) => !isPattern(name))
  return broken === undefined
    ? undefined
    : `has the name ${JSON.stringify(broken)}, which is no regular expression in the RE2 dialect`
}

/** TABLE of the keywords: who knows them, what their value has to be, and where further schemas are found. */
const keywords: Readonly<Record<string, Keyword>> = {
  __proto__: null as never,
  $schema: { rule: isReference },
  id: { until: 4, rule: isText },
  $id: { since: 6, rule: isReference },
  $ref: { rule: (v, draft) => (draft === 4 ? isText(v, draft) : isReference(v, draft)) },
  $comment: { since: 7, rule: isText },
  title: { rule: isText },
  description: { rule: isText },
  format: { rule: isText },
  examples: { since: 6, rule: isList },
  readOnly: { since: 7, rule: isBoolean },
  type: { rule: isType },
  enum: { rule: isChoices },
  multipleOf: { rule: isPositive },
  maximum: { rule: isNumber },
  exclusiveMaximum: { rule: isExclusive },
  minimum: { rule: isNumber },
  exclusiveMinimum: { rule: isExclusive },
  maxLength: { rule: isCount },
  minLength: { rule: isCount },
  pattern: { rule: isExpression },
  contentMediaType: { since: 7, rule: isText },
  contentEncoding: { since: 7, rule: isText },
  items: { rule: isItems, holds: 'schema-or-schemas' },
  additionalItems: { holds: 'schema-or-boolean' },
  maxItems: { rule: isCount },
  minItems: { rule: isCount },
  uniqueItems: { rule: isBoolean },
  contains: { since: 6, holds: 'schema' },
  maxProperties: { rule: isCount },
  minProperties: { rule: isCount },
  required: { rule: isNames({ emptyFrom: 6 }) },
  properties: { rule: isObject, holds: 'map' },
  patternProperties: { rule: hasPatternNames, holds: 'map' },
  additionalProperties: { holds: 'schema-or-boolean' },
  propertyNames: { since: 6, holds: 'schema' },
  dependencies: { rule: isObject, holds: 'dependencies' },
  definitions: { rule: isObject, holds: 'map' },
  if: { since: 7, holds: 'schema' },
  then: { since: 7, holds: 'schema' },
  else: { since: 7, holds: 'schema' },
  allOf: { rule: isBranches, holds: 'schemas' },
  anyOf: { rule: isBranches, holds: 'schemas' },
  oneOf: { rule: isBranches, holds: 'schemas' },
  not: { holds: 'schema' },
}

export const isKnown = (name: string, draft: Draft): boolean => {
  const keyword = keywords[name]
  return keyword !== undefined && draft >= (keyword.since ?? 4) && draft <= (keyword.until ?? 7)
}

const isNameList = isNames({ emptyFrom: 6 })

/** A place of a document where a schema is expected. */
export type Position = { schema: OrderedJson; path: readonly string[] }

/** Whether a value can be a schema at all. */
export const isSchema = (value: OrderedJson, draft: Draft): boolean =>
  value instanceof OrderedObject || (draft > 4 && typeof value === 'boolean')

/** The schemas right inside of one, in the order of the text. Keywords of the wrong shape are left out. */
export function* children({ schema, path }: Position, draft: Draft): Generator<Position> {
  if (!(schema instanceof OrderedObject)) return
  for (const [name, value] of schema) {
    if (!isKnown(name, draft)) continue
    const holds = keywords[name]?.holds
    if (holds === undefined) continue
    const inner = [...path, name]
    if (value instanceof OrderedObject && (holds === 'map' || holds === 'dependencies')) {
      for (const [key, member] of value) {
        if (holds === 'dependencies' && Array.isArray(member)) continue
        yield { schema: member, path: [...inner, key] }
      }
    } else if (Array.isArray(value) && (holds === 'schemas' || holds === 'schema-or-schemas')) {
      for (const [index, member] of value.entries()) yield { schema: member, path: [...inner, String(index)] }
    } else if (
      holds === 'schema-or-boolean'
        ? typeof value !== 'boolean'
        : !(holds === 'map' || holds === 'dependencies' || holds === 'schemas')
    ) {
      yield { schema: value, path: inner }
    }
  }
}

/** Every schema of a document, the document first, each with its place. */
export function* everySchema(position: Position, draft: Draft): Generator<Position> {
  yield position
  for (const child of children(position, draft)) yield* everySchema(child, draft)
}

/** The rules of its draft that a document breaks. */
export function checkDraft(root: OrderedJson, draft: Draft): Finding[] {
  const out: Finding[] = []
  for (const { schema, path } of everySchema({ schema: root, path: [] }, draft)) {
    if (!isSchema(schema, draft)) {
      out.push({ path, text: draft === 4 ? 'has to be an object' : 'has to be an object, true or false' })
      continue
    }
    if (!(schema instanceof OrderedObject)) continue
    for (const [name, value] of schema) {
      if (!isKnown(name, draft)) continue
      const problem = keywords[name]?.rule?.(value, draft)
      if (problem !== undefined) out.push({ path: [...path, name], text: problem })
      if (name === 'dependencies' && value instanceof OrderedObject) {
        for (const [key, names] of value) {
          const problem = Array.isArray(names) ? isNameList(names, draft) : undefined
          if (problem !== undefined) out.push({ path: [...path, name, key], text: problem })
        }
      }
    }
    if (draft === 4) {
      for (const [exclusive, bound] of [
        ['exclusiveMinimum', 'minimum'],
        ['exclusiveMaximum', 'maximum'],
      ] as const) {
        if (typeof schema.get(exclusive) === 'boolean' && !schema.has(bound))
          out.push({ path: [...path, exclusive], text: `needs ${bound} beside it` })
      }
    }
  }
  return out
}
