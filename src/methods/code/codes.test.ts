import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabases } from '../../../test/support/databases.ts'
import { hour, storedIdentity, testClock } from '../../../test/support/sessions.ts'
import { Secret } from '../../crypto/secret.ts'
import type { Db } from '../../db/db.ts'
import { newFlow } from '../../flows/flow.ts'
import { insertFlow } from '../../flows/store.ts'
import { createCodeKeys, issueCodes, newCode, useCode, type CodeDeps, type CodePurpose } from './codes.ts'

const tries = 5

async function prepared(db: Db) {
  const clock = testClock()
  const deps: CodeDeps = {
    db,
    clock,
    codeKeys: createCodeKeys(['a cookie secret for tests']),
    codeLifespanMicros: hour,
    maxSubmissions: tries,
  }
  const flow = newFlow({
    name: 'login',
    type: 'browser',
    requestUrl: 'https://id.example/',
    state: 'choose_method',
    lifespanMicros: hour,
    publicBaseUrl: 'https://id.example/',
    now: clock.now(),
  })
  await db.batch([insertFlow(flow)])
  const ada = await storedIdentity(db)
  const issue = async (
    addresses = ['ada@example.test'],
    more: { resetsTries?: boolean; lifespanMicros?: number } = {},
  ) => {
    const recipients = addresses.map((address) => ({ via: 'email' as const, address, identityId: ada.id }))
    const { codes, statements } = issueCodes(deps, { flowId: flow.id, purpose: 'login', recipients, ...more })
    await db.batch(statements)
    return codes.map(({ code }) => code)
  }
  const use = async (code: Secret, { purpose = 'login' as CodePurpose, flowId = flow.id, with: over = {} } = {}) =>
    (await useCode({ ...deps, ...over }, { flowId, purpose, code })).kind
  return { deps, flow, clock, ada, issue, use }
}

/** Six digits that are none of these. */
const other = (...codes: Secret[]): Secret => {
  for (;;) {
    const code = newCode()
    if (!codes.some((c) => c.reveal() === code.reveal())) return code
  }
}

test('codes have six digits', () => {
  for (let i = 0; i < 1000; i++) assert.match(newCode().reveal(), /^[0-9]{6}$/)
})

for (const { name, open } of testDatabases()) {
  test(`${name}: a code is good once, for its flow and its purpose`, async () => {
    const { use, issue } = await prepared(await open())
    const [code] = await issue()
    assert.equal(await use(code!, { purpose: 'recovery' }), 'wrong')
    assert.equal(await use(other(code!)), 'wrong')
    assert.equal(await use(code!), 'accepted')
    assert.equal(await use(code!), 'used')
  })

  test(`${name}: each recipient has a code of their own, and the answer tells whose it was`, async () => {
    const { deps, flow, issue, ada } = await prepared(await open())
    const [, second] = await issue(['ada@example.test', 'countess@example.test'])
    const used = await useCode(deps, { flowId: flow.id, purpose: 'login', code: second! })
    assert.equal(used.kind === 'accepted' && used.code.address, 'countess@example.test')
    assert.equal(used.kind === 'accepted' && used.code.identityId, ada.id)
  })

  test(`${name}: a code that is not acceptable counts as wrong and stays good`, async () => {
    const { deps, flow, issue } = await prepared(await open())
    const [code] = await issue()
    const given = { flowId: flow.id, purpose: 'login' as const, code: code! }
    assert.equal((await useCode(deps, { ...given, accepts: () => false })).kind, 'wrong')
    assert.equal((await useCode(deps, given)).kind, 'accepted')
  })

  test(`${name}: a new code takes the place of the old one, but gives no new tries`, async () => {
    const { use, issue } = await prepared(await open())
    const [first] = await issue()
    const [second] = await issue()
    if (first!.reveal() !== second!.reveal()) assert.equal(await use(first!), 'wrong')
    for (let i = 0; i < tries; i++) await use(other(second!))
    const [third] = await issue()
    assert.equal(await use(third!), 'too_many')
    const [fourth] = await issue(undefined, { resetsTries: true })
    assert.equal(await use(fourth!), 'accepted')
  })

  test(`${name}: a code ends with its time, and with the secret that made it`, async () => {
    const { use, issue, clock } = await prepared(await open())
    const [code] = await issue(undefined, { lifespanMicros: 60_000_000 })
    assert.equal(await use(code!, { with: { codeKeys: createCodeKeys(['another secret for tests']) } }), 'wrong')
    clock.pass(60_000_000)
    assert.equal(await use(code!), 'wrong')

    const [renewed] = await issue()
    const rotated = createCodeKeys(['another secret for tests', 'a cookie secret for tests'])
    assert.equal(await use(renewed!, { with: { codeKeys: rotated } }), 'accepted')
  })

  test(`${name}: of a hundred uses of the right code at once one succeeds`, async () => {
    const { use, issue } = await prepared(await open())
    const [code] = await issue()
    const uses = await Promise.all(Array.from({ length: 100 }, () => use(code!, { with: { maxSubmissions: 255 } })))
    assert.equal(uses.filter((kind) => kind === 'accepted').length, 1)
    assert.ok(uses.every((kind) => kind === 'accepted' || kind === 'used' || kind === 'too_many'))
  })

  test(`${name}: of two hundred guesses at once no more are looked at than configured, and then not the right one either`, async () => {
    const { use, issue } = await prepared(await open())
    const [code] = await issue()
    const guesses = await Promise.all(Array.from({ length: 200 }, () => use(other(code!))))
    assert.equal(guesses.filter((kind) => kind === 'wrong').length, tries)
    assert.equal(guesses.filter((kind) => kind === 'too_many').length, 200 - tries)
    assert.equal(await use(code!), 'too_many')
  })

  test(`${name}: nothing that is stored shows the code`, async () => {
    const db = await open()
    const { issue } = await prepared(db)
    const [code] = await issue()
    assert.doesNotMatch(
      JSON.stringify(await db.query('select code_hash, address, purpose from one_time_codes')),
      new RegExp(code!.reveal()),
    )
  })
}
