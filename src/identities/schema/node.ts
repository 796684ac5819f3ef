import type { Extension } from './extension.ts'
import type { Pattern } from './pattern.ts'

/** One compiled schema. What a draft does not know is undefined in it. */
export type SchemaNode = {
  /** Where it stands, as a pointer; in other documents after their address. */
  readonly location: string
  always: boolean | undefined
  ref: SchemaNode | undefined
  types: readonly string[] | undefined
  /** `spelling` is the text of a number as the schema writes it. */
  constant: { value: unknown; spelling: string } | undefined
  choices: readonly unknown[] | undefined
  format: string | undefined
  checkFormat: ((text: string) => boolean) | undefined
  not: SchemaNode | undefined
  allOf: readonly SchemaNode[] | undefined
  anyOf: readonly SchemaNode[] | undefined
  oneOf: readonly SchemaNode[] | undefined
  when: SchemaNode | undefined
  whenMatched: SchemaNode | undefined
  otherwise: SchemaNode | undefined
  minProperties: number | undefined
  maxProperties: number | undefined
  required: readonly string[] | undefined
  properties: ReadonlyMap<string, SchemaNode> | undefined
  propertyNames: SchemaNode | undefined
  patternProperties: readonly { pattern: Pattern; node: SchemaNode }[] | undefined
  additionalProperties: boolean | SchemaNode | undefined
  dependencies: ReadonlyMap<string, readonly string[] | SchemaNode> | undefined
  minItems: number | undefined
  maxItems: number | undefined
  uniqueItems: boolean
  items: SchemaNode | readonly SchemaNode[] | undefined
  additionalItems: boolean | SchemaNode | undefined
  contains: SchemaNode | undefined
  minLength: number | undefined
  maxLength: number | undefined
  pattern: Pattern | undefined
  minimum: number | undefined
  exclusiveMinimum: number | undefined
  maximum: number | undefined
  exclusiveMaximum: number | undefined
  multipleOf: number | undefined
  extension: Extension | undefined
  title: string
  hasDefault: boolean
}

/** The schemas that a schema applies to its own value. */
export function* samePlace(node: SchemaNode): Generator<SchemaNode> {
  for (const next of [node.ref, node.not, node.when, node.whenMatched, node.otherwise]) if (next) yield next
  for (const list of [node.allOf, node.anyOf, node.oneOf]) if (list) yield* list
  for (const dependency of node.dependencies?.values() ?? []) if ('location' in dependency) yield dependency
}

export const emptyNode = (location: string): SchemaNode => ({
  location,
  always: undefined,
  ref: undefined,
  types: undefined,
  constant: undefined,
  choices: undefined,
  format: undefined,
  checkFormat: undefined,
  not: undefined,
  allOf: undefined,
  anyOf: undefined,
  oneOf: undefined,
  when: undefined,
  whenMatched: undefined,
  otherwise: undefined,
  minProperties: undefined,
  maxProperties: undefined,
  required: undefined,
  properties: undefined,
  propertyNames: undefined,
  patternProperties: undefined,
  additionalProperties: undefined,
  dependencies: undefined,
  minItems: undefined,
  maxItems: undefined,
  uniqueItems: false,
  items: undefined,
  additionalItems: undefined,
  contains: undefined,
  minLength: undefined,
  maxLength: undefined,
  pattern: undefined,
  minimum: undefined,
  exclusiveMinimum: undefined,
  maximum: undefined,
  exclusiveMaximum: undefined,
  multipleOf: undefined,
  extension: undefined,
  title: '',
  hasDefault: false,
})
