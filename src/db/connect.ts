import { availableParallelism } from 'node:os'
import { openSqlite } from './sqlite.ts'
import type { Db } from './db.ts'

/**
 * Opens the database that a DSN names: `memory`, `sqlite://PATH?…`, `postgres://…`, `cockroach://…`.
 * `max_conns` in the query bounds the pool (2 × processors unless given), as do the other pool keys of Kratos' DSNs.
 * @param answerWithinMs how long PostgreSQL may take for one statement; migrations of large tables need more, 0 is no limit
 * @throws Error with a sentence for the operator, which never holds the password.
 */
export async function connect(
  dsn: string,
  { onError = () => {}, answerWithinMs = 30_000 }: { onError?: (error: Error) => void; answerWithinMs?: number } = {},
): Promise<Db> {
  const scheme = /^([a-z]+):\/\//.exec(dsn)?.[1]
  if (dsn === 'memory') return openSqlite(':memory:')
  if (scheme === 'sqlite' || scheme === 'sqlite3') return openSqlite(sqlitePath(dsn))
  if (scheme === 'postgres' || scheme === 'postgresql' || scheme === 'cockroach') {
    const { openPostgres } = await import('./postgres.ts')
    const url = new URL(dsn.replace(/^[a-z]+:/, 'postgres:'))
    const maxConnections = Number(url.searchParams.get('max_conns')) || Math.max(8, 2 * availableParallelism())
    for (const key of poolKeys) url.searchParams.delete(key)
    return openPostgres({ connectionString: url.toString(), maxConnections, answerWithinMs, onError })
  }
  throw new Error(
    `dsn: the scheme ${scheme ? `"${scheme}"` : 'is missing and'} is not known here. Use memory, sqlite://PATH, postgres://… or cockroach://….`,
  )
}

const poolKeys = ['max_conns', 'max_idle_conns', 'max_conn_lifetime', 'max_conn_idle_time']

function sqlitePath(dsn: string): string {
  const path = dsn.replace(/^sqlite3?:\/\//, '').replace(/\?.*$/s, '')
  return path === '' || path.includes(':memory:') || /[?&]mode=memory\b/.test(dsn)
    ? ':memory:'
    : path.replace(/^file:/, '')
}
