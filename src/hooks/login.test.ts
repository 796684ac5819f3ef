import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityOf } from '../../test/support/sessions.ts'
import type { LoginHook } from '../flows/login/hook.ts'
import { hooksAfterLogin } from './login.ts'

type After = Parameters<typeof hooksAfterLogin>[1]['selfservice']['flows']['login']['after']
type Name = After['password']['hooks'][number]['hook']

const after = (general: readonly Name[], password: readonly Name[]) => {
  const list = (names: readonly Name[]) => ({ hooks: names.map((hook) => ({ hook })) })
  const methods = Object.fromEntries(
    ['webauthn', 'passkey', 'code', 'totp', 'lookup_secret', 'oidc'].map((name) => [name, list([])]),
  )
  return hooksAfterLogin(
    { clock: { now: () => 1 } } as never,
    {
      selfservice: { flows: { login: { after: { ...list(general), ...methods, password: list(password) } } } },
    } as never,
  )
}

/** What each hook does with somebody who has no address: one refuses, one ends sessions. */
const effects = (hooks: readonly LoginHook[]): Promise<string[]> =>
  Promise.all(
    hooks.map(async (hook) => {
      try {
        const done = await hook({ identity: identityOf(), session: { id: 'a' }, flow: {} } as never, {})
        return done?.statements ? 'ends sessions' : 'nothing'
      } catch {
        return 'refuses'
      }
    }),
  )

test('the hooks of a method take the place of those for all methods', async () => {
  const hooks = after(['revoke_active_sessions'], ['require_verified_address'])
  assert.deepEqual(await effects(hooks('password')), ['refuses'])
  assert.deepEqual(await effects(hooks('code')), ['ends sessions'])
})

test('an empty list of a method leaves the hooks for all methods in force', async () => {
  const hooks = after(['revoke_active_sessions', 'require_verified_address'], [])
  assert.deepEqual(await effects(hooks('password')), ['ends sessions', 'refuses'])
})

test('a hook that does nothing still takes the place of the others', async () => {
  assert.deepEqual(await effects(after(['revoke_active_sessions'], ['show_verification_ui'])('password')), ['nothing'])
})
