import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../lib/json.ts'
import { hexId, idHandle, securityKeysOf, userHandleOf, withKey, withKeyUsed, withoutKey } from './security-keys.ts'

const id = Buffer.from('key-number-1')
const flags = { userPresent: true, userVerified: false, backupEligible: true, backupState: true }
const stored: { [key: string]: Json } = {
  id: id.toString('base64'),
  public_key: 'pQEC',
  attestation_type: 'packed',
  authenticator: { aaguid: 'AAAA', sign_count: 7, clone_warning: false },
  display_name: 'blue key',
  added_at: '2026-07-01T10:00:00Z',
  is_passwordless: true,
  flags: { user_present: true, user_verified: true, backup_eligible: true, backup_state: false },
  transport: ['usb', 'nfc'],
  attestation: { client_dataJSON: 'e30=' },
}

test('keys are read as Kratos stores them', () => {
  assert.deepEqual(securityKeysOf({ config: { credentials: [stored], user_handle: 'cQ==' } }), [
    {
      id,
      publicKey: Buffer.from('pQEC', 'base64'),
      displayName: 'blue key',
      addedAt: Date.UTC(2026, 6, 1, 10) * 1000,
      isPasswordless: true,
      signCount: 7,
      flags: { userPresent: true, userVerified: true, backupEligible: true, backupState: false },
      transports: ['usb', 'nfc'],
    },
  ])
  assert.equal(hexId({ id }), '6b65792d6e756d6265722d31')
})

test('old records lack what was not known then', () => {
  const [old] = securityKeysOf({ config: { credentials: [{ id: 'YQ==', public_key: 'pQEC' }] } })
  assert.deepEqual(old, {
    id: Buffer.from('a'),
    publicKey: Buffer.from('pQEC', 'base64'),
    displayName: '',
    addedAt: 0,
    isPasswordless: false,
    signCount: 0,
    flags: undefined,
    transports: [],
  })
})

test('a credential may be without keys, or not be there', () => {
  for (const config of [{}, { credentials: null }, { credentials: 'none' }, { credentials: [null, 7] }])
    assert.deepEqual(securityKeysOf({ config }), [])
  assert.deepEqual(securityKeysOf(undefined), [])
})

test('a handle that no authenticator could hold is none', () => {
  assert.deepEqual(userHandleOf({ config: { user_handle: 'YWI=' } }), Buffer.from('ab'))
  for (const user_handle of ['', 7, Buffer.alloc(65).toString('base64')])
    assert.equal(userHandleOf({ config: { user_handle } }), undefined)
  assert.equal(userHandleOf(undefined), undefined)
  assert.equal(idHandle('0123abcd-0000-4000-8000-00000000ffff').toString('hex'), '0123abcd00004000800000000000ffff')
})

test('a new key joins those that are there, as Kratos would write it', () => {
  const key = {
    id: Buffer.from('new'),
    publicKey: Buffer.from('cose'),
    format: 'none',
    aaguid: Buffer.alloc(16),
    signCount: 0,
    flags,
    transports: [],
  }
  const addedAt = Date.UTC(2026, 6, 2, 3, 4, 5, 678) * 1000
  const config = withKey({ credentials: [stored], user_handle: 'cQ==' }, key, {
    displayName: 'red key',
    isPasswordless: false,
    addedAt,
  })
  assert.deepEqual(config, {
    credentials: [
      stored,
      {
        id: 'bmV3',
        public_key: 'Y29zZQ==',
        attestation_type: 'none',
        authenticator: { aaguid: 'AAAAAAAAAAAAAAAAAAAAAA==', sign_count: 0, clone_warning: false },
        display_name: 'red key',
        added_at: '2026-07-02T03:04:05Z',
        is_passwordless: false,
        flags: { user_present: true, user_verified: false, backup_eligible: true, backup_state: true },
      },
    ],
    user_handle: 'cQ==',
  })
  assert.deepEqual(withoutKey(config, { id: Buffer.from('new') }), { credentials: [stored], user_handle: 'cQ==' })
  assert.equal(withoutKey({ credentials: [stored] }, { id }), undefined)
})

// What is stored, what the authenticator says, and what is stored then: the count and whether the key may exist twice.
const counters: readonly [before: number, warned: boolean, says: number, after: number, warns: boolean][] = [
  [7, false, 8, 8, false],
  [7, false, 7, 7, true],
  [7, false, 3, 7, true],
  [7, false, 0, 7, true],
  [0, false, 0, 0, false],
  [0, false, 5, 5, false],
  [7, true, 8, 8, true],
]
for (const [before, warned, says, after, warns] of counters) {
  test(`a counter at ${before}${warned ? ', under suspicion,' : ''} that says ${says} is at ${after}${warns ? ', under suspicion' : ''}`, () => {
    const authenticator = { aaguid: 'AAAA', sign_count: before, clone_warning: warned }
    const config = { credentials: [{ ...stored, authenticator }, { id: 'b3RoZXI=' }] }
    const used = withKeyUsed(config, { id }, { signCount: says, flags })
    assert.deepEqual(used, {
      credentials: [
        {
          ...stored,
          authenticator: { aaguid: 'AAAA', sign_count: after, clone_warning: warns },
          flags: { user_present: true, user_verified: true, backup_eligible: true, backup_state: true },
        },
        { id: 'b3RoZXI=' },
      ],
    })
  })
}

test('an old record learns from the first use whether its key may be backed up', () => {
  const used = withKeyUsed({ credentials: [{ id: id.toString('base64') }] }, { id }, { signCount: 1, flags })
  assert.deepEqual(securityKeysOf({ config: used })[0]?.flags, flags)
})
