import type { IncomingHttpHeaders } from 'node:http'
import { noCsrf } from '../../src/http/csrf.ts'
import { parseQuery } from '../../src/http/query.ts'
import type { Request } from '../../src/http/types.ts'

export type RequestOptions = { headers?: IncomingHttpHeaders; body?: string | Buffer }

/** A request as the server hands it to a port, without a socket. */
export function requestOf(method: string, target: string, { headers = {}, body = '' }: RequestOptions = {}): Request {
  const [path = '', rawQuery = ''] = target.split('?')
  return {
    method,
    path,
    fullPath: path,
    target,
    rawQuery,
    get query() {
      return parseQuery(rawQuery)
    },
    params: {},
    headers,
    headerLines(name) {
      const value = headers[name]
      return value === undefined ? [] : Array.isArray(value) ? value : [value]
    },
    body: () => Promise.resolve(Buffer.from(body)),
    peer: '127.0.0.1:54321',
    scheme: 'http',
    csrf: noCsrf,
  }
}
