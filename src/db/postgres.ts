import type { Client, Pool, PoolClient, QueryResult } from 'pg'
import { errors } from '../errors.ts'
import {
  checkCounts,
  UnexpectedRowCount,
  UniqueViolation,
  type Db,
  type Param,
  type Queryable,
  type Result,
  type Row,
  type Statement,
} from './db.ts'

type PgClient = InstanceType<typeof Client>
type PgPool = InstanceType<typeof Pool>

export type PostgresOptions = {
  connectionString: string
  /** Connections for transactions. Reads and single statements have pipelined ones of their own. */
  maxConnections: number
  /** A statement without an answer by then ends its connection: the server may be gone without a word. 0: never. */
  answerWithinMs: number
  onError(error: Error): void
}

/** Serialisation failure and deadlock: the whole transaction is tried again. */
const retryable = new Set(['40001', '40P01'])
const maxAttempts = 8

/**
 * PostgreSQL (and what speaks its protocol): single statements travel over pipelined connections, many in flight on
 * each; transactions over a pool, pipelined as well. Every statement is prepared once per connection and named.
 */
export async function openPostgres({
  connectionString,
  maxConnections,
  answerWithinMs,
  onError,
}: PostgresOptions): Promise<Db> {
  const { default: driver } = await import('pg')
  const types = {
    getTypeParser: (oid: number, format?: 'text' | 'binary') =>
      oid === int8 ? Number : driver.types.getTypeParser(oid, format as 'text'),
  }
  const settings = {
    connectionString,
    keepAlive: true,
    types,
    application_name: 'zelos',
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    query_timeout: answerWithinMs,
  }
  const pool: PgPool = new driver.Pool({
    ...settings,
    // Those of the single statements count, too.
    max: Math.max(2, maxConnections - pipelinedLanes),
    idleTimeoutMillis: 60_000,
  } as never)
  pool.on('error', onError)

  const lanes = Array.from({ length: pipelinedLanes }, () => lane(() => new driver.Client(settings as never), onError))
  let turn = 0
  await lanes[0]!.client()

  async function send(sql: string, params: readonly Param[]): Promise<QueryResult> {
    const current = lanes[turn++ % lanes.length]!
    const client = await current.client()
    return perform(client, sql, params)
  }

  return {
    dialect: 'postgres',
    query: async <R extends Row>(sql: string, params: readonly Param[] = []) => (await send(sql, params)).rows as R[],
    run: async (sql, params = []) => (await send(sql, params)).rowCount ?? 0,
    batch: (statements) => {
      // One statement is a transaction of its own.
      if (statements.length === 1 && statements[0]!.expect === undefined) {
        const { sql, params = [] } = statements[0]!
        return retrying(async () => [resultOf(await send(sql, params))])
      }
      return retrying(() => withClient(pool, (client) => runBatch(client, statements)))
    },
    transaction: (work) => retrying(() => withClient(pool, (client) => runTransaction(client, work))),
    async close() {
      await Promise.all([pool.end(), ...lanes.map((l) => l.close())])
    },
  }
}

const int8 = 20
const pipelinedLanes = 2

/** One pipelined connection, opened on first use and again after it broke. */
function lane(make: () => PgClient, onError: (error: Error) => void) {
  let opening: Promise<PgClient> | undefined
  const open = (): Promise<PgClient> => {
    const client = make()
    const opened = client.connect().then(
      () => client,
      (error: unknown) => {
        forget()
        throw error
      },
    )
    // A connection tells of its end more than once, and by then another one may be in its place.
    const forget = () => {
      if (opening === opened) opening = undefined
    }
    client.on('error', (error) => {
      forget()
      onError(error)
    })
    client.on('end', forget)
    return opened
  }
  return {
    client: () => (opening ??= open()),
    close: async () => {
      const client = await opening?.catch(() => undefined)
      await client?.end()
    },
  }
}

const names = new Map<string, string>()

/** The name under which a statement is prepared; statements with lists of many lengths stay unnamed past a bound. */
function nameOf(sql: string): string | undefined {
  const known = names.get(sql)
  if (known || names.size >= 500) return known
  const name = `z${names.size}`
  names.set(sql, name)
  return name
}

async function perform(client: Pick<PgClient, 'query'>, sql: string, params: readonly Param[]): Promise<QueryResult> {
  const name = nameOf(sql)
  try {
    return await client.query({ text: sql, values: params as Param[], ...(name ? { name } : {}) })
  } catch (error) {
    throw translated(error)
  }
}

const resultOf = (result: QueryResult): Result => ({ rows: result.rows as Row[], count: result.rowCount ?? 0 })

async function runBatch(client: PoolClient, statements: readonly Statement[]): Promise<Result[]> {
  // All statements leave before the first answer arrives; only the commit waits for the row counts.
  const begun = client.query('begin')
  const sent = await Promise.allSettled([
    begun,
    ...statements.map(({ sql, params = [] }) => perform(client, sql, params)),
  ])
  try {
    const failed = sent.find((s) => s.status === 'rejected')
    if (failed) throw failed.reason
    const results = sent.slice(1).map((s) => resultOf((s as PromiseFulfilledResult<QueryResult>).value))
    checkCounts(statements, results)
    await client.query('commit')
    return results
  } catch (error) {
    await client.query('rollback')
    throw translated(error)
  }
}

async function runTransaction<T>(client: PoolClient, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const tx: Queryable = {
    query: async <R extends Row>(sql: string, params: readonly Param[] = []) =>
      (await perform(client, sql, params)).rows as R[],
    run: async (sql, params = []) => (await perform(client, sql, params)).rowCount ?? 0,
  }
  await client.query('begin')
  try {
    const result = await work(tx)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw translated(error)
  }
}

async function withClient<T>(pool: PgPool, use: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const note = (error: Error) => (broken = error)
  client.on('error', note)
  try {
    return await use(client)
  } finally {
    client.removeListener('error', note)
    client.release(broken)
  }
}

async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      if (!retryable.has(code) || tries === maxAttempts) throw error
      const { randomInt } = await import('node:crypto')
      await new Promise((resolve) => setTimeout(resolve, randomInt(2 ** tries) + 1))
    }
  }
}

function translated(error: unknown): unknown {
  const { code, table } = error as { code?: string; table?: string }
  if (code === '23505') return new UniqueViolation(table ?? 'a table', error)
  // A text with U+0000, which nothing but a request can have brought: no text that is stored has it.
  if (code === '22021') return errors.badRequest('A text holds a character that cannot be stored.', { cause: error })
  return code === '23503' ? new UnexpectedRowCount(-1, error) : error
}
