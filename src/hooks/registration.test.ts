import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterRegistration } from './registration.ts'
import { sessionAfterRegistration } from './session.ts'
import { showVerificationAfterRegistration } from './show-verification-ui.ts'

type Configured = Parameters<typeof afterRegistration>[1]
type After = Configured['flows']['registration']['after']

const none = { hooks: [] }
/** Web hooks that note by which address they were called. */
const called: string[] = []
const deps: Parameters<typeof afterRegistration>[0] = {
  webHooks: {
    make:
      ({ url }) =>
      async () =>
        void called.push(url),
    close: async () => {},
  },
}
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
  const after = afterRegistration(deps, configured({ password: { hooks: [session, show] } }))
  assert.deepEqual(after('password').hooks, [showVerificationAfterRegistration, sessionAfterRegistration])
})

test('hooks of one method say nothing about another', () => {
  const after = afterRegistration(deps, configured({ password: { hooks: [session] } }))
  assert.deepEqual(after('code').hooks, [])
})

test('of the return addresses the most special one counts', () => {
  const own = { default_browser_return_url: 'https://shop.example/own', hooks: [] }
  const general = 'https://shop.example/general'
  assert.equal(afterRegistration(deps, configured({}))('password').returnUrl, 'https://shop.example/')
  assert.equal(
    afterRegistration(deps, configured({ default_browser_return_url: general }))('password').returnUrl,
    general,
  )
  const after = afterRegistration(deps, configured({ default_browser_return_url: general, password: own }))
  assert.equal(after('password').returnUrl, own.default_browser_return_url)
  assert.equal(after('oidc').returnUrl, general)
})

const webHook = (url: string, more: { parse?: boolean; can_interrupt?: boolean } = {}) => ({
  hook: 'web_hook' as const,
  config: {
    url,
    method: 'POST',
    response: { ignore: false, parse: more.parse ?? false },
    can_interrupt: more.can_interrupt ?? false,
    emit_analytics_event: true,
    signing_secrets: [],
    timeout: '30s',
    retries: 2,
    follow_redirects: true,
  },
})

/** Which web hooks are called before and after a registration is stored. */
async function calls(after: Partial<After>, method: string): Promise<{ before: string[]; after: string[] }> {
  const { beforeStoring, afterStoring } = afterRegistration(deps, configured(after))(method)
  const event = { flow: { ui: { nodes: [], messages: [] }, requestUrl: '', issuedAt: 0, expiresAt: 0 } } as never
  const run = async (hooks: readonly ((event: never) => Promise<unknown>)[]) => {
    called.length = 0
    for (const hook of hooks) await hook(event)
    return [...called]
  }
  return { before: await run(beforeStoring), after: await run(afterStoring) }
}

test('web hooks with a say are asked before anything is stored, the others are told after', async () => {
  const hooks = [webHook('a:'), webHook('b:', { parse: true }), webHook('c:'), webHook('d:', { can_interrupt: true })]
  assert.deepEqual(await calls({ password: { hooks } }, 'password'), { before: ['b:', 'd:'], after: ['a:', 'c:'] })
})

test('the general list stands in for a method without anything to do afterwards', async () => {
  const hooks = [webHook('general:'), webHook('never:', { parse: true })]
  const asked = [webHook('asked:', { parse: true })]
  assert.deepEqual(await calls({ hooks }, 'password'), { before: [], after: ['general:'] })
  assert.deepEqual(await calls({ hooks, password: { hooks: asked } }, 'password'), {
    before: ['asked:'],
    after: ['general:'],
  })
  assert.deepEqual(await calls({ hooks, password: { hooks: [session] } }, 'password'), { before: [], after: [] })
})
