import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UnexpectedRowCount } from '../db/db.ts'
import { tokenHash } from '../crypto/tokens.ts'
import { nilUuid } from '../lib/uuid.ts'
import { testDatabases } from '../../test/support/databases.ts'
import { requestOf } from '../../test/support/requests.ts'
import { hour, identityOf, signIn, storedIdentity, testClock } from '../../test/support/sessions.ts'
import type { Authenticated } from './authenticate.ts'
import { openSession, type OpenedSession } from './issue.ts'
import { findSessionByTokenHash, revokeSession } from './store.ts'

const request = requestOf('POST', '/self-service/login', { headers: { 'user-agent': 'second device' } })
const totp = { method: 'totp', aal: 'aal2' } as const
const lifespanOf = () => 24 * hour

const authenticated = ({ session, token }: OpenedSession, identity: Authenticated['identity']): Authenticated => ({
  session,
  identity,
  token,
  source: 'header',
})

for (const { name, open } of testDatabases()) {
  describe(name, () => {
    test('a sign-in opens a session under a new token, of which only a hash is stored', async () => {
      const [db, clock] = [await open(), testClock()]
      const ada = await storedIdentity(db)
      const opened = await signIn({ db, clock }, ada)
      assert.equal(opened.continued, false)
      assert.match(opened.token.reveal(), /^ory_st_[A-Za-z0-9]{32}$/)
      assert.deepEqual(opened.shown, opened.session)
      assert.deepEqual(opened.devices, [opened.session.device])
      const found = await findSessionByTokenHash(db, tokenHash(opened.token))
      assert.deepEqual(found?.session, opened.session)
      assert.equal(found?.identity.id, ada.id)
      assert.equal(opened.session.expiresAt - opened.session.issuedAt, 24 * hour)
    })

    test('a second factor continues the session: same id and token, higher level, whole lifespan', async () => {
      const [db, clock] = [await open(), testClock()]
      const ada = await storedIdentity(db)
      const first = await signIn({ db, clock }, ada)
      clock.pass(hour)
      const second = openSession(
        { clock, lifespanOf },
        { identity: ada, methods: [totp], request, current: authenticated(first, ada) },
      )
      await db.batch(second.statements)

      assert.equal(second.continued, true)
      assert.equal(second.token, first.token)
      const stored = (await findSessionByTokenHash(db, tokenHash(first.token)))!.session
      assert.deepEqual(stored, second.session)
      assert.equal(stored.id, first.session.id)
      assert.equal(stored.aal, 'aal2')
      assert.deepEqual(
        stored.authenticationMethods.map((m) => m.method),
        ['password', 'totp'],
      )
      assert.equal(stored.issuedAt, first.session.issuedAt)
      assert.ok(stored.expiresAt - first.session.expiresAt >= hour)
      assert.ok(stored.authenticatedAt! > first.session.authenticatedAt!)
    })

    test('the answer to a continued session shows a later start and one device more than is stored', async () => {
      const [db, clock] = [await open(), testClock()]
      const ada = await storedIdentity(db)
      const first = await signIn({ db, clock }, ada)
      const { shown, session, devices } = openSession(
        { clock, lifespanOf },
        { identity: ada, methods: [totp], request, current: authenticated(first, ada) },
      )
      assert.equal(shown.issuedAt, session.authenticatedAt)
      assert.deepEqual(
        devices.map((d) => [d.id, d.userAgent]),
        [
          [first.session.device!.id, null],
          [nilUuid, 'second device'],
        ],
      )
    })

    test('a session that was revoked meanwhile is not continued, and nothing of the batch is stored', async () => {
      const [db, clock] = [await open(), testClock()]
      const ada = await storedIdentity(db)
      const first = await signIn({ db, clock }, ada)
      const second = openSession(
        { clock, lifespanOf },
        { identity: ada, methods: [totp], request, current: authenticated(first, ada) },
      )
      await db.batch([revokeSession(first.session.id, clock.now())])
      await assert.rejects(db.batch(second.statements), UnexpectedRowCount)
    })
  })
}

test('who signs in as somebody else gets a session of their own', () => {
  const clock = testClock()
  const [ada, bob] = [identityOf(), identityOf()]
  const first = openSession({ clock, lifespanOf }, { identity: ada, methods: [totp], request })
  const second = openSession(
    { clock, lifespanOf },
    { identity: bob, methods: [totp], request, current: authenticated(first, ada) },
  )
  assert.equal(second.continued, false)
  assert.notEqual(second.session.id, first.session.id)
  assert.notEqual(second.token.reveal(), first.token.reveal())
})

test('an organization may have a lifespan of its own', () => {
  const organizationId = '0ef0a3c1-5b0f-4c8e-9e32-3c0f4f0f6a11'
  const { session } = openSession(
    { clock: testClock(), lifespanOf: (identity) => (identity.organizationId === organizationId ? hour : 24 * hour) },
    { identity: identityOf({ organizationId }), methods: [totp], request },
  )
  assert.equal(session.expiresAt - session.issuedAt, hour)
})

test('a factor that was completed earlier keeps its moment', () => {
  const { session } = openSession(
    { clock: testClock(), lifespanOf },
    { identity: identityOf(), methods: [{ method: 'code', aal: 'aal1', completedAt: 5 }, totp], request },
  )
  assert.equal(session.authenticationMethods[0]!.completedAt, 5)
  assert.equal(session.authenticationMethods[1]!.completedAt, session.issuedAt)
})
