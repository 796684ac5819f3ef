import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
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
import { createDiskSync } from './disk-sync.ts'

/** Seconds-long writers of other processes are waited for this long before a statement fails. */
const busyTimeoutMs = 5000
const busyPauseMs = 5

/**
 * SQLite inside this process: one connection writes, so no two requests ever find the database locked; another reads,
 * and sees what was committed. What a response acknowledged survives a loss of power: SQLite itself writes the log of a
 * commit without waiting for the disk, and whoever committed waits for that here, while everybody else is served.
 * @param file a path, or `:memory:`
 */
export function openSqlite(file: string): Db {
  const inMemory = file === ':memory:'
  if (!inMemory) mkdirSync(dirname(file), { recursive: true })
  const writer = connection(file)
  const reader = inMemory ? writer : readerOf(file, writer)
  const onDisk = writer.log === undefined ? undefined : createDiskSync(writer.log, moveLog)
  // SQLite would wait in its own way, and everybody with it.
  writer.exec('pragma busy_timeout = 0')

  // A transaction that awaits between its statements keeps the writer to itself; everything else waits in this line.
  // Without one, a statement or batch is over within one turn of the event loop and never waits.
  let occupied = false
  const line: (() => void)[] = []

  async function alone<T>(work: () => T | Promise<T>): Promise<T> {
    // Counted from here, so that all who wait for the same writer give up at the same time.
    const until = performance.now() + busyTimeoutMs
    if (occupied) await new Promise<void>((resolve) => line.push(resolve))
    occupied = true
    try {
      return await patiently(work, until)
    } finally {
      // Whoever is next inherits the writer before anybody else can see it free.
      const next = line.shift()
      if (next) next()
      else occupied = false
    }
  }

  /** Brings everything that the log holds into the database itself, and that to the disk. */
  function moveLog(): Promise<void> {
    return alone(() => {
      const [row] = execute(writer, 'pragma wal_checkpoint(truncate)', []).rows
      if (row?.busy !== 0) throw new Error('After the disk has failed, the log is in use and cannot be made good.')
    })
  }

  async function write<T>(work: () => T | Promise<T>): Promise<T> {
    const result = await alone(work)
    await onDisk?.()
    return result
  }

  async function query<R extends Row>(sql: string, params: readonly Param[] = []): Promise<R[]> {
    // Reading statements only: `insert … returning` and the like go to the connection that writes.
    const isRead = /^\s*(select|with|pragma)\b/i.test(sql)
    if (isRead && !inMemory) return execute(reader, sql, params).rows as R[]
    return write(() => execute(writer, sql, params).rows as R[])
  }

  return {
    dialect: 'sqlite',
    query,
    run: (sql, params = []) => write(() => execute(writer, sql, params).count),
    batch: (statements) => write(() => runBatch(writer, statements)),
    transaction: (work) => write(() => runTransaction(writer, work)),
    async close() {
      // Those who are in the line before get their turn, and then what they wait for.
      await alone(() => {})
      await onDisk?.close()
      await alone(() => {
        writer.close()
        if (reader !== writer) reader.close()
      })
    },
  }
}

function readerOf(file: string, writer: Connection): Connection {
  try {
    return connection(file)
  } catch (error) {
    writer.close()
    throw error
  }
}

/** Tries again while another process writes. What was refused for that has changed nothing. */
async function patiently<T>(work: () => T | Promise<T>, until: number): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, busyPauseMs))
    }
  }
}

const sqliteBusy = 5

// Extended codes hold the plain one in their lowest byte.
const isBusy = (error: unknown): boolean => (((error as { errcode?: number }).errcode ?? 0) & 0xff) === sqliteBusy

type Connection = {
  exec(sql: string): void
  close(): void
  readonly inTransaction: boolean
  /** The file of the write-ahead log, which every database has whose system knows shared memory. */
  readonly log: string | undefined
  prepare(sql: string): Prepared
}
type Prepared = { statement: StatementSync; columns: string[] }

function connection(file: string): Connection {
  const db = new DatabaseSync(file)
  let log: string | undefined
  try {
    log = prepareDatabase(db)
  } catch (error) {
    db.close()
    throw error
  }
  const prepared = new Map<string, Prepared>()
  return {
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    get inTransaction() {
      return db.isTransaction
    },
    log,
    prepare(sql) {
      let found = prepared.get(sql)
      if (!found) {
        const statement = db.prepare(sql.replace(/\$(\d+)/g, '?$1'))
        const columns = statement.columns().map(({ name }) => name)
        // Rows as lists, made into objects here, cost a third less than rows as objects.
        statement.setReturnArrays(true)
        found = { statement, columns }
        // Statements with lists of many lengths would fill the memory; the hot ones are few.
        if (prepared.size < 500) prepared.set(sql, found)
      }
      return found
    },
  }
}

/** @returns the file of its log. @throws Error for a file that is no database */
function prepareDatabase(db: DatabaseSync): string | undefined {
  db.exec(`pragma busy_timeout = ${busyTimeoutMs}`)
  const { journal_mode: journal } = db.prepare('pragma journal_mode = wal').get()!
  // A checkpoint waits for the disk either way, so that the database can be read whatever happens.
  db.exec(`pragma synchronous = ${journal === 'wal' ? 'normal' : 'full'}`)
  db.exec('pragma foreign_keys = on')
  db.exec('pragma temp_store = memory')
  // Where the database really is: the log lies beside it, not beside a link that leads to it.
  return journal === 'wal' ? `${db.location()}-wal` : undefined
}

function execute(on: Connection, sql: string, params: readonly Param[]): Result {
  const values = params.map((p) => (typeof p === 'boolean' ? Number(p) : p))
  try {
    const { statement, columns } = on.prepare(sql)
    if (columns.length === 0) return { rows: [], count: Number(statement.run(...values).changes) }
    const rows = (statement.all(...values) as unknown as unknown[][]).map((row) => rowOf(columns, row))
    return { rows, count: rows.length }
  } catch (error) {
    throw translated(error)
  }
}

function rowOf(columns: readonly string[], values: readonly unknown[]): Row {
  const row: Row = {}
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i]
  return row
}

async function runTransaction<T>(on: Connection, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const tx: Queryable = {
    query: async <R extends Row>(sql: string, params: readonly Param[] = []) => execute(on, sql, params).rows as R[],
    run: async (sql, params = []) => execute(on, sql, params).count,
  }
  on.exec('begin immediate')
  try {
    const result = await work(tx)
    on.exec('commit')
    return result
  } catch (error) {
    if (on.inTransaction) on.exec('rollback')
    throw error
  }
}

function runBatch(on: Connection, statements: readonly Statement[]): Result[] {
  on.exec('begin immediate')
  try {
    const results = statements.map(({ sql, params = [] }) => execute(on, sql, params))
    checkCounts(statements, results)
    on.exec('commit')
    return results
  } catch (error) {
    if (on.inTransaction) on.exec('rollback')
    throw error
  }
}

function translated(error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  if (message === 'FOREIGN KEY constraint failed') return new UnexpectedRowCount(-1, error)
  const match = /UNIQUE constraint failed: (\w+)/.exec(message)
  return match ? new UniqueViolation(match[1]!, error) : error
}
