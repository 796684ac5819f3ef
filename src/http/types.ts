import type { IncomingHttpHeaders } from 'node:http'

/** What a handler sees of a request. `url` is relative: path as received, query as received. */
export type Request = {
  method: string
  /** Path as received, percent escapes kept, without the prefix of `serve.public.base_url`. */
  path: string
  /** Path as received, prefix included. */
  fullPath: string
  /** Query as received, without `?`. */
  rawQuery: string
  /** Decoded query; pairs with a broken percent escape are left out, as Go's parser does. */
  query: URLSearchParams
  /** Decoded path parameters of the route. */
  params: Record<string, string>
  headers: IncomingHttpHeaders
  /** All values of a header that may come on several lines. */
  headerLines(name: string): string[]
  /** Reads the body once, up to `limitBytes`. Throws `errors.tooLarge`. */
  body(): Promise<Buffer>
  /** Address of the peer with its port, as `ip:port` or `[ip]:port`. */
  peer: string
  /** `https` when the connection itself is TLS. */
  scheme: 'http' | 'https'
  /** Aborted when the client went away. */
  signal: AbortSignal
}

/** What a handler answers. Headers are lower-case; `cookies` are complete `Set-Cookie` values. */
export type Response = {
  status: number
  headers?: Record<string, string>
  cookies?: string[]
  body?: string | Buffer
}

export type Handler = (request: Request) => Response | Promise<Response>
