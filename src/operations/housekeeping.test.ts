import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { testDatabases } from '../../test/support/databases.ts'
import { startServer } from '../../test/support/server.ts'
import { hour, storedIdentity } from '../../test/support/sessions.ts'
import type { Db } from '../db/db.ts'
import { newUuid } from '../lib/uuid.ts'
import { removeRound } from './housekeeping.ts'

const day = 24 * hour
const now = 1_800_000_000_000_000
const clock = { now: () => now }

const flow = async (db: Db, expiresAt: number): Promise<string> => {
  const id = newUuid()
  await db.run(
    `insert into flows (id, name, type, issued_at, expires_at, data) values ($1, 'recovery', 'browser', $2, $3, '{}')`,
    [id, expiresAt - hour, expiresAt],
  )
  return id
}
const session = (db: Db, identityId: string, expiresAt: number) =>
  db.run(
    `insert into sessions (id, identity_id, token_hash, active, aal, authentication_methods, issued_at, expires_at, created_at, updated_at)
     values ($1, $2, $3, $4, 'aal1', '[]', $5, $6, $5, $5)`,
    [newUuid(), identityId, newUuid(), true, expiresAt - day, expiresAt],
  )
const link = (db: Db, flowId: string, expiresAt: number) =>
  db.run(
    `insert into link_tokens (token_hash, flow_id, purpose, via, address, by_operator, expires_at, created_at)
     values ($1, $2, 'recovery', 'email', 'a@b.example', $3, $4, $4)`,
    [newUuid(), flowId, false, expiresAt],
  )
const exchange = (db: Db, flowId: string, createdAt: number) =>
  db.run(`insert into session_token_exchanges (init_code_hash, flow_id, created_at) values ($1, $2, $3)`, [
    newUuid(),
    flowId,
    createdAt,
  ])
const count = async (db: Db, table: string): Promise<number> =>
  Number((await db.query<{ n: number }>(`select count(*) as n from ${table}`))[0]!.n)

for (const { name, open } of testDatabases())
  describe(name, () => {
    test('what has been over for long is removed, and what somebody may still ask for stays', async () => {
      const db = await open()
      const { id } = await storedIdentity(db)
      for (const age of [-hour, hour, 2 * day, 31 * day]) {
        await flow(db, now - age)
        await session(db, id, now - age)
        await db.run(`insert into continuity_containers (id, name, payload, expires_at) values ($1, 'x', 'y', $2)`, [
          newUuid(),
          now - age,
        ])
        await db.run(`insert into oidc_attempts (id, payload, expires_at) values ($1, 'y', $2)`, [newUuid(), now - age])
        await db.run(`insert into self_service_errors (id, body, created_at) values ($1, '{}', $2)`, [
          newUuid(),
          now - age,
        ])
      }
      const removed = await removeRound({ db, clock }, { batchSize: 100 })
      assert.deepEqual(removed, {
        sessions: 1,
        continuity_containers: 2,
        flows: 2,
        oidc_attempts: 2,
        self_service_errors: 1,
      })
      assert.deepEqual(await removeRound({ db, clock }, { batchSize: 100 }), {})
    })

    test('a form stays as long as a link or a code that belongs to it is good, and takes them with it', async () => {
      const db = await open()
      const [alive, dead] = [await flow(db, now - 2 * day), await flow(db, now - 2 * day)]
      await link(db, alive, now + hour)
      await link(db, dead, now - hour)
      assert.deepEqual(await removeRound({ db, clock }, { batchSize: 100 }), { flows: 1 })
      const left = await db.query<{ flow_id: string }>('select flow_id from link_tokens')
      assert.deepEqual(left, [{ flow_id: alive }])
    })

    test('codes to pick up a session stay as long as their form', async () => {
      const db = await open()
      await exchange(db, await flow(db, now - hour), now - 3 * day)
      await exchange(db, newUuid(), now - 3 * day)
      await exchange(db, newUuid(), now - hour)
      assert.deepEqual(await removeRound({ db, clock }, { batchSize: 100 }), { session_token_exchanges: 1 })
    })

    test('an operator may keep rows for longer, or not at all', async () => {
      const db = await open()
      for (const age of [hour, 2 * day, 10 * day]) await flow(db, now - age)
      assert.deepEqual(await removeRound({ db, clock }, { batchSize: 100, keepAtLeastMicros: 5 * day }), { flows: 1 })
      assert.deepEqual(await removeRound({ db, clock }, { batchSize: 100, keepMicros: 0 }), { flows: 2 })
    })

    test('a round is of bounded size, and several processes may work at once', async () => {
      const db = await open()
      for (let i = 0; i < 40; i++) await flow(db, now - 2 * day - i)
      const rounds = await Promise.all(Array.from({ length: 4 }, () => removeRound({ db, clock }, { batchSize: 10 })))
      for (const { flows = 0 } of rounds) assert.ok(flows <= 10)
      for (let i = 0; i < 4; i++) await removeRound({ db, clock }, { batchSize: 10 })
      assert.equal(await count(db, 'flows'), 0)
    })
  })

const flowOf = async (url: string): Promise<string> => {
  const answer = await fetch(`${url}/self-service/login/api`)
  return ((await answer.json()) as { id: string }).id
}

test('a server that serves says for a day that a form has expired, and then has never heard of it', async () => {
  const server = await startServer({ config: { database: { cleanup: { enabled: true, sleep: { tables: '5ms' } } } } })
  try {
    const url = `${server.publicUrl}/self-service/login/flows?id=${await flowOf(server.publicUrl)}`
    const status = async () => (await fetch(url)).status
    server.pass(20 * 3600)
    await wait(50)
    assert.equal(await status(), 410)
    server.pass(10 * 3600)
    const patience = performance.now() + 10_000
    while ((await status()) === 410 && performance.now() < patience) await wait(10)
    assert.equal(await status(), 404)
  } finally {
    await server.stop()
  }
})

test('a server that is told not to removes nothing', async () => {
  const server = await startServer({ config: { database: { cleanup: { enabled: false, sleep: { tables: '1ms' } } } } })
  try {
    const id = await flowOf(server.publicUrl)
    server.pass(30 * 24 * 3600)
    await wait(100)
    assert.equal((await fetch(`${server.publicUrl}/self-service/login/flows?id=${id}`)).status, 410)
  } finally {
    await server.stop()
  }
})
