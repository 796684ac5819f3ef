import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createVault } from '../crypto/vault.ts'
import type { Aal, Credential, Credentials, CredentialType } from '../identities/identity.ts'
import { credential } from '../../test/support/sessions.ts'
import {
  atLeast,
  availableAal,
  countFirstFactors,
  countSecondFactors,
  sessionAal,
  usableFirstFactors,
  type FactorRules,
} from './assurance.ts'
import type { AuthenticationMethod } from './session.ts'

const off: FactorRules = { codePasswordless: false, codeMfa: false, migrationHook: false }

const method = (text: string): AuthenticationMethod => {
  const [method, aal] = text.split(' ') as [CredentialType, Aal]
  return { method, aal, completedAt: 0 }
}

const sessions: [methods: string[], Aal][] = [
  [[], 'aal0'],
  [['password aal1'], 'aal1'],
  [['passkey aal1'], 'aal1'],
  [['code aal1'], 'aal1'],
  [['webauthn aal1'], 'aal1'],
  [['oidc aal1'], 'aal1'],
  [['link_recovery aal1'], 'aal1'],
  [['code_recovery aal1'], 'aal1'],
  [['password aal1', 'password aal1'], 'aal1'],
  [['password aal1', 'oidc aal1', 'passkey aal1'], 'aal1'],
  // A second factor alone proves no more than one factor does.
  [['totp aal2'], 'aal1'],
  [['lookup_secret aal2'], 'aal1'],
  [['webauthn aal2'], 'aal1'],
  [['code aal2'], 'aal1'],
  [['totp aal2', 'lookup_secret aal2', 'webauthn aal2'], 'aal1'],
  // In whatever order.
  [['password aal1', 'totp aal2'], 'aal2'],
  [['totp aal2', 'password aal1'], 'aal2'],
  [['password aal1', 'lookup_secret aal2'], 'aal2'],
  [['password aal1', 'webauthn aal2'], 'aal2'],
  [['password aal1', 'code aal2'], 'aal2'],
  [['webauthn aal1', 'webauthn aal2'], 'aal2'],
  [['code_recovery aal1', 'totp aal2'], 'aal2'],
  // Two factors at the provider.
  [['oidc aal2'], 'aal2'],
  [['saml aal2'], 'aal2'],
  [['password aal1', 'oidc aal2'], 'aal2'],
]

for (const [methods, expected] of sessions) {
  test(`a session by ${methods.join(' and ') || 'nothing'} is ${expected}`, () => {
    assert.equal(sessionAal(methods.map(method)), expected)
  })
}

test('levels are in order', () => {
  const levels: Aal[] = ['aal0', 'aal1', 'aal2']
  levels.forEach((aal, i) => levels.forEach((required, j) => assert.equal(atLeast(aal, required), i >= j)))
})

const secret = 'a secret of more than 16 letters'
const totpUrl = 'otpauth://totp/issuer:ada?secret=JBSWY3DPEHPK3PXP&period=30'
const key = (is_passwordless?: boolean) => (is_passwordless === undefined ? {} : { is_passwordless })
const linked = (...ids: [provider: string, subject: string, organization?: string][]) => ({
  providers: ids.map(([provider, subject, organization]) => ({
    provider,
    subject,
    ...(organization ? { organization } : {}),
  })),
})

/** What a credential counts as; rules are off unless named. */
const credentials: [title: string, Credential, first: number, second: number, rules?: Partial<FactorRules>][] = [
  ['a password', credential('password', { hashed_password: '$2a$' }), 1, 0],
  ['a password with two identifiers', credential('password', { hashed_password: '$2a$' }, ['a', 'b']), 1, 0],
  ['a password without identifier', credential('password', { hashed_password: '$2a$' }, []), 0, 0],
  ['a password with an empty identifier', credential('password', { hashed_password: '$2a$' }, ['']), 0, 0],
  ['identifiers without a password', credential('password', {}), 0, 0],
  ['a password kept elsewhere', credential('password', { use_password_migration_hook: true }), 0, 0],
  [
    'a password kept elsewhere, which is asked',
    credential('password', { use_password_migration_hook: true }),
    1,
    0,
    { migrationHook: true },
  ],
  ['no password, though elsewhere is asked', credential('password', {}), 0, 0, { migrationHook: true }],
  ['a linked account', credential('oidc', linked(['acme', '1']), ['acme:1']), 1, 0],
  ['two linked accounts', credential('oidc', linked(['acme', '1'], ['other', '2']), ['acme:1', 'other:2']), 2, 0],
  ['a linked account that only the identifiers know', credential('oidc', linked(), ['acme:1']), 0, 0],
  ['a linked account that no identifier leads to', credential('oidc', linked(['acme', '1']), []), 0, 0],
  ['a linked account of an organization', credential('oidc', linked(['acme', '1', 'org']), ['acme:1']), 0, 0],
  ['a subject with a colon', credential('oidc', linked(['acme', 'a:b']), ['acme:a:b']), 1, 0],
  ['a broken list of accounts', credential('oidc', { providers: 'none' }, ['acme:1']), 0, 0],
  ['a passwordless security key', credential('webauthn', { credentials: [key(true)] }), 1, 0],
  ['a passwordless security key without identifier', credential('webauthn', { credentials: [key(true)] }, []), 0, 0],
  ['a security key', credential('webauthn', { credentials: [key(false)] }), 0, 1],
  ['a security key without identifier', credential('webauthn', { credentials: [key(false)] }, []), 0, 1],
  ['security keys of both kinds', credential('webauthn', { credentials: [key(true), key(false), key()] }), 1, 2],
  ['no security key', credential('webauthn', {}), 0, 0],
  ['two passkeys', credential('passkey', { credentials: [{}, {}] }, ['handle']), 2, 0],
  ['a passkey without identifier', credential('passkey', { credentials: [{}] }, []), 0, 0],
  ['an authenticator app', credential('totp', { totp_url: totpUrl }), 0, 1],
  ['an authenticator app, sealed', credential('totp', { totp_url: createVault([secret]).seal(totpUrl) }), 0, 1],
  ['an authenticator app without address', credential('totp', {}), 0, 0],
  ['an authenticator app with a broken address', credential('totp', { totp_url: 'https://example.test' }), 0, 0],
  ['backup codes', credential('lookup_secret', { recovery_codes: [{ code: 'a' }, { code: 'b' }] }), 0, 1],
  [
    'backup codes that are used up',
    credential('lookup_secret', { recovery_codes: [{ code: 'a', used_at: 'then' }] }),
    0,
    1,
  ],
  ['no backup codes', credential('lookup_secret', { recovery_codes: [] }), 0, 0],
  ['an address for codes, which are off', credential('code', { addresses: [{}] }), 0, 0],
  ['two addresses for codes as second factor', credential('code', { addresses: [{}, {}] }), 0, 2, { codeMfa: true }],
  ['an address for codes as first factor', credential('code', { addresses: [{}] }), 1, 0, { codePasswordless: true }],
  ['a link for recovery', credential('link_recovery', {}), 0, 0],
  ['a code for recovery', credential('code_recovery', {}), 0, 0],
]

for (const [title, held, first, second, rules] of credentials) {
  test(`${title}: ${first} first and ${second} second factors`, () => {
    const all: Credentials = { [held.type]: held }
    const inForce = { ...off, ...rules }
    assert.equal(countFirstFactors(all, inForce), first)
    assert.equal(countSecondFactors(all, inForce), second)
    assert.equal(availableAal(all, inForce), second > 0 ? 'aal2' : first > 0 ? 'aal1' : 'aal0')
  })
}

test('codes as first factor count for everybody, whatever they hold', () => {
  assert.equal(countFirstFactors({}, { ...off, codePasswordless: true }), 1)
  assert.equal(availableAal({}, { ...off, codePasswordless: true }), 'aal1')
  assert.equal(availableAal({}, off), 'aal0')
})

test('factors of all credentials add up', () => {
  const all: Credentials = {
    password: credential('password', { hashed_password: '$2a$' }),
    oidc: credential('oidc', linked(['acme', '1']), ['acme:1']),
    webauthn: credential('webauthn', { credentials: [key(true), key(false)] }),
    totp: credential('totp', { totp_url: totpUrl }),
  }
  assert.equal(countFirstFactors(all, off), 3)
  assert.equal(countSecondFactors(all, off), 2)
  assert.deepEqual(usableFirstFactors(all, off), ['password', 'oidc', 'webauthn'])
})
