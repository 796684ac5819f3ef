import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { openSqlite } from './sqlite.ts'

let folder = ''
before(() => void (folder = mkdtempSync(join(tmpdir(), 'zelos-sqlite-'))))
after(() => rmSync(folder, { recursive: true }))

test('while another process writes, reading goes on and writing waits', async () => {
  const file = join(folder, 'shared.sqlite')
  const db = openSqlite(file)
  await db.run('create table notes (text text)')
  await db.run(`insert into notes values ('first')`)
  const other = new DatabaseSync(file)
  other.exec('begin immediate')

  const start = performance.now()
  const done: string[] = []
  const writes = [
    db.run(`insert into notes values ('second')`),
    db.batch([{ sql: `insert into notes values ('third')` }]),
    db.transaction((tx) => tx.run(`insert into notes values ('fourth')`)),
    db.query(`insert into notes values ('fifth') returning text`),
  ].map((write) => write.then(() => done.push('written')))
  assert.equal((await db.query('select text from notes')).length, 1)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(performance.now() - start < 2000, 'the event loop stood still')
  assert.deepEqual(done, [])

  other.exec('commit')
  other.close()
  await Promise.all(writes)
  assert.equal((await db.query('select text from notes')).length, 5)
  await db.close()
})
