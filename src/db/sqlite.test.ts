import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
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

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 5))
}

type SlowDisk = {
  waits: readonly PromiseWithResolvers<void>[]
  /** The wait of that number, once it has begun. */
  wait(index: number): Promise<PromiseWithResolvers<void>>
}

/** Takes the place of what waits for the disk: each wait lasts until it is told its end. */
async function slowDisk(context: TestContext): Promise<SlowDisk> {
  const waits: PromiseWithResolvers<void>[] = []
  const handle = await open(import.meta.filename)
  const files = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  context.mock.method(files, 'datasync', () => {
    waits.push(Promise.withResolvers())
    return waits.at(-1)!.promise
  })
  return {
    waits,
    async wait(index) {
      await until(() => waits.length > index)
      return waits[index]!
    },
  }
}

test('whoever writes waits for the disk, all who do so at once together, and nobody else does', async (context) => {
  const { waits, wait } = await slowDisk(context)
  const db = openSqlite(join(folder, 'slow.sqlite'))
  const done: string[] = []
  const write = (name: string, work: Promise<unknown>) => work.then(() => done.push(name))

  const first = write('first', db.run('create table notes (text text)'))
  const firstWait = await wait(0)
  const others = [
    write('second', db.run(`insert into notes values ('second')`)),
    write('third', db.batch([{ sql: `insert into notes values ('third')` }])),
    write(
      'fourth',
      db.transaction((tx) => tx.run(`insert into notes values ('fourth')`)),
    ),
  ]
  await until(async () => (await db.query('select text from notes')).length === 3)
  assert.deepEqual([waits.length, done], [1, []])

  // The wait that had begun before the others wrote is not theirs.
  firstWait.resolve()
  await first
  const secondWait = await wait(1)
  assert.deepEqual(done, ['first'])
  secondWait.resolve()
  await Promise.all(others)
  assert.equal(waits.length, 2)
  await db.close()
})

test('a disk that fails is told to whoever wrote; whoever writes next is safe, as the log was moved', async (context) => {
  const { wait } = await slowDisk(context)
  const file = join(folder, 'failing.sqlite')
  const db = openSqlite(file)
  const refused = assert.rejects(db.run('create table notes (text text)'), /EIO/)
  const failing = await wait(0)
  // This one commits before the failure is known.
  const taken = db.run(`insert into notes values ('again')`)
  await until(async () => (await db.query('select text from notes')).length === 1)
  assert.notEqual(statSync(`${file}-wal`).size, 0)
  failing.reject(new Error('EIO'))
  await refused
  const next = await wait(1)
  assert.equal(statSync(`${file}-wal`).size, 0)
  next.resolve()
  assert.equal(await taken, 1)
  await db.close()
})

test('after a disk has failed nothing is acknowledged while the log cannot be moved', async (context) => {
  const { wait } = await slowDisk(context)
  const file = join(folder, 'held.sqlite')
  const db = openSqlite(file)
  const made = db.run('create table notes (text text)')
  const making = await wait(0)
  making.resolve()
  await made

  const other = new DatabaseSync(file)
  other.exec('begin')
  other.prepare('select count(*) from notes').get()
  const refused = assert.rejects(db.run(`insert into notes values ('lost')`), /EIO/)
  const failing = await wait(1)
  failing.reject(new Error('EIO'))
  await refused
  for (let i = 0; i < 2; i++) await assert.rejects(db.run(`insert into notes values ('held')`), /in use/)
  other.exec('commit')
  other.close()
  const taken = db.run(`insert into notes values ('good')`)
  const next = await wait(2)
  next.resolve()
  assert.equal(await taken, 1)
  await db.close()
})

test('a database may be reached through a link', async () => {
  const link = join(folder, 'link.sqlite')
  mkdirSync(join(folder, 'elsewhere'))
  symlinkSync(join(folder, 'elsewhere', 'real.sqlite'), link)
  const db = openSqlite(link)
  await db.run('create table notes (text text)')
  assert.equal(await db.run(`insert into notes values ('there')`), 1)
  await db.close()
})

test('what is written as the database closes is either done or refused', async () => {
  const db = openSqlite(join(folder, 'closing.sqlite'))
  await db.run('create table notes (text text)')
  const writes = Array.from({ length: 100 }, (_, i) => db.run(`insert into notes values ('${i}')`))
  const [results] = await Promise.all([Promise.allSettled(writes), db.close()])
  assert.ok(results.every(({ status }) => status === 'fulfilled'))
})

test('a file that is no database is refused, and let go of', () => {
  const file = join(folder, 'garbage.sqlite')
  writeFileSync(file, 'This is no database, whatever its name may be. '.repeat(100))
  const openFiles = () => readdirSync('/proc/self/fd').length
  const before = existsSync('/proc/self/fd') ? openFiles() : 0
  assert.throws(() => openSqlite(file), /not a database/)
  if (before > 0) assert.equal(openFiles(), before)
})
