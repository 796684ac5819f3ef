import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { open, type FileHandle } from 'node:fs/promises'
import { after, before, test, type TestContext } from 'node:test'
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

/** Takes the place of what waits for the disk: each wait lasts until it is told its end. */
async function slowDisk(context: TestContext): Promise<{ waits: PromiseWithResolvers<void>[] }> {
  const waits: PromiseWithResolvers<void>[] = []
  const handle = await open(import.meta.filename)
  const files = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  context.mock.method(files, 'datasync', () => {
    waits.push(Promise.withResolvers())
    return waits.at(-1)!.promise
  })
  return { waits }
}

test('whoever writes waits for the disk, all who do so at once together, and nobody else does', async (context) => {
  const { waits } = await slowDisk(context)
  const db = openSqlite(join(folder, 'slow.sqlite'))
  const done: string[] = []
  const write = (name: string, work: Promise<unknown>) => work.then(() => done.push(name))
  const turn = () => new Promise((resolve) => setTimeout(resolve, 20))

  const first = write('first', db.run('create table notes (text text)'))
  await turn()
  const others = [
    write('second', db.run(`insert into notes values ('second')`)),
    write('third', db.batch([{ sql: `insert into notes values ('third')` }])),
    write(
      'fourth',
      db.transaction((tx) => tx.run(`insert into notes values ('fourth')`)),
    ),
  ]
  await turn()
  assert.equal((await db.query('select text from notes')).length, 3)
  assert.deepEqual([waits.length, done], [1, []])

  // The wait that had begun before the others wrote is not theirs.
  waits[0]!.resolve()
  await first
  await turn()
  assert.deepEqual([waits.length, done], [2, ['first']])
  waits[1]!.resolve()
  await Promise.all(others)
  assert.equal(waits.length, 2)
  await db.close()
})

test('a disk that fails is told to whoever wrote, and asked again by the next one', async (context) => {
  const { waits } = await slowDisk(context)
  const db = openSqlite(join(folder, 'failing.sqlite'))
  const refused = assert.rejects(db.run('create table notes (text text)'), /EIO/)
  await new Promise((resolve) => setTimeout(resolve, 20))
  waits[0]!.reject(new Error('EIO'))
  await refused
  const taken = db.run(`insert into notes values ('again')`)
  await new Promise((resolve) => setTimeout(resolve, 20))
  waits[1]!.resolve()
  assert.equal(await taken, 1)
  await db.close()
})
