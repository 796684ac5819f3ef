import type { IncomingHttpHeaders } from 'node:http'
import type { Csrf } from './csrf.ts'

/** What a handler sees of a request. */
export type Request = {
  method: string
  /** Path as received, percent escapes kept, without the path of `serve.public.base_url`. On the admin port always below `/admin`. */
  path: string
  /** Path as received. */
  fullPath: string
  /** Path and query as received. */
  target: string
  /** Query as received, without `?`. */
  rawQuery: string
  /** Decoded query; pairs with a broken percent escape are left out, as Go's parser does. */
  readonly query: URLSearchParams
  /** Decoded path parameters of the route. */
  params: Record<string, string>
  headers: IncomingHttpHeaders
  /** Every line of a header that came on several, in order. */
  headerLines(name: string): string[]
  /** The whole body, read once. Throws `errors.tooLarge`. */
  body(): Promise<Buffer>
  /** Address of the peer with its port, as `ip:port` or `[ip]:port`. */
  peer: string
  /** `https` when the connection itself is TLS. */
  scheme: 'http' | 'https'
  /** The secret that binds forms to this browser. */
  csrf: Csrf
}

/** What a handler answers. Header names are lower-case; `cookies` are complete `Set-Cookie` values. */
export type Response = {
  status: number
  headers?: Record<string, string>
  cookies?: string[]
  body?: string | Buffer
}

export type Handler = (request: Request) => Response | Promise<Response>

/** A row of the API: what stands in the OpenAPI description and what the router serves. */
export type Route = {
  /** `*` serves every method. A `GET` row serves `HEAD` too. */
  method: string
  /** `/sessions/{id}`; on the admin port below `/admin`. */
  path: string
  /** Public name of the operation; rows without one are not described (redirects, aliases). */
  operationId?: string
  handler: Handler
  /** Answers everybody alike, such as a style sheet: no cookie is read or set, and caches may keep the answer. */
  anonymous?: true
}
