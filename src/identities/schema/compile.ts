import { OrderedObject, parseOrdered, unordered, type OrderedJson } from '../../lib/ordered-json.ts'
import {
  checkDraft,
  children,
  drafts,
  everySchema,
  isKnown,
  isSchema,
  type Draft,
  type Finding,
  type Position,
} from './draft.ts'
import { checkExtension, extensionKeyword, readExtension } from './extension.ts'
import { formats } from './formats.ts'
import { emptyNode, samePlace, type SchemaNode } from './node.ts'
import { compilePattern } from './pattern.ts'
import { SchemaProblem, toPointer, unescapePointer } from './problem.ts'

export type CompileOptions = {
  /** Where the document came from; relative references start there. */
  url?: string
  /** Reads another document that is referred to; without it there are none. */
  loadRef?: (url: string) => Promise<string>
  /** Follow no references but those inside of a document and to `base64://`. */
  disallowRefs?: boolean
}

const maxBytes = 1024 * 1024
const maxDepth = 64
const maxDocuments = 16

type Document = {
  url: string
  /** Precedes pointers into this document; empty for the first one. */
  label: string
  draft: Draft
  root: OrderedJson
  /** The address that relative references of a schema start from, where it is not the document's. */
  bases: Map<OrderedJson, string>
  /** Schemas that have an address of their own. */
  ids: Map<string, Position>
}

/** Thrown by the synchronous part for a document that has to be loaded first. */
class MissingDocument extends Error {
  readonly url: string
  constructor(url: string) {
    super(url)
    this.url = url
  }
}

/**
 * Compiles a schema document with everything it refers to.
 * @returns the root and the text's parsed form, with the members in order.
 * @throws SchemaProblem when the document breaks the rules of its draft or of the server's own keywords, has a pattern
 *   outside of the RE2 dialect, or a reference that leads nowhere or in a circle.
 */
export async function compileDocument(
  text: string,
  { url = 'schema.json', loadRef, disallowRefs = false }: CompileOptions = {},
): Promise<{ root: SchemaNode; source: OrderedObject }> {
  const documents = new Map<string, Document>()
  const first = readDocument(text, url, '')
  if (!(first.root instanceof OrderedObject)) throw new SchemaProblem('An identity schema has to be an object.')
  documents.set(first.url, first)

  for (;;) {
    try {
      const root = compileNodes(documents, first)
      return { root, source: first.root }
    } catch (problem) {
      if (!(problem instanceof MissingDocument)) throw problem
      documents.set(problem.url, await loadDocument(problem.url))
    }
  }

  async function loadDocument(wanted: string): Promise<Document> {
    const label = showable(wanted)
    if (disallowRefs && !wanted.startsWith('base64://')) {
      throw new SchemaProblem(`References to other documents, such as ${label}, are switched off.`)
    }
    if (loadRef === undefined) throw new SchemaProblem(`There is no way to read ${label}, which the schema refers to.`)
    if (documents.size >= maxDocuments)
      throw new SchemaProblem(`It refers to more than ${maxDocuments - 1} other documents.`)
    let text
    try {
      text = await loadRef(wanted)
    } catch (cause) {
      throw new SchemaProblem(`The schema refers to ${label}, which cannot be read.`, { cause })
    }
    return readDocument(text, wanted, label)
  }
}

/** Parses a document and checks what can be checked without looking at others. */
function readDocument(text: string, url: string, label: string): Document {
  if (Buffer.byteLength(text) > maxBytes)
    throw new SchemaProblem(`It is larger than ${maxBytes} bytes.`, { pointer: `${label}#` })
  let root: OrderedJson
  try {
    root = parseOrdered(text, { maxDepth })
  } catch (cause) {
    throw new SchemaProblem(`It is no JSON, or nests deeper than ${maxDepth} levels: ${(cause as Error).message}`, {
      pointer: `${label}#`,
      cause,
    })
  }
  const document: Document = { url, label, draft: draftOf(root, label), root, bases: new Map(), ids: new Map() }
  checkPart(root, document, [])
  indexIds(document, { schema: root, path: [] }, url)
  return document
}

function checkPart(schema: OrderedJson, { draft, label }: Document, path: readonly string[]): void {
  const finding = checkDraft(schema, draft)[0] ?? checkExtensions(schema, draft)[0]
  if (finding)
    throw new SchemaProblem(`It ${finding.text}.`, { pointer: label + toPointer([...path, ...finding.path]) })
}

function draftOf(root: OrderedJson, label: string): Draft {
  const name = root instanceof OrderedObject ? root.get('$schema') : undefined
  if (name === undefined) return 7
  const draft = typeof name === 'string' ? drafts.get(name) : undefined
  if (draft === undefined) {
    throw new SchemaProblem(
      `${JSON.stringify(name)} is none of the drafts 4, 6 and 7, or lacks the number sign at its end.`,
      {
        pointer: `${label}#/$schema`,
      },
    )
  }
  return draft
}

/** What the server's own keyword holds and may not, anywhere in a document. */
export function checkExtensions(root: OrderedJson, draft: Draft): Finding[] {
  const out: Finding[] = []
  for (const { schema, path } of everySchema({ schema: root, path: [] }, draft)) {
    const value = schema instanceof OrderedObject ? schema.get(extensionKeyword) : undefined
    if (value !== undefined) out.push(...checkExtension(value, [...path, extensionKeyword]))
  }
  return out
}

function indexIds(document: Document, position: Position, base: string): void {
  const { schema } = position
  let inner = base
  if (schema instanceof OrderedObject) {
    const id = schema.get(document.draft === 4 ? 'id' : '$id')
    if (typeof id === 'string') {
      const url = resolveUrl(base, id)
      if (!document.ids.has(url)) document.ids.set(url, position)
      inner = withoutFragment(url)
    }
    document.bases.set(schema, inner)
  }
  for (const child of children(position, document.draft)) indexIds(document, child, inner)
}

/** An address as messages may show it: no content, no passwords, no signed queries. */
const showable = (url: string): string =>
  url.startsWith('base64:') ? 'base64:' : url.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')

const withoutFragment = (url: string): string => url.replace(/#.*$/s, '')
const fragmentOf = (url: string): string => (url.includes('#') ? url.slice(url.indexOf('#')) : '')

/** The address that a reference means, seen from `base`. Also for addresses that `URL` would not take, as `file://./a.json`. */
function resolveUrl(base: string, reference: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) return reference
  if (reference === '' || reference.startsWith('#')) return withoutFragment(base) + reference
  if (URL.canParse(reference, base) && !base.startsWith('file:')) return new URL(reference, base).href
  const folder = withoutFragment(base).replace(/[^/]*$/, '')
  return reference.startsWith('/') ? `${/^[a-z]+:\/\//i.exec(base)?.[0] ?? ''}${reference}` : folder + reference
}

/** Compiles all nodes that can be reached. Throws MissingDocument when one of them is elsewhere. */
function compileNodes(documents: ReadonlyMap<string, Document>, first: Document): SchemaNode {
  const cache = new Map<OrderedJson, SchemaNode>()
  const root = compile(first, first.root, [])
  refuseCircles(cache.values())
  return root

  function compile(document: Document, schema: OrderedJson, path: readonly string[]): SchemaNode {
    const location = document.label + toPointer(path)
    if (!isSchema(schema, document.draft))
      throw new SchemaProblem('A reference leads to what is no schema.', { pointer: location })
    const node = emptyNode(location)
    if (!(schema instanceof OrderedObject)) {
      node.always = schema === true
      return node
    }
    const known = cache.get(schema)
    if (known) return known
    cache.set(schema, node)
    const reference = schema.get('$ref')
    if (typeof reference === 'string') node.ref = follow(document, schema, reference, location)
    else fill(node, document, schema, path)
    return node
  }

  function follow(document: Document, schema: OrderedObject, reference: string, location: string): SchemaNode {
    // Pointers start at the document, whatever address its parts have given themselves.
    if (/^#(\/.*)?$/s.test(reference) || reference === '') return compilePointer(document, reference, location)
    const url = resolveUrl(document.bases.get(schema) ?? document.url, reference)
    const own = document.ids.get(url) ?? document.ids.get(url.replace(/#$/, ''))
    if (own) return compile(document, own.schema, own.path)
    const address = withoutFragment(url)
    const other = address === document.url ? document : documents.get(address)
    if (other === undefined) {
      const byId = document.ids.get(address)
      if (byId === undefined) throw new MissingDocument(address)
      return compilePointer(document, fragmentOf(url), location, byId)
    }
    const anchored = other.ids.get(url)
    return anchored ? compile(other, anchored.schema, anchored.path) : compilePointer(other, fragmentOf(url), location)
  }

  function compilePointer(
    document: Document,
    fragment: string,
    from: string,
    start: Position = { schema: document.root, path: [] },
  ): SchemaNode {
    const segments = pointerSegments(fragment)
    const target = segments?.reduce<OrderedJson | undefined>(member, start.schema)
    if (segments === undefined || target === undefined) {
      throw new SchemaProblem(`The reference to ${document.label}${fragment || '#'} leads nowhere.`, { pointer: from })
    }
    const path = [...start.path, ...segments]
    // What no keyword holds has not been checked with the document.
    if (!document.bases.has(target)) checkPart(target, document, path)
    return compile(document, target, path)
  }

  function fill(node: SchemaNode, document: Document, schema: OrderedObject, path: readonly string[]): void {
    const { draft } = document
    const get = (name: string): OrderedJson | undefined => (isKnown(name, draft) ? schema.get(name) : undefined)
    const inner = (value: OrderedJson, ...segments: string[]) => compile(document, value, [...path, ...segments])
    const one = (name: string) => {
      const value = get(name)
      return value === undefined ? undefined : inner(value, name)
    }
    const all = (name: string) => {
      const value = get(name)
      return Array.isArray(value) ? value.map((member, at) => inner(member, name, String(at))) : undefined
    }
    const flagOr = (name: string) => {
      const value = get(name)
      return typeof value === 'boolean' || value === undefined ? value : inner(value, name)
    }
    const number = (name: string) => {
      const value = get(name)
      return typeof value === 'number' ? value : undefined
    }
    const text = (name: string) => {
      const value = get(name)
      return typeof value === 'string' ? value : undefined
    }
    const members = (name: string): readonly (readonly [string, OrderedJson])[] | undefined => {
      const value = get(name)
      return value instanceof OrderedObject ? [...value] : undefined
    }

    const type = get('type')
    if (type !== undefined) node.types = (Array.isArray(type) ? type : [type]) as string[]
    const constant = draft === 4 ? undefined : schema.get('const')
    if (constant !== undefined) node.constant = { value: unordered(constant), spelling: schema.spelling('const') }
    const choices = get('enum')
    if (Array.isArray(choices)) node.choices = choices.map(unordered)
    node.format = text('format')
    if (node.format !== undefined) node.checkFormat = formats[node.format]
    node.not = one('not')
    node.allOf = all('allOf')
    node.anyOf = all('anyOf')
    node.oneOf = all('oneOf')
    node.when = one('if')
    if (node.when) {
      node.whenMatched = one('then')
      node.otherwise = one('else')
    }

    node.minProperties = number('minProperties')
    node.maxProperties = number('maxProperties')
    const required = get('required')
    if (Array.isArray(required) && required.length > 0) node.required = required as string[]
    const properties = members('properties')
    if (properties)
      node.properties = new Map(properties.map(([name, value]) => [name, inner(value, 'properties', name)]))
    node.propertyNames = one('propertyNames')
    node.patternProperties = members('patternProperties')?.map(([source, value]) => ({
      pattern: compilePattern(source),
      node: inner(value, 'patternProperties', source),
    }))
    node.additionalProperties = flagOr('additionalProperties')
    const dependencies = members('dependencies')
    if (dependencies) {
      node.dependencies = new Map(
        dependencies.map(([name, value]) => [
          name,
          Array.isArray(value) ? (value as string[]) : inner(value, 'dependencies', name),
        ]),
      )
    }

    node.minItems = number('minItems')
    node.maxItems = number('maxItems')
    node.uniqueItems = get('uniqueItems') === true
    node.items = all('items') ?? one('items')
    if (Array.isArray(node.items)) node.additionalItems = flagOr('additionalItems')
    node.contains = one('contains')

    node.minLength = number('minLength')
    node.maxLength = number('maxLength')
    const pattern = text('pattern')
    if (pattern !== undefined) node.pattern = compilePattern(pattern)

    node.minimum = number('minimum')
    node.maximum = number('maximum')
    if (draft === 4) {
      if (get('exclusiveMinimum') === true) [node.exclusiveMinimum, node.minimum] = [node.minimum, undefined]
      if (get('exclusiveMaximum') === true) [node.exclusiveMaximum, node.maximum] = [node.maximum, undefined]
    } else {
      node.exclusiveMinimum = number('exclusiveMinimum')
      node.exclusiveMaximum = number('exclusiveMaximum')
    }
    node.multipleOf = number('multipleOf')

    const extension = schema.get(extensionKeyword)
    if (extension !== undefined) node.extension = readExtension(extension)
    node.title = text('title') ?? ''
    node.hasDefault = schema.has('default')
  }
}

function member(value: OrderedJson | undefined, segment: string): OrderedJson | undefined {
  if (value instanceof OrderedObject) return value.get(segment)
  return Array.isArray(value) && /^(0|[1-9]\d*)$/.test(segment) ? value[Number(segment)] : undefined
}

function pointerSegments(fragment: string): string[] | undefined {
  const text = fragment.replace(/^#/, '')
  if (text === '') return []
  if (!text.startsWith('/')) return undefined
  try {
    return text
      .slice(1)
      .split('/')
      .map((segment) => unescapePointer(decodeURIComponent(segment)))
  } catch {
    return undefined
  }
}

/** A schema that comes back to itself without going into its value would never end. */
function refuseCircles(nodes: Iterable<SchemaNode>): void {
  const state = new Map<SchemaNode, 'open' | 'done'>()
  const visit = (node: SchemaNode): void => {
    const seen = state.get(node)
    if (seen === 'done') return
    if (seen === 'open') throw new SchemaProblem('The schema refers to itself in a circle.', { pointer: node.location })
    state.set(node, 'open')
    for (const next of samePlace(node)) visit(next)
    state.set(node, 'done')
  }
  for (const node of nodes) visit(node)
}
