import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabases } from '../../../test/support/databases.ts'
import { hour, storedIdentity, testClock } from '../../../test/support/sessions.ts'
import { Secret } from '../../crypto/secret.ts'
import type { Db } from '../../db/db.ts'
import { newFlow, type Flow } from '../../flows/flow.ts'
import { insertFlow } from '../../flows/store.ts'
import { newUuid } from '../../lib/uuid.ts'
import { issueLinkToken, useLinkToken } from './tokens.ts'

async function prepared(db: Db) {
  const clock = testClock()
  const flow: Flow = newFlow({
    name: 'recovery',
    type: 'browser',
    requestUrl: 'https://id.example/',
    state: 'choose_method',
    lifespanMicros: hour,
    publicBaseUrl: 'https://id.example/',
    now: clock.now(),
  })
  const { id: identityId } = await storedIdentity(db)
  await db.batch([insertFlow(flow)])
  const issue = async (whose: string | null = identityId) => {
    const link = { flowId: flow.id, purpose: 'recovery' as const, identityId: whose, via: 'email' as const }
    const { token, statement } = issueLinkToken({ clock }, { ...link, address: 'a@b.example', lifespanMicros: hour })
    await db.batch([statement])
    return token
  }
  const use = async (token: Secret, flowId = flow.id, purpose: 'recovery' | 'verification' = 'recovery') =>
    (await useLinkToken({ db, clock }, { flowId, purpose, token })).kind
  return { clock, issue, use }
}

for (const { name, open } of testDatabases()) {
  test(`${name}: a link is good once, for its flow and its purpose`, async () => {
    const { issue, use } = await prepared(await open())
    const token = await issue()
    assert.match(token.reveal(), /^[A-Za-z0-9]{32}$/)
    assert.equal(await use(token, newUuid()), 'invalid')
    assert.equal(await use(token, undefined, 'verification'), 'invalid')
    assert.equal(await use(new Secret('invented')), 'invalid')
    const uses = await Promise.all(Array.from({ length: 20 }, () => use(token)))
    assert.deepEqual(uses.toSorted(), ['accepted', ...Array.from({ length: 19 }, () => 'invalid')])
  })

  test(`${name}: links of one flow are good side by side, each for its time`, async () => {
    const { clock, issue, use } = await prepared(await open())
    const [first, second] = [await issue(), await issue()]
    assert.equal(await use(second), 'accepted')
    clock.pass(hour)
    assert.equal(await use(first), 'expired')
  })

  test(`${name}: what was made for nobody lets nobody in`, async () => {
    const { issue, use } = await prepared(await open())
    assert.equal(await use(await issue(null)), 'invalid')
  })
}
