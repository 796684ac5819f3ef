import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { startPostgresServer } from './postgres-server.ts'

export type TestPostgres = {
  /** To the database `postgres`, as superuser. */
  dsn: string
  /** A new, empty database; its DSN. */
  createDatabase(): Promise<string>
  stop(): Promise<void>
}

/**
 * PostgreSQL for the tests of a file. `npm test` has started one server for all files and names it in
 * `ZELOS_TEST_POSTGRES`; a file that runs by itself gets a server of its own.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const shared = process.env.ZELOS_TEST_POSTGRES
  const own = shared ? undefined : await startPostgresServer({ fast: true })
  const dsn = shared ?? own!.dsn
  return {
    dsn,
    createDatabase: () => createDatabase(dsn, `test_${randomUUID().replaceAll('-', '')}`),
    stop: async () => own?.stop(),
  }
}

/** Makes an empty database on the server that `dsn` leads to, and returns the DSN of the new one. */
export async function createDatabase(dsn: string, name: string): Promise<string> {
  const client = new Client({ connectionString: dsn })
  await client.connect()
  try {
    await client.query(`create database ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
  const url = new URL(dsn)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}
