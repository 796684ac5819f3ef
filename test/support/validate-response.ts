import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

export type Exchange = {
  port?: 'public' | 'admin'
  method: string
  /** Without the query. */
  path: string
  status: number
  /** Of `Content-Type`, empty where there is none. */
  contentType: string
  location: string | null | undefined
  /** As it was received. */
  body: string
}

type Content = Record<string, { schema: object }>
type Answer = { headers?: Record<string, unknown>; content?: Content }
type Operation = { operationId: string; servers: { url: string }[]; responses: Record<string, Answer> }
type ApiDescription = {
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

type ResponseValidator = (exchange: Exchange) => string | undefined

let validator: ResponseValidator | undefined

/**
 * Checks that an answer is what `docs/openapi.json` says: its status, its type and every member of its body; members that
 * the description does not name are wrong. A test of its own keeps that file equal to what the server serves.
 * @returns the operation that the answer is of; undefined for what the description leaves out
 * @throws Error that names the operation and what is wrong
 */
export function validateResponse(exchange: Exchange): string | undefined {
  validator ??= createResponseValidator(
    JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')) as ApiDescription,
  )
  return validator(exchange)
}

function createResponseValidator(description: ApiDescription): ResponseValidator {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(description, 'api')
  const compiled = new Map<string, ValidateFunction>()
  const find = createFinder(description)

  return (exchange) => {
    const found = find(exchange)
    if (!found || isAnsweredBefore(exchange)) return undefined
    const { operation, pointer } = found
    const { status, contentType, location, body } = exchange
    const wrong = (what: string): Error =>
      new Error(`${operation.operationId} answered ${status}, but not as described: ${what}\n${body.slice(0, 2000)}`)

    const key = answerFor(operation, status)
    if (key === undefined) throw wrong(`there are only ${Object.keys(operation.responses).join(', ')}.`)
    const answer = operation.responses[key]!
    const isRedirect = answer.headers !== undefined && 'Location' in answer.headers
    if (isRedirect && !location) throw wrong('it does not say where to go on.')
    if (!answer.content) {
      if (!isRedirect && body !== '') throw wrong('it has a body.')
      return operation.operationId
    }
    if (exchange.method === 'HEAD') return operation.operationId
    const type = contentType.split(';', 1)[0]!
    if (!Object.hasOwn(answer.content, type)) throw wrong(`its type is ${JSON.stringify(type)}.`)
    if (type !== 'application/json') return operation.operationId

    const reference = `api#${pointer}${escaped(['responses', key, 'content', type, 'schema'])}`
    const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference })
    compiled.set(reference, validate)
    if (!validate(JSON.parse(body))) throw wrong(`\n${complaints(validate)}`)
    return operation.operationId
  }
}

/** Whether an answer comes from in front of the operations: the path is another port's, or not quite one of ours. */
const isAnsweredBefore = ({ status, contentType }: Exchange): boolean =>
  status === 307 || ((status === 404 || status === 405) && contentType.startsWith('text/plain'))

/** The row of `responses` for a status; what is not listed can only be an error. */
const answerFor = ({ responses }: Operation, status: number): string | undefined =>
  String(status) in responses ? String(status) : status >= 400 ? 'default' : undefined

/** Of a choice of schemas each complains; the complaints from farthest inside are the ones that matter. */
function complaints({ errors }: ValidateFunction): string {
  const all = (errors ?? []).filter(({ keyword }) => keyword !== 'anyOf')
  return all
    .toSorted((a, b) => depth(b.instancePath) - depth(a.instancePath))
    .slice(0, 10)
    .map(({ instancePath, message, params }) => `  ${instancePath || 'body'} ${message} ${JSON.stringify(params)}`)
    .join('\n')
}

const depth = (pointer: string): number => pointer.split('/').length

type Row = { method: string; segments: string[]; port: 'public' | 'admin'; operation: Operation; pointer: string }

function createFinder({ servers, paths }: ApiDescription): (exchange: Exchange) => Row | undefined {
  const portOf = (url: string): Row['port'] => (url === servers[0]!.url ? 'public' : 'admin')
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation.servers.map(
        ({ url }): Row => ({
          method: method.toUpperCase(),
          segments: path.split('/'),
          port: portOf(url),
          operation,
          pointer: escaped(['paths', path, method]),
        }),
      ),
    ),
  )
  return ({ port = 'public', method, path }) => {
    const wanted = method === 'HEAD' ? 'GET' : method
    // On the admin port everything lives below /admin, which may be left out – in requests and in the description.
    const spellings = port === 'public' ? [path] : [path, `/admin${path}`, path.replace(/^\/admin(?=\/)/, '')]
    const fitting = rows.filter((row) => row.port === port && spellings.some((each) => fits(row.segments, each)))
    const fewest = Math.min(...fitting.map(parameters))
    return fitting.find((row) => parameters(row) === fewest && row.method === wanted)
  }
}

const isParameter = (segment: string): boolean => segment.startsWith('{')
const parameters = ({ segments }: Row): number => segments.filter(isParameter).length

function fits(pattern: readonly string[], path: string): boolean {
  const segments = path.split('/')
  return (
    segments.length === pattern.length &&
    pattern.every((each, at) => each === segments[at] || (isParameter(each) && segments[at] !== ''))
  )
}

/** A JSON pointer as part of a URL. */
const escaped = (path: readonly string[]): string =>
  path.map((segment) => `/${encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')
