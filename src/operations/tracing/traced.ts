import { SpanStatusCode, type Attributes } from '@opentelemetry/api'
import type { Hashing } from '../../crypto/hashers/hashing.ts'
import type { Db, Param, Queryable, Row } from '../../db/db.ts'
import type { Outbound } from '../../http/outbound.ts'
import type { Port } from '../../http/ports.ts'
import type { Spans } from './spans.ts'

// Names of attributes: OpenTelemetry's semantic conventions. No values of queries, bodies or headers are among them.

/** What answers whether the process lives is asked all the time, and tells nothing. */
const unobserved = /^(\/admin)?\/(health|metrics)\//

export const tracedPort =
  (spans: Spans, port: Port): Port =>
  (request) => {
    if (unobserved.test(request.fullPath)) return port(request)
    const { method, fullPath, scheme, peer, headers } = request
    const attributes: Attributes = {
      'http.request.method': method,
      'url.path': fullPath,
      'url.scheme': scheme,
      'client.address': peer.replace(/:\d+$/, ''),
      ...(headers['user-agent'] === undefined ? {} : { 'user_agent.original': headers['user-agent'] }),
    }
    return spans.served(headers, method, attributes, async (span) => {
      const answered = await port(request)
      const { status } = answered.response
      span.updateName(`${method} ${answered.pattern}`)
      span.setAttribute('http.route', answered.pattern)
      span.setAttribute('http.response.status_code', status)
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      return answered
    })
  }

export function tracedDb(spans: Spans, db: Db): Db {
  const system = { 'db.system.name': db.dialect === 'postgres' ? 'postgresql' : 'sqlite' }
  const traced = (on: Queryable): Queryable => ({
    query: <R extends Row>(sql: string, params?: readonly Param[]) => {
      const { name, attributes } = describe(sql)
      return spans.part(name, { ...system, ...attributes }, () => on.query<R>(sql, params))
    },
    run: (sql, params) => {
      const { name, attributes } = describe(sql)
      return spans.part(name, { ...system, ...attributes }, () => on.run(sql, params))
    },
  })
  return {
    ...traced(db),
    dialect: db.dialect,
    batch(statements) {
      const attributes: Attributes = {
        ...system,
        'db.operation.name': 'batch',
        'db.operation.batch.size': statements.length,
        'db.query.text': [...new Set(statements.slice(0, 50).map(({ sql }) => sql))].join(';\n'),
      }
      return spans.part('batch', attributes, () => db.batch(statements))
    },
    transaction: (work) => spans.part('transaction', system, () => db.transaction((tx) => work(traced(tx)))),
    close: () => db.close(),
  }
}

const described = new Map<string, { name: string; attributes: Attributes }>()

/** `select flows`, and the statement, whose values are not in it. */
function describe(sql: string): { name: string; attributes: Attributes } {
  let found = described.get(sql)
  if (!found) {
    const operation = /[a-z]+/i.exec(sql)?.[0].toLowerCase() ?? 'query'
    const table = /\b(?:from|into|update)\s+([a-z_]+)/i.exec(sql)?.[1]
    found = {
      name: table === undefined ? operation : `${operation} ${table}`,
      attributes: {
        'db.operation.name': operation,
        'db.query.text': sql,
        ...(table === undefined ? {} : { 'db.collection.name': table }),
      },
    }
    // Statements with lists of many lengths are endless.
    if (described.size < 500) described.set(sql, found)
  }
  return found
}

export const tracedHashing = (spans: Spans, hashing: Hashing): Hashing => ({
  ...hashing,
  hash: (password) => spans.part('password hash', {}, () => hashing.hash(password)),
  compare: (password, encoded) => spans.part('password compare', {}, () => hashing.compare(password, encoded)),
  spendLikeACompare: (password) => spans.part('password compare', {}, () => hashing.spendLikeACompare(password)),
})

/** Requests to the outside carry the trace along. Of addresses only the origin is noted: the rest may hold secrets. */
export function tracedOutbound<O extends Outbound & { close(): Promise<void> }>(
  spans: Spans,
  outbound: O,
): Outbound & { close(): Promise<void> } {
  const traced: Outbound = (url, init = {}) => {
    const method = init.method ?? 'GET'
    const target = URL.parse(url)
    const attributes: Attributes = {
      'http.request.method': method,
      'server.address': target?.hostname ?? '',
      ...(target?.port ? { 'server.port': Number(target.port) } : {}),
    }
    return spans.asked(method, attributes, async (span, headers) => {
      const answer = await outbound(url, { ...init, headers: { ...headers, ...init.headers } })
      span.setAttribute('http.response.status_code', answer.status)
      if (answer.status >= 400) span.setStatus({ code: SpanStatusCode.ERROR })
      return answer
    })
  }
  return Object.assign(traced, { close: () => outbound.close() })
}
