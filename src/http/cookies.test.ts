import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allCookies } from './cookies.ts'

test('every cookie is found by its name, the last of several, quotes removed', () => {
  const cookie = 'a=1; b="two"; a=3; empty=; =nameless; bare; __proto__=x'
  assert.deepEqual(Object.entries(allCookies({ headers: { cookie } })), [
    ['a', '3'],
    ['b', 'two'],
    ['empty', ''],
    ['__proto__', 'x'],
  ])
  assert.deepEqual(allCookies({ headers: {} }), {})
})
