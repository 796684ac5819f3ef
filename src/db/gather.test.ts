import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabases } from '../../test/support/databases.ts'
import { gathered } from './gather.ts'

const person = (name: string) => ({ sql: 'insert into people (name, age) values ($1, $2)', params: [name, 1] })
const pet = (name: string) => ({ sql: 'insert into pets (name) values ($1)', params: [name] })

test('rows of a table go together, tables stay in order', () => {
  assert.deepEqual(gathered([person('ada'), pet('dog'), person('bob'), pet('cat'), person('cy')]), [
    { sql: 'insert into people (name, age) values ($1, $2), ($3, $4)', params: ['ada', 1, 'bob', 1] },
    { sql: 'insert into people (name, age) values ($1, $2)', params: ['cy', 1] },
    { sql: 'insert into pets (name) values ($1), ($2)', params: ['dog', 'cat'] },
  ])
})

test('any number of rows is made of few different statements', () => {
  const shapes = new Set<string>()
  for (const count of [1, 7, 16, 100, 999, 1000])
    for (const { sql } of gathered(Array.from({ length: count }, (_, n) => pet(String(n))))) shapes.add(sql)
  assert.equal(shapes.size, 8)
})

test('a statement that is no insertion of one row is refused', () => {
  assert.throws(() => gathered([{ sql: 'delete from pets where name = $1', params: ['dog'] }]), /more than one row/)
})

for (const { name, open } of testDatabases())
  test(`nothing is lost or doubled on ${name}`, async () => {
    const db = await open()
    await db.run('create table pets (name text primary key)')
    const names = Array.from({ length: 333 }, (_, n) => `pet ${n}`)
    await db.batch(gathered(names.map(pet)))
    const rows = await db.query<{ name: string }>('select name from pets')
    assert.deepEqual(rows.map((row) => row.name).toSorted(), names.toSorted())
  })
