import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabases } from '../../../test/support/databases.ts'
import { hour, testClock } from '../../../test/support/sessions.ts'
import type { Db } from '../../db/db.ts'
import { newUuid } from '../../lib/uuid.ts'
import { forgetGuesses, takeGuess, type GuessedAt } from './store.ts'

const minute = hour / 60

async function prepared(db: Db) {
  const clock = testClock()
  const app = { what: 'totp', identityId: newUuid() } as const
  const guess = (at: GuessedAt = app) => takeGuess(db, at, clock.now())
  /** How many of a hundred guesses at once are looked at. */
  const looked = async (at: GuessedAt = app) =>
    (await Promise.all(Array.from({ length: 100 }, () => guess(at)))).filter(Boolean).length
  return { app, clock, guess, looked }
}

for (const { name, open } of testDatabases()) {
  test(`${name}: of a hundred guesses at once ten are looked at, and then ten after each pause, which grows`, async () => {
    const { clock, looked } = await prepared(await open())
    for (const pause of [5, 15, 60, 60]) {
      assert.equal(await looked(), 10)
      clock.pass(pause * minute - 1000)
      assert.equal(await looked(), 0)
      clock.pass(1000)
    }
    assert.equal(await looked(), 10)
  })

  test(`${name}: each secret is counted for itself`, async () => {
    const { app, guess, looked } = await prepared(await open())
    await looked()
    assert.equal(await guess(), false)
    assert.equal(await guess({ ...app, what: 'lookup_secret' }), true)
    assert.equal(await guess({ what: 'totp', identityId: newUuid() }), true)
    assert.equal(await looked({ what: 'code', via: 'email', address: 'ada@shop.example' }), 50)
    assert.equal(await guess({ what: 'code', via: 'email', address: 'grace@shop.example' }), true)
  })

  test(`${name}: who is right, and who makes a pause of more than a day, begins anew`, async () => {
    const db = await open()
    const { app, clock, looked } = await prepared(db)
    await looked()
    await db.batch([forgetGuesses(app)])
    assert.equal(await looked(), 10)
    clock.pass(5 * minute)
    assert.equal(await looked(), 10)
    clock.pass(25 * hour)
    assert.equal(await looked(), 10)
    clock.pass(5 * minute)
    assert.equal(await looked(), 10)
  })
}
