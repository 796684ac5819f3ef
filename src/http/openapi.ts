import type { TSchema } from 'typebox'
import { errorGeneric } from './error-schema.ts'
import type { Route } from './types.ts'

/** What an operation answers: a body, a choice of bodies, plain text, a redirect, or nothing at all. */
export type Answer = TSchema | readonly TSchema[] | 'text' | 'redirect' | 'empty'

/** One operation in words and schemas. Its method and path come from the route that serves it. */
export type Operation = {
  tag: Tag
  summary: string
  /** Its path in the description where that is not the route's. */
  path?: string
  /** What the parameters in the path mean. */
  params?: Readonly<Record<string, string>>
  query?: Readonly<Record<string, Parameter>>
  /** Which headers tell who asks: those of anybody who is signed in, of a native app, or of a browser. */
  reads?: 'session' | 'token' | 'cookies'
  body?: TSchema
  /** Whether the body may come as a form, too. */
  form?: true
  /** By status. Errors that are not listed are `errorGeneric`. */
  answers: Readonly<Record<number, Answer>>
  /** Headers of the successful answer. */
  headers?: Readonly<Record<string, string>>
}

export type Parameter = TSchema & { description?: string; required?: boolean }
export type Operations = Readonly<Record<string, Operation>>

export type Port = { url: string; routes: readonly Route[] }
export type Described = { version: string; public: Port; admin: Port; operations: Operations }

const tags = {
  frontend: 'What browsers, apps and pages do for the person in front of them.',
  identity: 'What operators do with identities and sessions.',
  courier: 'Messages that were, or are to be, sent.',
  metadata: 'What operators ask about the server itself.',
} as const
export type Tag = keyof typeof tags

export type JsonObject = { [key: string]: unknown }

/**
 * The OpenAPI 3.1 description of the routes that have an `operationId`, in a fixed order.
 * @throws Error for a route that no operation describes, an operation that no route serves, and two schemas of one name
 */
export function describeApi({ version, public: publicPort, admin, operations }: Described): JsonObject {
  const components = new Map<string, JsonObject>()
  const paths = new Map<string, Map<string, JsonObject>>()
  const served = new Set<string>()
  for (const { port, route } of [...rowsOf(publicPort), ...rowsOf(admin)]) {
    const operationId = route.operationId!
    const operation = Object.hasOwn(operations, operationId) ? operations[operationId] : undefined
    if (!operation) throw new Error(`the operation ${operationId} has no description`)
    served.add(operationId)
    const path = operation.path ?? route.path
    const method = route.method.toLowerCase()
    const methods = paths.get(path) ?? new Map<string, JsonObject>()
    paths.set(path, methods)
    const known = methods.get(method)
    if (known) {
      known.servers = [...(known.servers as unknown[]), serverOf(port)]
      continue
    }
    methods.set(method, { ...describe(operationId, operation, path, components), servers: [serverOf(port)] })
  }
  const unserved = Object.keys(operations).filter((id) => !served.has(id))
  if (unserved.length > 0) throw new Error(`no route serves ${unserved.join(', ')}`)

  return {
    openapi: '3.1.0',
    info: {
      title: 'Zelos',
      summary: 'Registration, login, settings, sessions and identities.',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { ...serverOf(publicPort), description: 'The public port: for everybody.' },
      { ...serverOf(admin), description: 'The admin port: for operators only. It has no authentication of its own.' },
    ],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths: sorted(paths, (methods) => sorted(methods, (operation) => operation)),
    components: { schemas: sorted(components, (schema) => schema) },
  }
}

const rowsOf = (port: Port) =>
  port.routes.filter(({ operationId }) => operationId !== undefined).map((route) => ({ port, route }))

// Two servers that differ in nothing but the slash at the end are the same to every client.
const serverOf = ({ url }: Port) => ({ url: url.replace(/\/+$/, '') })

const sorted = <T, R>(map: ReadonlyMap<string, T>, show: (value: T) => R): Record<string, R> =>
  Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, show(value)]))

function describe(
  operationId: string,
  operation: Operation,
  path: string,
  components: Map<string, JsonObject>,
): JsonObject {
  const { tag, summary, body, form, answers, headers = {} } = operation
  const parameters = parametersOf(operation, path, components)
  const bodySchema = body && reference(body, components)
  return {
    operationId,
    tags: [tag],
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(bodySchema
      ? {
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: bodySchema },
              ...(form ? { 'application/x-www-form-urlencoded': { schema: bodySchema } } : {}),
            },
          },
        }
      : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [
          status,
          responseOf(Number(status), answer, headers, components),
        ]),
      ),
      default: responseOf(500, errorGeneric, {}, components),
    },
  }
}

function parametersOf(
  { params = {}, query = {}, reads }: Operation,
  path: string,
  components: Map<string, JsonObject>,
): JsonObject[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const text = { type: 'string' }
  const header = (name: string, description: string) => ({ name, in: 'header', description, schema: text })
  return [
    ...inPath.map((name) => ({
      name,
      in: 'path',
      required: true,
      description: params[name] ?? 'Its id.',
      schema: text,
    })),
    ...Object.entries(query).map(([name, { description, required, ...schema }]) => ({
      name,
      in: 'query',
      ...(required ? { required } : {}),
      ...(description ? { description } : {}),
      schema: reference(schema as TSchema, components),
    })),
    ...(reads === 'session' || reads === 'token'
      ? [header('X-Session-Token', 'The session token of a native app.')]
      : []),
    ...(reads === 'session' || reads === 'cookies'
      ? [header('Cookie', 'The cookies of the browser, when its request is passed on.')]
      : []),
  ]
}

function responseOf(
  status: number,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  components: Map<string, JsonObject>,
): JsonObject {
  const text = { type: 'string' }
  const described = (all: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(all).map(([name, description]) => [name, { description, schema: text }]))
  const own = status < 300 && Object.keys(headers).length > 0 ? { headers: described(headers) } : {}
  switch (answer) {
    case 'empty':
      return { description: 'Done; there is no body.', ...own }
    case 'redirect':
      return { description: 'The browser goes on elsewhere.', headers: described({ Location: 'Where to.' }) }
    case 'text':
      return { description: 'Text.', ...own, content: { 'text/plain': { schema: text } } }
    default: {
      const schemas = [answer].flat() as TSchema[]
      const references = schemas.map((schema) => reference(schema, components))
      const schema = references.length === 1 ? references[0]! : { anyOf: references }
      return {
        description: status < 300 ? 'It worked.' : 'It did not work.',
        ...own,
        content: { 'application/json': { schema } },
      }
    }
  }
}

/** The schema as plain JSON; what has a name goes to the components and is only pointed at. */
function reference(schema: TSchema, components: Map<string, JsonObject>): JsonObject {
  return shownSchema(schema, components) as JsonObject
}

function shownSchema(value: unknown, components: Map<string, JsonObject>): unknown {
  if (Array.isArray(value)) return value.map((item) => shownSchema(item, components))
  if (typeof value !== 'object' || value === null) return value
  const { $id: name, ...rest } = value as JsonObject
  const shown = Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, shownSchema(member, components)]))
  if (typeof name !== 'string') return shown
  const before = components.get(name)
  if (before && JSON.stringify(before) !== JSON.stringify(shown)) throw new Error(`two schemas are called ${name}`)
  components.set(name, shown)
  return { $ref: `#/components/schemas/${name}` }
}
