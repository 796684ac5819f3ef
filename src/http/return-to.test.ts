import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../errors.ts'
import { createReturnTo } from './return-to.ts'

const refused = (error: unknown) =>
  error instanceof ApiError && error.body.id === 'self_service_flow_return_to_forbidden'
const publicBaseUrl = 'https://id.example.test/'

test('a path in the list admits relative addresses where the default is relative', () => {
  const returnTo = createReturnTo({ allowed: ['/'], publicBaseUrl })
  assert.equal(returnTo('/deep?x=1', '/home'), '/deep?x=1')
  assert.throws(() => returnTo('https://app.example.test/deep', '/home'), refused)
})

test('an address that only browsers take for one of another host is refused', () => {
  const returnTo = createReturnTo({ allowed: ['/'], publicBaseUrl })
  for (const address of [
    '//evil.test',
    '///evil.test',
    '////evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '\\/evil.test',
  ]) {
    assert.throws(() => returnTo(address, '/home'), `${address} has to be refused`)
  }
})

test('entries that are neither an address nor a path are named and ignored', () => {
  const warnings: string[] = []
  const returnTo = createReturnTo({
    allowed: ['', 'app.example.test', '*', '1:2'],
    publicBaseUrl,
    warn: (text) => warnings.push(text),
  })
  assert.equal(warnings.length, 4)
  assert.throws(() => returnTo('app.example.test', '/home'))
})
