import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateResponse, type Exchange } from './validate-response.ts'

const uuid = '0f0cf0a4-52ab-4d3c-9d3a-6c1c1d9d2f11'
const moment = '2026-07-01T10:00:00.123456Z'
const identity = {
  id: uuid,
  schema_id: 'person',
  schema_url: 'https://id.example/schemas/person',
  state: 'active',
  traits: { email: 'ada@example.test', anything: { goes: [1, null] } },
  metadata_public: { plan: 'free' },
  created_at: moment,
  updated_at: moment,
  organization_id: null,
}
const session = {
  id: uuid,
  active: true,
  expires_at: moment,
  authenticator_assurance_level: 'aal1',
  authentication_methods: [{ method: 'password', aal: 'aal1', completed_at: moment }],
  issued_at: moment,
  identity,
  devices: null,
}
const whoami = (body: unknown, rest: Partial<Exchange> = {}) =>
  validateResponse({
    method: 'GET',
    path: '/sessions/whoami',
    status: 200,
    contentType: 'application/json; charset=utf-8',
    location: null,
    body: JSON.stringify(body),
    ...rest,
  })

test('an answer that is as described passes, whatever is in traits and metadata', () => {
  assert.equal(whoami(session), 'toSession')
})

test('a member that is unknown, missing, of the wrong type or not for this port is found, at any depth', () => {
  assert.throws(
    () => whoami({ ...session, token: 'ory_st_x' }),
    /toSession answered 200.*"additionalProperty":"token"/s,
  )
  assert.throws(() => whoami({ ...session, identity: { ...identity, metadata_admin: null } }), /"metadata_admin"/)
  assert.throws(() => whoami({ ...session, issued_at: 'yesterday' }), /issued_at must match format "date-time"/)
  const { active: _, ...inactive } = session
  assert.throws(() => whoami(inactive), /must have required property 'active'/)
})

test('a status that is not described is found; for errors all share one shape', () => {
  assert.throws(() => whoami(session, { status: 201 }), /there are only 200, 400, 401, 403, default/)
  const error = { error: { code: 418, status: 'Teapot', message: 'No.' } }
  assert.equal(whoami(error, { status: 418 }), 'toSession')
  assert.throws(() => whoami({ ...error, stack: 'at …' }, { status: 418 }), /"stack"/)
})

test('the type, the emptiness and the target of an answer count', () => {
  assert.throws(() => whoami(session, { contentType: 'text/html' }), /its type is "text\/html"/)
  const logout = { method: 'GET', path: '/self-service/logout', contentType: '', body: '' }
  assert.equal(validateResponse({ ...logout, status: 204, location: null }), 'updateLogoutFlow')
  assert.throws(() => validateResponse({ ...logout, status: 204, location: null, body: 'x' }), /it has a body/)
  assert.throws(() => validateResponse({ ...logout, status: 303, location: null }), /where to go on/)
})

test('operations are found below the prefix and without it, and a literal path comes before a parameter', () => {
  const empty = { status: 204, contentType: '', location: null, body: '' }
  const deleted = { ...empty, method: 'DELETE', port: 'admin' } as const
  assert.equal(validateResponse({ ...deleted, path: `/admin/identities/${uuid}` }), 'deleteIdentity')
  assert.equal(validateResponse({ ...deleted, path: `/identities/${uuid}` }), 'deleteIdentity')
  assert.equal(validateResponse({ ...empty, method: 'DELETE', path: `/sessions/${uuid}` }), 'disableMySession')
  assert.equal(validateResponse({ ...empty, method: 'DELETE', path: '/sessions/whoami' }), undefined)
})
