import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hooksAfterLogin } from './login.ts'
import { requireVerifiedAddress } from './require-verified-address.ts'

type After = Parameters<typeof hooksAfterLogin>[1]['selfservice']['flows']['login']['after']
type Name = After['password']['hooks'][number]['hook']

const clock = { now: () => 1 }
const after = (general: readonly Name[], password: readonly Name[]) => {
  const list = (names: readonly Name[]) => ({ hooks: names.map((hook) => ({ hook })) })
  const methods = Object.fromEntries(
    ['webauthn', 'passkey', 'code', 'totp', 'lookup_secret', 'oidc'].map((name) => [name, list([])]),
  )
  return hooksAfterLogin({ clock }, {
    selfservice: { flows: { login: { after: { ...list(general), ...methods, password: list(password) } } } },
  } as never)
}

test('the hooks of a method take the place of those for all methods', () => {
  const hooks = after(['revoke_active_sessions'], ['require_verified_address'])
  assert.deepEqual(hooks('password'), [requireVerifiedAddress])
  assert.equal(hooks('code').length, 1)
  assert.notEqual(hooks('code')[0], requireVerifiedAddress)
})

test('an empty list of a method leaves the hooks for all methods in force', () => {
  assert.equal(after(['revoke_active_sessions', 'require_verified_address'], [])('password').length, 2)
})

test('a hook that this server lacks still takes the place of the others', () => {
  assert.deepEqual(after(['revoke_active_sessions'], ['show_verification_ui'])('password'), [])
})
