import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { helperScript, helperScriptSource } from './script.ts'

const names = [
  'oryWebAuthnRegistration',
  'oryWebAuthnLogin',
  'oryPasskeyRegistration',
  'oryPasskeySettingsRegistration',
  'oryPasskeyLogin',
  'oryPasskeyLoginAutocompleteInit',
]
const base64url = (text: string) => Buffer.from(text).toString('base64url')
const bytes = (text: string) => Uint8Array.from(Buffer.from(text)).buffer

const made = { id: 'a2V5', rawId: bytes('key'), type: 'public-key' }
const created = { ...made, response: { attestationObject: bytes('attested'), clientDataJSON: bytes('said') } }
const used = {
  ...made,
  response: {
    authenticatorData: bytes('data'),
    clientDataJSON: bytes('said'),
    signature: bytes('signed'),
    userHandle: bytes('ada'),
  },
}
const creationAnswer = {
  id: 'a2V5',
  rawId: 'a2V5',
  type: 'public-key',
  response: { attestationObject: base64url('attested'), clientDataJSON: base64url('said') },
}
const assertionAnswer = {
  id: 'a2V5',
  rawId: 'a2V5',
  type: 'public-key',
  response: {
    authenticatorData: base64url('data'),
    clientDataJSON: base64url('said'),
    signature: base64url('signed'),
    userHandle: base64url('ada'),
  },
}
const creation = {
  publicKey: {
    challenge: base64url('why'),
    user: { id: base64url('ada'), name: 'Shop', displayName: 'Shop' },
    excludeCredentials: [{ type: 'public-key', id: base64url('old') }],
  },
}
const request = { publicKey: { challenge: base64url('who'), allowCredentials: [{ type: 'public-key', id: 'a2V5' }] } }

type Field = { value: string; type?: string; invalid?: boolean }
type Ask = (question: {
  publicKey: Record<string, unknown>
  mediation?: string
  signal?: AbortSignal
}) => Promise<unknown>

/** As much of a browser as the script touches. */
function page(
  fields: Record<string, Field>,
  {
    create = async () => created,
    get = async () => used,
    supported = true,
  }: { create?: Ask; get?: Ask; supported?: boolean } = {},
) {
  const events: { type: string; error?: unknown }[] = []
  const alerts: string[] = []
  let sent = 0
  let reported = 0
  class HTMLFormElement {
    submit() {
      sent++
    }
  }
  const form = new HTMLFormElement()
  const elements = new Map(
    Object.entries(fields).map(([name, field]) => [
      name,
      Object.assign(field, {
        form,
        checkValidity: () => !field.invalid,
        reportValidity: () => void reported++,
      }),
    ]),
  )
  const window: Record<string, unknown> = {
    atob,
    btoa,
    alert: (text: string) => alerts.push(text),
    dispatchEvent: (event: CustomEvent<{ error: unknown } | undefined>) => {
      events.push({ type: event.type, ...(event.detail ? { error: event.detail.error } : {}) })
      return true
    },
    ...(supported ? { PublicKeyCredential: { isConditionalMediationAvailable: async () => true } } : {}),
  }
  const context = createContext({
    window,
    document: {
      querySelector: (selector: string) => elements.get(/\[name="(.*)"\]/.exec(selector)?.[1] ?? '') ?? null,
    },
    navigator: { credentials: { create, get } },
    HTMLFormElement,
    CustomEvent,
    Event,
    AbortController,
    console: { debug: () => {} },
  })
  const load = () => runInContext(helperScriptSource.toString(), context)
  load()
  return {
    window,
    events,
    alerts,
    load,
    sent: () => sent,
    reported: () => reported,
    call: (name: string, ...given: unknown[]) => (window[name] as (...all: unknown[]) => Promise<void>)(...given),
  }
}

/** Bytes as text, so that questions can be compared. */
const readable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      Object.prototype.toString.call(inner) === '[object Uint8Array]'
        ? Buffer.from(inner as Uint8Array).toString()
        : inner,
    ),
  )

test('the functions are there under both of their names, once, and an event says so', () => {
  const { window, events, load } = page({})
  for (const name of names) {
    assert.equal(typeof window[name], 'function')
    assert.equal(window[name], window[`__${name}`])
  }
  const [before] = names.map((name) => window[name])
  load()
  assert.equal(window[names[0]!], before)
  assert.deepEqual(events, [{ type: 'oryWebAuthnInitialized' }])
})

test('a browser without authenticators is left alone', () => {
  const { window, events } = page({}, { supported: false })
  assert.equal(window.oryWebAuthnLogin, undefined)
  assert.deepEqual(events, [])
})

test('forms refer to the script by its hash', () => {
  assert.deepEqual(helperScript('https://id.example/auth/'), {
    src: 'https://id.example/auth/.well-known/ory/webauthn.js',
    integrity: `sha512-${createHash('sha512').update(helperScriptSource).digest('base64')}`,
  })
})

test('nothing in the script needs a lax content security policy', () => {
  assert.doesNotMatch(helperScriptSource.toString(), /\beval\(|new Function|innerHTML|document\.write|setTimeout\(['"]/)
})

for (const given of [undefined, creation]) {
  test(`a new security key goes into the form and the form is sent, asked by ${given ? 'the caller' : 'its button'}`, async () => {
    const fields = {
      webauthn_register: { value: '' },
      webauthn_register_trigger: { value: JSON.stringify(creation) },
    }
    let asked: unknown
    const { call, sent } = page(fields, { create: async ({ publicKey }) => ((asked = publicKey), created) })
    await call('oryWebAuthnRegistration', given)
    assert.deepEqual(readable(asked), {
      challenge: 'why',
      user: { id: 'ada', name: 'Shop', displayName: 'Shop' },
      excludeCredentials: [{ type: 'public-key', id: 'old' }],
    })
    assert.deepEqual(JSON.parse(fields.webauthn_register.value), creationAnswer)
    assert.equal(sent(), 1)
  })
}

test('a security key signs in', async () => {
  const fields = { webauthn_login: { value: '' }, webauthn_login_trigger: { value: JSON.stringify(request) } }
  let asked: unknown
  const { call, sent } = page(fields, { get: async ({ publicKey }) => ((asked = publicKey), used) })
  await call('oryWebAuthnLogin')
  assert.deepEqual(readable(asked), { challenge: 'who', allowCredentials: [{ type: 'public-key', id: 'key' }] })
  assert.deepEqual(JSON.parse(fields.webauthn_login.value), assertionAnswer)
  assert.equal(sent(), 1)
})

test('a new passkey is called like the first field that is filled in', async () => {
  const data = { credentialOptions: creation, displayNameFieldNames: ['traits.phone', 'traits.email'] }
  const fields = {
    passkey_register: { value: '' },
    passkey_create_data: { value: JSON.stringify(data) },
    'traits.phone': { value: '' },
    'traits.email': { value: 'ada@shop.example' },
  }
  let asked: unknown
  const { call, sent } = page(fields, { create: async ({ publicKey }) => ((asked = publicKey), created) })
  await call('oryPasskeyRegistration')
  assert.deepEqual((readable(asked) as { user: unknown }).user, {
    id: 'ada',
    name: 'ada@shop.example',
    displayName: 'ada@shop.example',
  })
  assert.deepEqual(JSON.parse(fields.passkey_register.value), creationAnswer)
  assert.equal(sent(), 1)
})

test('no passkey is made for somebody who has yet to say who they are', async () => {
  const fields = {
    passkey_register: { value: '' },
    passkey_create_data: {
      value: JSON.stringify({ credentialOptions: creation, displayNameFieldName: 'traits.email' }),
    },
    'traits.email': { value: '', invalid: true },
  }
  const { call, sent, reported } = page(fields)
  await call('oryPasskeyRegistration')
  assert.deepEqual([sent(), reported()], [0, 1])
})

test('a passkey is added in the settings', async () => {
  const fields = { passkey_settings_register: { value: '' }, passkey_create_data: { value: JSON.stringify(creation) } }
  const { call, sent } = page(fields)
  await call('oryPasskeySettingsRegistration')
  assert.deepEqual(JSON.parse(fields.passkey_settings_register.value), creationAnswer)
  assert.equal(sent(), 1)
})

const loginFields = () => ({
  passkey_login: { value: '' },
  passkey_challenge: { value: JSON.stringify(request) },
  identifier: { value: '', type: 'text' },
})

test('passkeys are offered among what the browser fills in', async () => {
  const fields = loginFields()
  let mediation: string | undefined
  const { call, sent } = page(fields, { get: async (question) => ((mediation = question.mediation), used) })
  await call('oryPasskeyLoginAutocompleteInit')
  assert.equal(mediation, 'conditional')
  assert.deepEqual(JSON.parse(fields.passkey_login.value), assertionAnswer)
  assert.equal(sent(), 1)
})

test('a click on the button takes the offer back; when that fails, it is made again', async () => {
  const mediations: (string | undefined)[] = []
  const error = Object.assign(new Error('no'), { name: 'NotAllowedError' })
  const get: Ask = ({ mediation, signal }) => {
    mediations.push(mediation)
    if (mediation === undefined) return Promise.reject(error)
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(error)))
  }
  const { call, window, alerts, events } = page(loginFields(), { get })
  void call('oryPasskeyLoginAutocompleteInit')
  await new Promise((resolve) => setImmediate(resolve))
  const first = window.abortPasskeyConditionalUI as AbortController
  void call('oryPasskeyLogin')
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(first.signal.aborted)
  assert.deepEqual(mediations, ['conditional', undefined, 'conditional'])
  assert.ok(window.abortPasskeyConditionalUI)
  assert.deepEqual(alerts, [], 'whoever closed the dialog knows it')
  assert.deepEqual(events.at(-1), { type: 'oryWebAuthnError', error })
})

test('nothing is offered where the form does not ask for an identifier, or a machine drives the browser', async () => {
  const hidden = page({ ...loginFields(), identifier: { value: 'ada', type: 'hidden' } })
  await hidden.call('oryPasskeyLoginAutocompleteInit')
  const driven = page(loginFields())
  driven.window.Cypress = {}
  await driven.call('oryPasskeyLoginAutocompleteInit')
  assert.deepEqual([hidden.sent(), driven.sent()], [0, 0])
})

test('what goes wrong is told, also when a form holds no question that can be read', async () => {
  const fields = { webauthn_login: { value: '' }, webauthn_login_trigger: { value: '{broken' } }
  const { call, alerts, sent } = page(fields)
  await call('oryWebAuthnLogin')
  assert.deepEqual([alerts.length, sent()], [1, 0])
  await call('oryPasskeyLogin')
  assert.equal(alerts.length, 1, 'a form without passkeys is nothing to complain about')
})
