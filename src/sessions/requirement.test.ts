import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Aal } from '../identities/identity.ts'
import { testDatabases } from '../../test/support/databases.ts'
import { credential, storedIdentity } from '../../test/support/sessions.ts'
import { meetsByWhatIsKnown, meetsRequirement, type RequiredAal } from './requirement.ts'

const off = { codePasswordless: false, codeMfa: false, migrationHook: false }

type Case = [required: RequiredAal, session: Aal, available: Aal | null, codeMfa: boolean, boolean | undefined]

const cases: Case[] = [
  ['aal1', 'aal0', 'aal2', false, false],
  ['aal1', 'aal1', 'aal2', false, true],
  ['aal1', 'aal1', null, true, true],
  ['aal1', 'aal2', 'aal2', false, true],
  ['highest_available', 'aal2', 'aal2', false, true],
  ['highest_available', 'aal2', null, true, true],
  ['highest_available', 'aal1', 'aal2', false, false],
  ['highest_available', 'aal1', 'aal2', true, false],
  ['highest_available', 'aal1', 'aal1', false, true],
  ['highest_available', 'aal1', 'aal0', false, true],
  // The credentials have to be asked.
  ['highest_available', 'aal1', null, false, undefined],
  ['highest_available', 'aal1', 'aal1', true, undefined],
  ['highest_available', 'aal1', 'aal0', true, undefined],
]

for (const [required, session, available, codeMfa, expected] of cases) {
  const title = `${required} for ${session} where ${available ?? 'what'} is available${codeMfa ? ', with codes as second factor' : ''}`
  test(`${title}: ${expected ?? 'nobody knows yet'}`, () => {
    assert.equal(meetsByWhatIsKnown({ codeMfa }, required, session, available), expected)
  })
}

for (const { name, open } of testDatabases()) {
  describe(name, () => {
    test('the credentials decide where nothing was computed before', async () => {
      const db = await open()
      const totp = credential('totp', { totp_url: 'otpauth://totp/x:ada?secret=JBSWY3DPEHPK3PXP' }, ['ada'])
      const careful = await storedIdentity(db, { availableAal: null, credentials: { totp } })
      const plain = await storedIdentity(db, { availableAal: null })
      const meets = (identity: typeof plain) =>
        meetsRequirement({ db, rules: off }, 'highest_available', { aal: 'aal1' }, identity)
      assert.equal(await meets(careful), false)
      assert.equal(await meets(plain), true)
    })

    test('codes as second factor count as soon as they are switched on', async () => {
      const db = await open()
      const code = credential('code', { addresses: [{ channel: 'email', address: 'ada@example.test' }] })
      const ada = await storedIdentity(db, { availableAal: 'aal1', credentials: { code } })
      const meets = (codeMfa: boolean) =>
        meetsRequirement({ db, rules: { ...off, codeMfa } }, 'highest_available', { aal: 'aal1' }, ada)
      assert.equal(await meets(false), true)
      assert.equal(await meets(true), false)
    })
  })
}
