import { OrderedObject, type OrderedJson } from '../../lib/ordered-json.ts'
import type { SchemaNode } from './node.ts'
import { SchemaProblem } from './problem.ts'
import { typeOf } from './validate.ts'

/** An input of a form, as an identity schema asks for it. */
export type TraitField = {
  /** `traits.name.first`; dots inside of a member's name are escaped. */
  name: string
  type: 'text' | 'number' | 'checkbox' | 'email' | 'tel' | 'url' | 'date' | 'datetime-local'
  required: boolean
  autocomplete?: 'email' | 'tel' | 'url'
  pattern?: string
  title?: string
  /** The values of `enum`, 500 at most. */
  options?: readonly unknown[]
}

/** How the texts of a form become values; `other` are left out of forms. */
export type FieldType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'object'
  | 'strings'
  | 'numbers'
  | 'booleans'
  | 'values'
  | 'other'

/** A member that a body may have. `segments` are the members that lead to it. */
export type BodyPath = { name: string; segments: readonly string[]; type: FieldType; required: boolean }

type Path = BodyPath & { node: SchemaNode; kind: 'field' | 'structure' }

const escapeName = (name: string): string => name.replaceAll('.', '\\.')
/** The name of the node that stands for a value. */
export const nodeName = (segments: readonly string[]): string => segments.map(escapeName).join('.')

/** Byte by byte, which differs from the order of `<` for characters beyond U+FFFF. */
const byName = (a: { name: string }, b: { name: string }): number =>
  Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))

/**
 * Everything that a schema names, by the rules for forms: what has one type, a constant or a default. Branches of
 * combinators count as if they stood beside; of several schemas for one name the last wins, unless an earlier one has a
 * default. In alphabetical order.
 */
function listPaths(start: SchemaNode, at: readonly string[]): Path[] {
  const found: Path[] = []
  walk(start, undefined, at, new Set())
  const winners = new Map<string, Path>()
  for (const path of found) {
    const earlier = winners.get(path.name)
    if (earlier === undefined || !earlier.node.hasDefault) winners.set(path.name, path)
  }
  return [...winners.values()].toSorted(byName)

  function walk(
    node: SchemaNode,
    parent: SchemaNode | undefined,
    segments: readonly string[],
    open: Set<SchemaNode>,
  ): void {
    if (open.has(node))
      throw new SchemaProblem('A form cannot be made from a schema that holds itself.', { pointer: node.location })
    const path = segments.length > 0 ? candidate(node, parent, segments) : undefined
    if (path) found.push(path)
    open.add(node)
    for (const inner of [node.ref, node.not, node.when, node.whenMatched, node.otherwise])
      if (inner) walk(inner, node, segments, open)
    for (const branches of [node.allOf, node.anyOf, node.oneOf])
      for (const inner of branches ?? []) walk(inner, node, segments, open)
    for (const [name, inner] of node.properties ?? []) walk(inner, node, [...segments, name], open)
    open.delete(node)
  }
}

function candidate(node: SchemaNode, parent: SchemaNode | undefined, segments: readonly string[]): Path | undefined {
  const { type, kind } = shapeOf(node)
  if (type === undefined && !node.hasDefault) return undefined
  const required = parent?.required?.includes(segments.at(-1)!) ?? false
  return { name: nodeName(segments), segments, type: type ?? 'other', required, node, kind }
}

/** What kind of value a schema asks for; a `structure` is no field of a form. */
function shapeOf(node: SchemaNode): { type: FieldType | undefined; kind: Path['kind'] } {
  if (node.constant) {
    switch (typeOf(node.constant.value)) {
      case 'string':
        return { type: 'string', kind: 'field' }
      case 'number':
        return { type: 'number', kind: 'field' }
      case 'boolean':
        return { type: 'boolean', kind: 'field' }
      case 'object':
        return { type: 'object', kind: 'structure' }
      case 'array':
        return { type: 'values', kind: 'structure' }
      default:
        return { type: undefined, kind: 'structure' }
    }
  }
  const types = node.types ?? []
  if (types.length !== 1) return { type: undefined, kind: types.length > 2 ? 'structure' : 'field' }
  switch (types[0]) {
    case 'string':
      return { type: 'string', kind: 'field' }
    case 'number':
    case 'integer':
      return { type: 'number', kind: 'field' }
    case 'boolean':
      return { type: 'boolean', kind: 'field' }
    case 'object':
      return { type: 'object', kind: 'structure' }
    case 'array':
      return listShape(node)
    default:
      return { type: undefined, kind: 'field' }
  }
}

function listShape({ items }: SchemaNode): { type: FieldType; kind: Path['kind'] } {
  const schemas =
    items === undefined ? [] : Array.isArray(items) ? (items as readonly SchemaNode[]) : [items as SchemaNode]
  const types = new Set(schemas.flatMap((item) => (item.ref ?? item).types ?? []))
  if (types.size !== 1) return { type: 'values', kind: 'field' }
  switch ([...types][0]) {
    case 'string':
      return { type: 'strings', kind: 'field' }
    case 'number':
    case 'integer':
      return { type: 'numbers', kind: 'field' }
    case 'boolean':
      return { type: 'booleans', kind: 'field' }
    default:
      return { type: 'values', kind: 'structure' }
  }
}

const maxOptions = 500

/** The inputs for the traits, in alphabetical order: it decides between those that the key order leaves side by side. */
export function formFields(root: SchemaNode): TraitField[] {
  return listPaths(root, [])
    .filter(({ kind, segments }) => kind === 'field' && segments[0] === 'traits')
    .map(({ name, type, required, node }) => ({
      name,
      type: inputType(type, node.format),
      required,
      ...autocomplete(node.format),
      ...(node.pattern ? { pattern: node.pattern.source } : {}),
      ...(node.title === '' ? {} : { title: node.title }),
      ...(node.choices && node.choices.length > 0 ? { options: node.choices.slice(0, maxOptions) } : {}),
    }))
}

function inputType(type: FieldType, format: string | undefined): TraitField['type'] {
  switch (format?.toLowerCase()) {
    case 'date-time':
      return 'datetime-local'
    case 'date':
    case 'email':
    case 'tel':
      return format.toLowerCase() as 'date' | 'email' | 'tel'
    case 'uri':
      return 'url'
    case 'regex':
      return 'text'
  }
  return type === 'number' ? 'number' : type === 'boolean' ? 'checkbox' : 'text'
}

function autocomplete(format: string | undefined): Pick<TraitField, 'autocomplete'> {
  switch (format?.toLowerCase()) {
    case 'email':
    case 'tel':
      return { autocomplete: format.toLowerCase() as 'email' | 'tel' }
    case 'uri':
      return { autocomplete: 'url' }
    default:
      return {}
  }
}

/** What the body of a form may say about traits, `traits` itself included. */
export function bodyPaths(traits: SchemaNode): BodyPath[] {
  return listPaths(traits, ['traits']).map(({ name, segments, type, required }) => ({ name, segments, type, required }))
}

/**
 * The names of the schema's leaves in the order of its text. Only plain objects are gone into: what hides behind a
 * reference or a combinator is one leaf.
 */
export function keyOrder(source: OrderedObject): string[] {
  const out: string[] = []
  const walk = (schema: OrderedJson, segments: readonly string[]) => {
    if (!(schema instanceof OrderedObject)) return void out.push(nodeName(segments))
    // The document and `traits` are objects even where they do not say so.
    const isRoot = segments.length === 0 || (segments.length === 1 && segments[0] === 'traits')
    const isPlainObject = schema.get('type') === 'object' || (isRoot && !schema.has('type') && schema.has('properties'))
    if (!isPlainObject) return void out.push(nodeName(segments))
    const properties = schema.get('properties')
    if (properties instanceof OrderedObject) for (const [name, inner] of properties) walk(inner, [...segments, name])
  }
  walk(source, [])
  return out
}

/** A single value inside of traits and the input that shows it. */
export type TraitValue = { name: string; value: unknown; type: 'text' | 'number' | 'checkbox' }

/** The single values of traits, named like their nodes: `traits.list.0`. Empty objects and lists have none. */
export function flattenTraits(traits: unknown): TraitValue[] {
  const out: TraitValue[] = []
  const walk = (value: unknown, segments: readonly string[]) => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...segments, key])
    } else if (segments.length > 1) {
      const type = typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'checkbox' : 'text'
      out.push({ name: nodeName(segments), value, type })
    }
  }
  walk(traits, ['traits'])
  return out
}
