import assert from 'node:assert/strict'
import { isInput, nodeId } from '../../src/ui/node.ts'
import {
  createAuthenticator,
  storedKey,
  type CreationQuestion,
  type Deviation,
  type Key,
  type RequestQuestion,
} from '../support/authenticator.ts'
import { fieldNames, formOf, textIds, valueOf, type Client, type Form, type Step } from '../support/clients.ts'
import type { ConfigPatch } from '../support/server.ts'
import { shop, shopParty, shopSchemas } from '../support/shop.ts'
import { ada, everywhere, grace, type Person, type StoryServer } from '../support/stories.ts'

const configured = (passwordless: boolean): ConfigPatch => ({
  identity: shopSchemas({ webauthn: { identifier: true } }),
  selfservice: {
    methods: {
      webauthn: {
        enabled: true,
        config: { passwordless, rp: shopParty },
      },
    },
    flows: { registration: { after: { webauthn: { hooks: [{ hook: 'session' }] } } } },
  },
})
const second = { config: configured(false), clients: ['browser', 'spa'] } as const
const first = { config: configured(true), clients: ['browser', 'spa'] } as const
const scripts = ['spa'] as const

const invalid = 4000043
const unknown = 4000015
const none = 4000013
const generic = 4000001
const missing = 4000002
const saved = 1050001

type Authenticator = ReturnType<typeof createAuthenticator>

const newKey = (form: Form) => JSON.parse(String(valueOf(form, 'webauthn_register_trigger'))) as CreationQuestion
const challengeIn = (form: Form) => JSON.parse(String(valueOf(form, 'webauthn_login_trigger'))) as RequestQuestion
const handleOf = (form: Form) => newKey(form).publicKey.user.id

/** Somebody with a password and keys, whom an operator has brought along. */
async function known(
  server: StoryServer,
  { email, password }: Person,
  keys: readonly Record<string, unknown>[],
): Promise<string> {
  const webauthn = { credentials: keys, user_handle: Buffer.from('handle of somebody').toString('base64') }
  const { status, body } = await server.admin('POST', '/admin/identities', {
    json: {
      schema_id: 'person',
      traits: { email },
      credentials: { password: { config: { password } }, webauthn: { config: webauthn } },
    },
  })
  assert.equal(status, 201, JSON.stringify(body))
  return String(body.id)
}
const handle = Buffer.from('handle of somebody').toString('base64url')
const secondFactor = (key: Key, more: Record<string, unknown> = {}) =>
  storedKey(key, { is_passwordless: false, ...more })

/** Sends a login form with what the authenticator answers. */
const answer = (
  client: Client,
  form: Form,
  authenticator: Authenticator,
  {
    identifier = ada.email,
    ...options
  }: Deviation & { key?: Key; identifier?: string; userHandle?: string | null } = {},
) => client.submit(form, { identifier, webauthn_login: authenticator.get(challengeIn(form), options) })

/** Says who somebody is, and returns the form that asks for their key. */
async function named(client: Client, identifier = ada.email): Promise<Form> {
  const form = await client.start('login')
  const step = await client.submit(form, { method: 'webauthn', identifier })
  if (step.kind === 'form') return step.form
  assert.equal(step.status, 422, JSON.stringify(step.body))
  return (await client.agent.request('GET', `/self-service/login/flows?id=${form.id}`)).body as unknown as Form
}

const isIn = (step: Step): boolean => step.kind === 'end' && step.status < 400
const said = (step: Step): number[] => textIds(formOf(step))

async function sessionOf(client: Client) {
  const { body } = await client.agent.request('GET', '/sessions/whoami')
  const { authentication_methods: methods = [], authenticator_assurance_level: aal } = body as {
    authentication_methods?: { method: string; aal: string }[]
    authenticator_assurance_level?: string
  }
  return { aal, factors: methods.map((factor) => `${factor.method} ${factor.aal}`) }
}

async function add(client: Client, authenticator: Authenticator, name: string, form?: Form): Promise<Form> {
  const open = form ?? (await client.start('settings'))
  const created = authenticator.create(newKey(open))
  return formOf(await client.submit(open, { webauthn_register: created, webauthn_register_displayname: name }))
}

const namesOf = ({ ui }: Form): unknown[] =>
  ui.nodes
    .filter((node) => isInput(node) && nodeId(node) === 'webauthn_remove')
    .map(({ meta }) => meta.label?.context?.display_name)
    .toSorted()

everywhere(
  'a security key is added under a name, asked for after the password, and removed',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('settings')
    const created = authenticator.create(newKey(form))
    assert.deepEqual(said(await client.submit(form, { webauthn_register: created })), [missing])
    assert.deepEqual(textIds(await add(client, authenticator, 'blue key', form)), [saved])
    assert.deepEqual(await sessionOf(client), { aal: 'aal2', factors: ['password aal1', 'webauthn aal2'] })

    const elsewhere = await server.signIn(ada)
    assert.equal((await sessionOf(elsewhere)).aal, 'aal1')
    const ask = await elsewhere.start('login', { aal: 'aal2' })
    assert.equal(valueOf(ask, 'identifier'), ada.email)
    assert.ok(isIn(await answer(elsewhere, ask, authenticator)))
    assert.equal((await sessionOf(elsewhere)).aal, 'aal2')

    const settings = await elsewhere.start('settings')
    assert.deepEqual(namesOf(settings), ['blue key'])
    const removed = formOf(await elsewhere.submit(settings, { webauthn_remove: valueOf(settings, 'webauthn_remove') }))
    assert.deepEqual([textIds(removed), namesOf(removed)], [[saved], []])
  },
  second,
)

everywhere(
  'an app has no security keys',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    await known(server, ada, [secondFactor(authenticator.makeKey(handle))])
    const client = await server.signIn(ada)
    const form = await client.start('login', { aal: 'aal2' })
    assert.equal(form.ui.nodes, null)
    const fields = { identifier: ada.email, webauthn_login: '{}' }
    const refused = (await client.agent.request('POST', form.ui.action, { json: fields })).body as unknown as Form
    assert.deepEqual(
      refused.ui.messages?.map(({ id }) => id),
      [4010002],
    )
  },
  { config: configured(false), clients: ['native'] },
)

everywhere(
  'of fifty who send one and the same answer of a second factor, one is believed',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    await known(server, ada, [secondFactor(authenticator.makeKey(handle))])
    const client = await server.signIn(ada)
    const form = await client.start('login', { aal: 'aal2', refresh: 'true' })
    const fields = { identifier: ada.email, webauthn_login: authenticator.get(challengeIn(form)) }
    const steps = await Promise.all(Array.from({ length: 50 }, () => client.submit(form, fields)))
    assert.equal(steps.filter(isIn).length, 1)
    for (const step of steps) if (step.kind === 'form') assert.deepEqual(textIds(step.form), [invalid])
    assert.deepEqual((await sessionOf(client)).factors, ['password aal1', 'webauthn aal2'])
  },
  { ...second, clients: scripts },
)

everywhere(
  'a form for one person takes no key of another, whoever sends it',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const adas = authenticator.makeKey(handle)
    const graces = authenticator.makeKey(handle)
    await known(server, ada, [secondFactor(adas)])
    await known(server, grace, [secondFactor(graces)])
    const [adaIn, graceIn] = [await server.signIn(ada), await server.signIn(grace)]
    const form = await adaIn.start('login', { aal: 'aal2' })
    const text = authenticator.get(challengeIn(form), { key: adas })

    assert.deepEqual(said(await answer(adaIn, form, authenticator, { key: graces })), [invalid])
    const csrf = valueOf(await graceIn.start('login', { aal: 'aal2' }), 'csrf_token')
    for (const key of [adas, graces]) {
      const fields = {
        csrf_token: csrf,
        identifier: grace.email,
        webauthn_login: authenticator.get(challengeIn(form), { key }),
      }
      assert.deepEqual(said(await graceIn.submit(form, fields)), [invalid])
    }
    const own = await graceIn.start('login', { aal: 'aal2' })
    assert.deepEqual(said(await graceIn.submit(own, { identifier: ada.email, webauthn_login: text })), [invalid])
    assert.equal((await sessionOf(graceIn)).aal, 'aal1')
    assert.deepEqual(said(await answer(adaIn, form, authenticator, { key: adas, origin: 'https://evil.example' })), [
      invalid,
    ])
    assert.ok(isIn(await adaIn.submit(form, { identifier: ada.email, webauthn_login: text })))
  },
  { ...second, clients: scripts },
)

everywhere(
  'who has no key is told so; who has one only since the form was opened opens another',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('login', { aal: 'aal2' })
    const key = authenticator.makeKey(handle)
    const fields = {
      identifier: ada.email,
      webauthn_login: authenticator.get({ publicKey: { challenge: 'AAAA' } }, { key }),
    }
    assert.deepEqual(said(await client.submit(form, fields)), [none])
    const elsewhere = await server.signIn(ada)
    await add(elsewhere, authenticator, 'blue key')
    assert.deepEqual(said(await client.submit(form, fields)), [generic])
    assert.equal((await sessionOf(client)).aal, 'aal1')
  },
  second,
)

everywhere(
  'a key whose counter stands still is let in, and marked for the operator to see',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const authenticatorData = { aaguid: Buffer.alloc(16).toString('base64'), sign_count: 7, clone_warning: false }
    const id = await known(server, ada, [
      secondFactor(authenticator.makeKey(handle), { authenticator: authenticatorData }),
    ])
    const stored = async () => {
      const { body } = await server.admin('GET', `/admin/identities/${id}?include_credential=webauthn`)
      const { credentials } = body as {
        credentials: { webauthn: { config: { credentials: { authenticator: object }[] } } }
      }
      return credentials.webauthn.config.credentials[0]?.authenticator
    }
    for (const [count, sign_count, clone_warning] of [
      [8, 8, false],
      [8, 8, true],
      [20, 20, true],
    ] as const) {
      const client = await server.signIn(ada)
      const form = await client.start('login', { aal: 'aal2' })
      assert.ok(isIn(await answer(client, form, authenticator, { count })))
      assert.deepEqual(await stored(), { ...authenticatorData, sign_count, clone_warning })
    }
  },
  { ...second, clients: scripts },
)

everywhere(
  'a key proves what it was enrolled for: to renew a session with a first factor makes no second one of it',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const passwordless = authenticator.makeKey(handle)
    const other = authenticator.makeKey(handle)
    await known(server, ada, [storedKey(passwordless), secondFactor(other)])
    const client = await server.signIn(ada)
    const form = await client.start('login', { refresh: 'true' })
    assert.deepEqual(said(await answer(client, form, authenticator, { key: other })), [invalid])
    assert.ok(isIn(await answer(client, form, authenticator, { key: passwordless })))
    assert.deepEqual(await sessionOf(client), { aal: 'aal1', factors: ['password aal1', 'webauthn aal1'] })
    const stepUp = await client.start('login', { aal: 'aal2' })
    assert.deepEqual(said(await answer(client, stepUp, authenticator, { key: passwordless })), [invalid])
    assert.ok(isIn(await answer(client, stepUp, authenticator, { key: other })))
    assert.equal((await sessionOf(client)).aal, 'aal2')
  },
  second,
)

everywhere(
  'one answer adds one key, and not again after it was removed',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('settings')
    const fields = { webauthn_register: authenticator.create(newKey(form)), webauthn_register_displayname: 'blue key' }
    const steps = await Promise.all(Array.from({ length: 20 }, () => client.submit(form, fields)))
    assert.equal(steps.filter((step) => said(step).join() === String(saved)).length, 1)
    const after = await client.start('settings')
    assert.deepEqual(namesOf(after), ['blue key'])
    await client.submit(after, { webauthn_remove: valueOf(after, 'webauthn_remove') })
    assert.ok(said(await client.submit(form, fields)).includes(generic))
    assert.deepEqual(namesOf(await client.start('settings')), [])
  },
  { ...second, clients: scripts },
)

everywhere(
  'an answer that does not fit adds nothing, and the form can be used again',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('settings')
    for (const deviation of [{ origin: 'https://evil.example' }, { challenge: 'AAAA' }, { userPresent: false }]) {
      const fields = {
        webauthn_register: authenticator.create(newKey(form), deviation),
        webauthn_register_displayname: 'blue key',
      }
      assert.deepEqual(said(await client.submit(form, fields)), [generic])
    }
    assert.deepEqual(namesOf(await add(client, authenticator, 'blue key', form)), ['blue key'])
  },
  second,
)

everywhere(
  'somebody signs up with a key, adds another one, and signs in with both without a password',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = server.client()
    const traits = { email: ada.email }
    const begun = await client.start('registration')
    const form = formOf(await client.submit(begun, { method: 'profile', traits }))
    const back = formOf(await client.submit(form, { screen: 'previous', traits }))
    const again = formOf(await client.submit(back, { method: 'profile', traits }))
    assert.deepEqual(newKey(again), newKey(form), 'going back and forth changes nothing that is asked')
    const created = authenticator.create(newKey(again))
    const step = await client.submit(again, {
      traits,
      webauthn_register: created,
      webauthn_register_displayname: 'blue key',
    })
    assert.ok(isIn(step), JSON.stringify(step))
    const [blue] = authenticator.keys

    const settings = await client.start('settings')
    assert.equal(handleOf(settings), handleOf(form), 'a person is known to authenticators under one handle')
    assert.deepEqual(namesOf(await add(client, authenticator, 'red key')), ['blue key', 'red key'])
    for (const key of authenticator.keys) {
      const elsewhere = server.client()
      assert.ok(isIn(await answer(elsewhere, await named(elsewhere), authenticator, { key })))
      assert.deepEqual(await sessionOf(elsewhere), { aal: 'aal1', factors: ['webauthn aal1'] })
    }

    const open = await client.start('settings')
    const one = formOf(await client.submit(open, { webauthn_remove: blue!.id.toString('hex') }))
    assert.deepEqual(namesOf(one), ['red key'])
    const last = await client.start('settings')
    const refused = formOf(await client.submit(last, { webauthn_remove: valueOf(last, 'webauthn_remove') }))
    assert.deepEqual(textIds(refused), [generic])
  },
  first,
)

everywhere(
  'the two last keys cannot be removed at the same time',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const keys = [authenticator.makeKey(handle), authenticator.makeKey(handle)]
    const { status } = await server.admin('POST', '/admin/identities', {
      json: {
        schema_id: 'person',
        traits: { email: ada.email },
        credentials: {
          webauthn: {
            config: {
              credentials: keys.map((key) => storedKey(key)),
              user_handle: Buffer.from('handle of somebody').toString('base64'),
            },
          },
        },
      },
    })
    assert.equal(status, 201)
    const client = server.client()
    assert.ok(isIn(await answer(client, await named(client), authenticator)))
    const form = await client.start('settings')
    await Promise.all(keys.map((key) => client.submit(form, { webauthn_remove: key.id.toString('hex') })))
    assert.equal(namesOf(await client.start('settings')).length, 1)
  },
  { ...first, clients: scripts },
)

everywhere(
  'who is named in the second step has no say: the form was made for the keys of one person',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const adas = authenticator.makeKey(handle)
    const graces = authenticator.makeKey(handle)
    await known(server, ada, [storedKey(adas)])
    await known(server, grace, [storedKey(graces)])
    const client = server.client()
    const form = await named(client)
    const identifier = grace.email
    assert.deepEqual(said(await answer(client, form, authenticator, { key: graces, identifier })), [invalid])
    assert.deepEqual(said(await answer(client, form, authenticator, { key: adas, identifier })), [invalid])
    assert.deepEqual(said(await answer(client, form, authenticator, { key: adas, userHandle: 'b3RoZXI' })), [invalid])
    assert.ok(isIn(await answer(client, form, authenticator, { key: adas, userHandle: null })))
    assert.equal((await client.whoami())?.traits.email, ada.email)
  },
  first,
)

everywhere(
  'nobody signs in with a key whose person is not known or has none that is a first factor',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    await known(server, ada, [secondFactor(authenticator.makeKey(handle))])
    const client = server.client()
    const form = await client.start('login')
    for (const identifier of [ada.email, 'nobody@shop.example', '\0'])
      assert.deepEqual(said(await client.submit(form, { method: 'webauthn', identifier })), [unknown])
    const early = { identifier: ada.email, webauthn_login: authenticator.get({ publicKey: { challenge: 'AAAA' } }) }
    assert.deepEqual(said(await client.submit(form, early)), [none])
    assert.equal(fieldNames(form).includes('webauthn_login_trigger'), false)
  },
  first,
)
