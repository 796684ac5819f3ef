import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import { ApiError } from '../errors.ts'
import { openPostgres } from './postgres.ts'

let server: TestPostgres
before(async () => (server = await startPostgres()))
after(() => server.stop())

test('connections that are cut are opened again, as many as there were', async () => {
  const dsn = await server.createDatabase()
  const open = () =>
    openPostgres({ connectionString: dsn, maxConnections: 4, answerWithinMs: 30_000, onError: () => undefined })
  const [db, other] = [await open(), await open()]
  const own = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
  const ask = () => Promise.allSettled(Array.from({ length: 20 }, () => db.query('select 1 as one')))

  for (let round = 0; round < 10; round++) {
    const cutting = other.query(`select pg_terminate_backend(pid) ${own} and pid <> all ($1::int[])`, [
      `{${(await pids()).join()}}`,
    ])
    await Promise.all([ask(), cutting, ask()])
    await ask()
  }
  assert.deepEqual(await db.query('select 1 as one'), [{ one: 1 }])
  const [count] = await other.query<{ n: number }>(`select count(*) as n ${own}`)
  // Two of the one that was cut, two of the one that did it less the one that counts.
  assert.ok(count!.n <= 3, `${count!.n} connections`)
  await Promise.all([db.close(), other.close()])

  /** The connections of whoever cuts, which stay. */
  async function pids(): Promise<number[]> {
    const rows = await Promise.all([1, 2].map(() => other.query<{ pid: number }>('select pg_backend_pid() as pid')))
    return rows.map(([row]) => row!.pid)
  }
})

test('a statement that is never answered does not hold its request for ever, and others go on', async () => {
  const dsn = await server.createDatabase()
  const db = await openPostgres({
    connectionString: dsn,
    maxConnections: 4,
    answerWithinMs: 300,
    onError: () => undefined,
  })
  try {
    await assert.rejects(db.query('select pg_sleep(30)'))
    assert.deepEqual(await db.query('select 1 as one'), [{ one: 1 }])
    await assert.rejects(db.batch([{ sql: 'select pg_sleep(30)' }, { sql: 'select 1 as one' }]))
    assert.equal((await db.batch([{ sql: 'select 1 as one' }, { sql: 'select 2 as two' }])).length, 2)
  } finally {
    await db.close()
  }
})

test('a text that PostgreSQL cannot hold is the fault of whoever sent it', async () => {
  const dsn = await server.createDatabase()
  const db = await openPostgres({ connectionString: dsn, maxConnections: 4, answerWithinMs: 30_000, onError: () => {} })
  const bad = (error: unknown) => error instanceof ApiError && error.body.status === 400
  await assert.rejects(db.query('select $1::text as text', ['a\0b']), bad)
  await assert.rejects(db.batch([{ sql: 'select 1' }, { sql: 'select $1::text', params: ['\0'] }]), bad)
  await assert.rejects(
    db.transaction((tx) => tx.query('select $1::text as text', ['a\0b'])),
    bad,
  )
  assert.deepEqual(await db.query('select 1 as one'), [{ one: 1 }])
  await db.close()
})
