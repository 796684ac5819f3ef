import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../errors.ts'
import { newUuid, nilUuid } from '../lib/uuid.ts'
import { parseManageSessions } from './manage.ts'

const parse = (value: unknown) =>
  parseManageSessions(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
const id = newUuid()

test('sessions are named by their ids, in any spelling, or by those of their identities', () => {
  assert.deepEqual(parse({ action: 'disable', sessions: [id, `urn:uuid:${id.toUpperCase()}`], more: 1 }), {
    action: 'disable',
    selection: { kind: 'sessions', ids: [id, id] },
  })
  assert.deepEqual(parse({ action: 'delete', identities: [id], sessions: null }), {
    action: 'delete',
    selection: { kind: 'identities', ids: [id] },
  })
})

test('an asterisk means all identities', () => {
  assert.deepEqual(parse({ action: 'disable', identities: ['*'], sessions: [] }), {
    action: 'disable',
    selection: { kind: 'all', limit: 5000 },
  })
})

test('up to 500 ids fit into one call', () => {
  const ids = (count: number) => Array.from({ length: count }, () => nilUuid)
  assert.doesNotThrow(() => parse({ action: 'disable', sessions: ids(500) }))
  assert.throws(() => parse({ action: 'disable', sessions: ids(501) }), ApiError)
})

const wrong: unknown[] = [
  '',
  '{',
  '[]',
  'null',
  'action=disable',
  {},
  { sessions: [id] },
  { action: 'revoke', sessions: [id] },
  { action: 'disable' },
  { action: 'disable', sessions: [] },
  { action: 'disable', sessions: [id], identities: [id] },
  { action: 'disable', sessions: id },
  { action: 'disable', sessions: [1] },
  { action: 'disable', sessions: ['not-a-uuid'] },
  { action: 'disable', identities: ['not-a-uuid'] },
  { action: 'disable', sessions: ['*'] },
  { action: 'disable', identities: ['*', id] },
]

for (const body of wrong) {
  test(`${typeof body === 'string' ? `"${body}"` : JSON.stringify(body).replaceAll(id, '…')} is refused`, () => {
    assert.throws(
      () => parse(body),
      (error: unknown) => error instanceof ApiError && error.body.status === 400,
    )
  })
}
