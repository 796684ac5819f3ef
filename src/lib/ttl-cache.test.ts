import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTtlCache } from './ttl-cache.ts'

const settableClock = () => {
  const clock = { moment: 1_000_000, now: () => clock.moment }
  return clock
}

test('a value is made once until its time is over', async () => {
  const clock = settableClock()
  const cache = createTtlCache<number>({ clock, ttlMicros: 10 })
  let made = 0
  const get = () => cache.get('a', async () => ++made)

  assert.equal(await get(), 1)
  clock.moment += 9
  assert.equal(await get(), 1)
  clock.moment += 1
  assert.equal(await get(), 2)
})

test('those who ask at the same time share one making', async () => {
  const cache = createTtlCache<number>({ clock: settableClock(), ttlMicros: 10 })
  let made = 0
  const make = async () => ++made
  assert.deepEqual(await Promise.all([cache.get('a', make), cache.get('a', make)]), [1, 1])
})

test('a failure reaches its caller and is not kept', async () => {
  const cache = createTtlCache<string>({ clock: settableClock(), ttlMicros: 10 })
  await assert.rejects(
    cache.get('a', () => Promise.reject(new Error('not now'))),
    /not now/,
  )
  assert.equal(await cache.get('a', async () => 'now'), 'now')
})

test('the oldest entry makes room', async () => {
  const cache = createTtlCache<string>({ clock: settableClock(), ttlMicros: 10, maxEntries: 2 })
  for (const key of ['a', 'b', 'c']) await cache.get(key, async () => `first ${key}`)
  assert.equal(await cache.get('c', async () => 'again'), 'first c')
  assert.equal(await cache.get('a', async () => 'again'), 'again')
})
