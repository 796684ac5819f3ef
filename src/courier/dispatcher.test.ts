// What several dispatchers do to one queue, and what becomes of it when one of them is killed. ZELOS_TEST_LONG=1 (npm run
// test:long) makes the numbers larger.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect } from '../db/connect.ts'
import type { Db } from '../db/db.ts'
import { migrateUp } from '../db/migrate.ts'
import { systemClock } from '../lib/clock.ts'
import { courierOn } from '../../test/support/courier.ts'
import { startMailServer, type MailServer } from '../../test/support/mail-server.ts'
import { startPostgres, type TestPostgres } from '../../test/support/postgres.ts'
import type { Message } from './message.ts'
import { sampleMessage } from './templates/sample.ts'

const isLong = process.env.ZELOS_TEST_LONG === '1'
const folder = mkdtempSync(join(tmpdir(), 'zelos-courier-'))
const children = new Set<ChildProcess>()
const open = new Set<Db>()
let postgres: TestPostgres
before(async () => {
  postgres = await startPostgres()
})
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  for (const db of open) await db.close()
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

let databases = 0
const engines = {
  SQLite: () => Promise.resolve(`sqlite://${folder}/${++databases}.sqlite`),
  PostgreSQL: () => postgres.createDatabase(),
}

async function opened(dsn: string): Promise<Db> {
  const db = await connect(dsn)
  open.add(db)
  return db
}

async function migrated(dsn: string): Promise<Db> {
  const db = await opened(dsn)
  await migrateUp(db, systemClock())
  return db
}

async function dispatcherProcess(dsn: string, port: number, leaseMs: number): Promise<ChildProcess> {
  const script = join(import.meta.dirname, '../../test/support/courier-process.ts')
  const child = spawn(process.execPath, [script, dsn, String(port), String(leaseMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  await once(child.stdout!, 'data')
  return child
}

async function fill(db: Db, count: number): Promise<void> {
  const courier = courierOn(db)
  const sample = sampleMessage('verification_code_valid', 'email')
  for (let from = 0; from < count; from += 100) {
    const some = Array.from({ length: Math.min(100, count - from) }, (_, i) => `p${from + i}@example.test`)
    const statements = await Promise.all(some.map((to) => courier.enqueue({ ...sample, to } as Message)))
    await db.batch(statements.flat())
  }
  await courier.close()
}

const tally = async (db: Db): Promise<Record<string, number>> => {
  const rows = await db.query<{ status: string; count: number }>(
    'select status, count(*) as count from courier_messages group by status',
  )
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]))
}

async function allSent(db: Db, count: number): Promise<void> {
  while ((await tally(db)).sent !== count) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** How many recipients got how many mails. */
function copies({ mails }: MailServer): Map<number, number> {
  const byRecipient = new Map<string, number>()
  for (const { to } of mails) for (const each of to) byRecipient.set(each, (byRecipient.get(each) ?? 0) + 1)
  const counted = new Map<number, number>()
  for (const count of byRecipient.values()) counted.set(count, (counted.get(count) ?? 0) + 1)
  return counted
}

for (const [name, dsnOf] of Object.entries(engines)) {
  describe(`on ${name}`, () => {
    test('a dispatcher that is killed in the middle loses nothing, and nothing arrives more than twice', async (t) => {
      const count = isLong ? 500 : 120
      const dsn = await dsnOf()
      const [db, server] = [await migrated(dsn), await startMailServer()]
      await fill(db, count)
      const leaseMs = 2000
      const first = await dispatcherProcess(dsn, server.port, leaseMs)
      await server.received(Math.floor(count / 3))
      first.kill('SIGKILL')
      await once(first, 'exit')
      const atDeath = await tally(db)
      const second = await dispatcherProcess(dsn, server.port, leaseMs)
      await allSent(db, count)
      second.kill('SIGTERM')

      const counted = copies(server)
      const twice = counted.get(2) ?? 0
      t.diagnostic(
        `${name}: ${count} messages, when killed ${JSON.stringify(atDeath)}; once ${counted.get(1)}, twice ${twice}`,
      )
      assert.equal((counted.get(1) ?? 0) + twice, count)
      // No more than were on their way at that moment.
      assert.ok(twice <= (atDeath.processing ?? 0), `${twice} twice`)
      await server.close()
    })

    test('ten dispatchers send every message once', async (t) => {
      const count = isLong ? 2000 : 250
      const dsn = await dsnOf()
      const [db, server] = [await migrated(dsn), await startMailServer()]
      await fill(db, count)
      const began = performance.now()
      const config = {
        smtp: { connection_uri: `smtp://127.0.0.1:${server.port}/?disable_starttls=true` },
        worker: { pull_wait: '50ms' },
      }
      const stops: (() => Promise<void>)[] = []
      if (isLong) {
        const processes = await Promise.all(
          Array.from({ length: 10 }, () => dispatcherProcess(dsn, server.port, 60_000)),
        )
        stops.push(async () => void processes.map((child) => child.kill('SIGTERM')))
      } else {
        for (let i = 0; i < 10; i++) {
          const courier = courierOn(await opened(dsn), config)
          courier.start()
          stops.push(() => courier.close())
        }
      }
      await allSent(db, count)
      const seconds = (performance.now() - began) / 1000
      for (const stop of stops) await stop()
      t.diagnostic(
        `${name}: ${count} messages by ten dispatchers in ${seconds.toFixed(1)} s, ${JSON.stringify([...copies(server)])} (copies, recipients)`,
      )
      assert.deepEqual([...copies(server)], [[1, count]])
      await server.close()
    })
  })
}

test('zelos courier watch sends what lies in the queue, and ends at a signal', async () => {
  const dsn = await engines.SQLite()
  const [db, server] = [await migrated(dsn), await startMailServer()]
  await fill(db, 1)
  const config = join(folder, 'watch.json')
  writeFileSync(
    config,
    JSON.stringify({
      dsn,
      log: { level: 'error' },
      identity: { schemas: [{ id: 'person', url: 'base64://e30=' }], default_schema_id: 'person' },
      selfservice: { default_browser_return_url: 'http://127.0.0.1:4455/' },
      courier: { smtp: { connection_uri: `smtp://127.0.0.1:${server.port}/?disable_starttls=true` } },
    }),
  )
  const child = spawn(join(import.meta.dirname, '../../bin/zelos'), ['courier', 'watch', '-c', config], {
    stdio: 'inherit',
  })
  children.add(child)
  await allSent(db, 1)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
  assert.deepEqual(server.mails[0]!.to, ['p0@example.test'])
  await server.close()
})
