import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from 'pg'
import { createDatabase } from './postgres.ts'
import { startPostgresServer } from './postgres-server.ts'

async function query(dsn: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: dsn })
  await client.connect()
  const { rows } = await client.query(sql)
  await client.end()
  return rows
}

test('a server comes up, holds databases apart and leaves nothing behind', async () => {
  const server = await startPostgresServer({ fast: true })
  const dsn = await createDatabase(server.dsn, 'with "quotes"')
  assert.deepEqual(await query(dsn, 'select current_database() as name'), [{ name: 'with "quotes"' }])
  const [data] = await query(dsn, 'show data_directory')
  const folder = String(data?.data_directory)
  assert.ok(existsSync(folder))
  await server.stop()
  assert.ok(!existsSync(folder))
})

test('data in a folder of its own is there at the next start', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'zelos-kept-'))
  chmodSync(parent, 0o755) // the server may run as another user
  const dataDir = join(parent, 'data')
  const first = await startPostgresServer({ fast: true, dataDir })
  await query(first.dsn, 'create table kept (a int)')
  await first.stop()
  const second = await startPostgresServer({ fast: true, dataDir })
  assert.deepEqual(await query(second.dsn, 'select * from kept'), [])
  await second.stop()
  rmSync(parent, { recursive: true })
})

test('a port that is taken is told', async () => {
  const server = await startPostgresServer({ fast: true })
  const port = Number(new URL(server.dsn).port)
  await assert.rejects(startPostgresServer({ port }), /could not bind/)
  await server.stop()
})
