import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from './turns.ts'

const later = () => new Promise<void>((resolve) => setImmediate(resolve))

test('work under one key runs one after another, in order', async () => {
  const turns = createTurns()
  const log: string[] = []
  const work = (name: string) =>
    turns('key', async (waited) => {
      log.push(`${name} begins${waited ? ' after somebody else' : ''}`)
      await later()
      log.push(`${name} ends`)
    })
  await Promise.all([work('a'), work('b')])
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins after somebody else', 'b ends'])
})

test('work under different keys runs side by side', async () => {
  const turns = createTurns()
  const log: string[] = []
  await Promise.all(
    ['a', 'b'].map((key) =>
      turns(key, async () => {
        log.push(`${key} begins`)
        await later()
        log.push(`${key} ends`)
      }),
    ),
  )
  assert.deepEqual(log.slice(0, 2), ['a begins', 'b begins'])
})

test('work that fails does not hold up the next', async () => {
  const turns = createTurns()
  const failed = turns('key', () => Promise.reject(new Error('no')))
  const next = turns('key', async () => 'done')
  await assert.rejects(failed, /no/)
  assert.equal(await next, 'done')
})

test('nobody waits once the line is empty', async () => {
  const turns = createTurns()
  await turns('key', later)
  assert.equal(await turns('key', async (waited) => waited), false)
})
