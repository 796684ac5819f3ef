import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterRegistration } from './registration.ts'
import { sessionAfterRegistration } from './session.ts'
import { showVerificationAfterRegistration } from './show-verification-ui.ts'

type Configured = Parameters<typeof afterRegistration>[0]
type After = Configured['flows']['registration']['after']

const none = { hooks: [] }
const configured = (after: Partial<After>): Configured => ({
  default_browser_return_url: 'https://shop.example/',
  flows: {
    registration: {
      after: { hooks: [], password: none, webauthn: none, passkey: none, oidc: none, code: none, ...after },
    },
  },
})
const show = { hook: 'show_verification_ui' as const }
const session = { hook: 'session' as const }

test('signing in comes last, wherever it is configured', () => {
  const after = afterRegistration(configured({ password: { hooks: [session, show] } }))
  assert.deepEqual(after('password').hooks, [showVerificationAfterRegistration, sessionAfterRegistration])
})

test('hooks of one method say nothing about another', () => {
  const after = afterRegistration(configured({ password: { hooks: [session] } }))
  assert.deepEqual(after('code').hooks, [])
})

test('of the return addresses the most special one counts', () => {
  const own = { default_browser_return_url: 'https://shop.example/own', hooks: [] }
  const general = 'https://shop.example/general'
  assert.equal(afterRegistration(configured({}))('password').returnUrl, 'https://shop.example/')
  assert.equal(afterRegistration(configured({ default_browser_return_url: general }))('password').returnUrl, general)
  const after = afterRegistration(configured({ default_browser_return_url: general, password: own }))
  assert.equal(after('password').returnUrl, own.default_browser_return_url)
  assert.equal(after('oidc').returnUrl, general)
})
