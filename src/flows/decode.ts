import { decodeFormComponent, parseBool } from '../http/query.ts'
import type { BodyPath } from '../identities/schema/fields.ts'
import { toPointer } from '../identities/schema/problem.ts'
import type { IdentitySchema } from '../identities/schema/schema.ts'
import { typeOf, type SchemaError } from '../identities/schema/validate.ts'
import { isObject } from '../lib/json.ts'
import { firstJsonText, memberTexts, setOwn } from '../lib/ordered-json.ts'

/** A member that the body of a form may have. Dots in `name` lead into objects. */
export type BodyField = {
  name: string
  type: 'string' | 'number' | 'boolean' | 'object' | 'strings'
  required?: boolean
  /** In characters; for texts. */
  minLength?: number
}

/** What the body of a method's form may hold. */
export type BodySpec = {
  fields: readonly BodyField[]
  /** Adds `traits` with everything that the schema names. Throws SchemaProblem for a schema that holds itself. */
  traits?: IdentitySchema
  /** Whether a GET request may bring the fields in its query. */
  allowGet?: boolean
  /** Whether the query counts beside a body: what it says beats JSON, but not a form. */
  mergesQuery?: boolean
  /** Whether traits that are no object count as not sent. */
  toleratesTraits?: boolean
}

export type BodyInput = {
  method: string
  contentType: string | undefined
  body: Buffer
  /** The decoded query of the request; it counts for GET, and where the method merges it. */
  query?: URLSearchParams
}

export type DecodedBody = { kind: 'ok'; value: Record<string, unknown> } | { kind: 'bad'; reason: string }

const bad = (reason: string): DecodedBody => ({ kind: 'bad', reason })

type Texts = ReadonlyMap<string, readonly string[]>

/**
 * Reads the body of a self-service form. JSON is treated like a form: only members at the top count, and each is first made
 * a text; dotted names lead into objects. The schema says what a text becomes, and names that it lacks are ignored. Objects
 * that were not sent are there as `{}`. Nothing is judged here; see `validateBody`.
 */
export function decodeBody(input: BodyInput, spec: BodySpec): DecodedBody {
  const texts = readTexts(input, spec)
  if (typeof texts === 'string') return bad(texts)
  const all = spec.mergesQuery && input.method !== 'GET' && input.query ? withQueryOf(input, texts) : texts
  return fromTexts(all, pathsOf(spec), spec)
}

function withQueryOf({ contentType = '', query }: BodyInput, body: Texts): Texts {
  const asked = grouped(query ?? [])
  return new Map(contentType.startsWith('application/json') ? [...body, ...asked] : [...asked, ...body])
}

/** The fields as texts, or why there are none to be had. */
function readTexts({ method, contentType, body, query }: BodyInput, { allowGet = false }: BodySpec): Texts | string {
  if (method === 'GET' && allowGet) return grouped(query ?? [])
  if (!['POST', 'PUT', 'PATCH'].includes(method)) return `A form cannot be sent with ${method}.`
  if (body.length === 0) return 'The request has no body.'
  const known = alreadyRead.get(body)
  if (known !== undefined) return known
  const texts = readBytes(contentType, body)
  alreadyRead.set(body, texts)
  return texts
}

// Methods are asked one after another, and each reads the same body by its own fields.
const alreadyRead = new WeakMap<Buffer, Texts | string>()

function readBytes(contentType: string | undefined, body: Buffer): Texts | string {
  switch (contentType?.split(/[;,]/, 1)[0]?.trim().toLowerCase()) {
    case 'application/json':
      return readJson(body.toString())
    case 'application/x-www-form-urlencoded':
      return readForm(body.toString())
    case 'multipart/form-data':
      // compat: accepted and taken for a form without fields – oryx/decoderx/http.go
      return new Map()
    default:
      return 'The body has to be application/json or application/x-www-form-urlencoded.'
  }
}

function grouped(pairs: Iterable<readonly [string, string]>): Texts {
  const out = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const values = out.get(name)
    if (values) values.push(value)
    else out.set(name, [value])
  }
  return out
}

function readForm(text: string): Texts | string {
  const pairs: [string, string][] = []
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decodeFormComponent(at < 0 ? pair : pair.slice(0, at))
    const value = decodeFormComponent(at < 0 ? '' : pair.slice(at + 1))
    if (name === undefined || value === undefined || pair.includes(';'))
      return 'The form is not encoded as it should be.'
    pairs.push([name, value])
  }
  return grouped(pairs)
}

function readJson(body: string): Texts | string {
  // What stands behind the first value is ignored.
  const text = firstJsonText(body)
  if (text === undefined) return 'The body is no JSON.'
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'The body is no JSON.'
  }
  if (!isObject(value)) return 'The body has to be a JSON object.'
  return new Map(memberTexts(text).map(([name, raw]) => [name, [asText(raw)]]))
}

function asText(raw: string): string {
  if (raw.startsWith('"')) return JSON.parse(raw) as string
  return raw === 'null' ? '' : raw
}

const dotted = (name: string): string[] => name.split('.')

function pathsOf({ fields, traits }: BodySpec): BodyPath[] {
  const own = fields.map(
    ({ name, type, required = false }): BodyPath => ({ name, segments: dotted(name), type, required }),
  )
  const ofTraits = traits?.bodyPaths() ?? []
  const paths = [...own, ...ofTraits]
  if (traits && !paths.some(({ name }) => name === 'traits')) {
    paths.push({ name: 'traits', segments: ['traits'], type: 'object', required: false })
  }
  // Objects come before what is inside of them.
  return paths.toSorted((a, b) => a.segments.length - b.segments.length)
}

function fromTexts(texts: Texts, paths: readonly BodyPath[], { toleratesTraits = false }: BodySpec): DecodedBody {
  const out: Record<string, unknown> = {}
  for (const path of paths) {
    const values = texts.get(path.name)
    if (values === undefined) continue
    if (path.type === 'object') {
      const object = readObject(values[0]!)
      if (toleratesTraits && path.name === 'traits' && !(object.kind === 'value' && isObject(object.value))) continue
      if (object.kind === 'broken') return bad(`What was sent as ${path.name} is no JSON object.`)
      // Members of the traits cannot be put into anything else.
      if (path.name === 'traits' && object.kind === 'value' && object.value === null) continue
      if (path.name === 'traits' && object.kind === 'value' && !isObject(object.value)) {
        return bad('What was sent as traits is no JSON object.')
      }
      if (object.kind === 'value') place(out, path.segments, object.value)
      continue
    }
    const value = convert(values, path)
    if (value !== undefined) place(out, path.segments, value)
  }
  for (const { type, segments } of paths) if (type === 'object') fillIn(out, segments)
  return { kind: 'ok', value: out }
}

function readObject(text: string): { kind: 'absent' } | { kind: 'broken' } | { kind: 'value'; value: unknown } {
  if (text === '') return { kind: 'absent' }
  if (firstJsonText(text) === undefined) return { kind: 'broken' }
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown }
  } catch {
    return { kind: 'broken' }
  }
}

/** The value that the texts of one name stand for; undefined when they say nothing. What cannot be read stays a text. */
function convert(values: readonly string[], { type, required }: BodyPath): unknown {
  const first = values[0]!
  switch (type) {
    case 'string':
      return first === '' ? undefined : first
    case 'number':
      if (first === '') return required ? 0 : undefined
      return parseNumber(first) ?? first
    case 'boolean': {
      // Pages send a hidden `false` before the checkbox.
      const last = values.at(-1)!
      if (last === '') return required ? false : undefined
      return parseBool(last) ?? last
    }
    case 'strings':
    case 'values':
      return [...values]
    case 'numbers':
      return values.map((text) => parseNumber(text) ?? text)
    case 'booleans':
      return values.map((text) => parseBool(text) ?? text)
    default:
      return undefined
  }
}

/** A number as Go's `ParseFloat` reads it, of those that JSON can say; undefined for anything else. */
function parseNumber(text: string): number | undefined {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) ? number : undefined
}

function place(target: Record<string, unknown>, segments: readonly string[], value: unknown): void {
  let at = target
  for (const segment of segments.slice(0, -1)) {
    const inner = Object.hasOwn(at, segment) ? at[segment] : undefined
    const next = isObject(inner) ? inner : {}
    if (next !== inner) setOwn(at, segment, next)
    at = next
  }
  setOwn(at, segments.at(-1)!, value)
}

/**
 * Puts an empty object where none was sent. Whatever stands there already stays, but a text or number above gives way.
 * compat: `address: "here"` becomes `{ geo: {} }` if the schema has an object `geo` in it – oryx/decoderx/http.go
 */
function fillIn(target: Record<string, unknown>, segments: readonly string[]): void {
  let at = target
  for (const [index, segment] of segments.entries()) {
    let inner = Object.hasOwn(at, segment) ? at[segment] : undefined
    if (!isObject(inner)) {
      if (Array.isArray(inner)) return
      if (inner !== undefined && index === segments.length - 1) return
      inner = {}
      setOwn(at, segment, inner)
    }
    at = inner as Record<string, unknown>
  }
}

/**
 * The rules that a decoded body breaks: those of the fields in their order, then what the identity schema says of the
 * traits. The server's own keywords are not asked here.
 */
export function validateBody(value: Record<string, unknown>, { fields, traits }: BodySpec): SchemaError[] {
  const errors = fields.flatMap((field) => {
    const error = checkField(value, field)
    return error ? [error] : []
  })
  return traits ? [...errors, ...traits.validateTraits(value['traits'])] : errors
}

const jsonTypes: Record<BodyField['type'], string> = {
  string: 'string',
  number: 'number',
  boolean: 'boolean',
  object: 'object',
  strings: 'array',
}

function checkField(
  body: Record<string, unknown>,
  { name, type, required = false, minLength = 0 }: BodyField,
): SchemaError | undefined {
  const path = dotted(name)
  const parent = path.slice(0, -1).reduce<unknown>((at, segment) => (isObject(at) ? at[segment] : undefined), body)
  const last = path.at(-1)!
  if (!isObject(parent) || !Object.hasOwn(parent, last)) {
    if (!required) return undefined
    return broken(path.slice(0, -1), 'required', `${JSON.stringify(last)} is missing.`, { missing: [last] })
  }
  const value = parent[last]
  const expected = jsonTypes[type]
  const actual = typeOf(value)
  if (actual !== expected) {
    return broken(path, 'type', `This has to be ${expected}, not ${actual}.`, {
      allowed_types: [expected],
      actual_type: actual,
    })
  }
  const length = typeof value === 'string' ? [...value].length : 0
  if (typeof value === 'string' && length < minLength) {
    return broken(path, 'minLength', `This needs ${minLength} characters or more, not ${length}.`, {
      min_length: minLength,
      actual_length: length,
    })
  }
  return undefined
}

function broken(path: readonly string[], keyword: string, text: string, params: Record<string, unknown>): SchemaError {
  const schemaPath = path.flatMap((segment) => ['properties', segment])
  return {
    path,
    instancePointer: toPointer(path),
    schemaPointer: toPointer([...schemaPath, keyword]),
    keyword,
    text,
    params,
    causes: [],
  }
}
