import assert from 'node:assert/strict'
import {
  createAuthenticator,
  storedKey,
  type CreationQuestion,
  type Deviation,
  type Key,
  type RequestQuestion,
} from '../support/authenticator.ts'
import { fieldNames, formOf, textIds, valueOf, type Client, type Form, type Step } from '../support/clients.ts'
import { merge } from '../../src/config/merge.ts'
import { nodeId } from '../../src/ui/node.ts'
import { pages, type ConfigPatch } from '../support/server.ts'
import { shop, shopParty, shopSchemas } from '../support/shop.ts'
import { ada, everywhere, grace, type StoryServer } from '../support/stories.ts'

const configured = (passkey: Record<string, unknown> = {}): ConfigPatch => ({
  identity: shopSchemas({ passkey: { display_name: true } }),
  selfservice: {
    methods: {
      passkey: {
        enabled: true,
        config: { rp: shopParty, ...passkey },
      },
    },
    flows: { registration: { enable_legacy_one_step: true, after: { passkey: { hooks: [{ hook: 'session' }] } } } },
  },
})
const config = configured()

const invalid = 4000043
const unknown = 4000015
const generic = 4000001

type Authenticator = ReturnType<typeof createAuthenticator>

const questionIn = (form: Form, name: string) => JSON.parse(String(valueOf(form, name))) as unknown
const newPasskey = (form: Form) => {
  const data = questionIn(form, 'passkey_create_data') as CreationQuestion | { credentialOptions: CreationQuestion }
  return 'credentialOptions' in data ? data.credentialOptions : data
}
const challengeIn = (form: Form) => questionIn(form, 'passkey_challenge') as RequestQuestion

/** Somebody with a passkey whom an operator has brought along. */
async function known(
  server: StoryServer,
  key: Key,
  email: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const passkey = {
    credentials: [storedKey(key)],
    user_handle: Buffer.from(key.userHandle, 'base64url').toString('base64'),
  }
  const { status, body } = await server.admin('POST', '/admin/identities', {
    json: { schema_id: 'person', traits: { email }, credentials: { passkey: { config: passkey } }, ...more },
  })
  assert.equal(status, 201, JSON.stringify(body))
  return String(body.id)
}

const handle = (text: string) => Buffer.from(text).toString('base64url')

/** Sends a login form with what the authenticator answers. */
const answer = (
  client: Client,
  form: Form,
  authenticator: Authenticator,
  options: Deviation & { key?: Key; userHandle?: string | null } = {},
) => client.submit(form, { passkey_login: authenticator.get(challengeIn(form), options) })

const isIn = (step: Step): boolean => step.kind === 'end' && step.status < 400
const said = (step: Step): number[] => textIds(formOf(step))

async function sessionOf(client: Client) {
  const { body } = await client.agent.request('GET', '/sessions/whoami')
  return body as { authentication_methods?: { method: string; aal: string }[]; authenticator_assurance_level?: string }
}

everywhere(
  'somebody signs up with a passkey, signs out, and is known by it afterwards',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = server.client()
    const form = await client.start('registration')
    const created = authenticator.create(newPasskey(form))
    const step = await client.submit(form, { traits: { email: ada.email }, passkey_register: created })
    assert.ok(isIn(step), JSON.stringify(step))
    const { id } = (await client.whoami())!
    await client.signOut()

    const login = await client.start('login')
    assert.equal(fieldNames(login).includes('webauthn_script'), server.kind !== 'native')
    assert.ok(isIn(await answer(client, login, authenticator)))
    assert.equal((await client.whoami())?.id, id)
    assert.deepEqual(
      (await sessionOf(client)).authentication_methods?.map(({ method, aal }) => [method, aal]),
      [['passkey', 'aal1']],
    )
  },
  { config },
)

everywhere(
  'a passkey is added next to a password, signs in, and may go; the last way in stays',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('settings')
    const saved = formOf(
      await client.submit(form, { passkey_settings_register: authenticator.create(newPasskey(form)) }),
    )
    assert.deepEqual(textIds(saved), [1050001])
    assert.deepEqual((await sessionOf(client)).authentication_methods?.at(-1)?.method, 'passkey')

    const elsewhere = server.client()
    assert.ok(isIn(await answer(elsewhere, await elsewhere.start('login'), authenticator)))
    const again = await elsewhere.start('settings')
    const removed = formOf(await elsewhere.submit(again, { passkey_remove: valueOf(again, 'passkey_remove') }))
    assert.ok(!fieldNames(removed).includes('passkey_remove'))
    assert.deepEqual(said(await answerAnew(server, authenticator)), [unknown])

    await known(server, authenticator.makeKey(handle('grace-alone')), grace.email)
    const alone = server.client()
    assert.ok(isIn(await answer(alone, await alone.start('login'), authenticator)))
    const only = await alone.start('settings')
    const refused = formOf(await alone.submit(only, { passkey_remove: valueOf(only, 'passkey_remove') }))
    assert.deepEqual(textIds(refused), [generic])
    assert.deepEqual(
      refused.ui.nodes.filter(({ messages }) => messages.length > 0).map((node) => nodeId(node)),
      ['passkey_remove'],
    )
  },
  { config },
)

async function answerAnew(server: StoryServer, authenticator: Authenticator): Promise<Step> {
  const client = server.client()
  return answer(client, await client.start('login'), authenticator)
}

everywhere(
  'of fifty who send one and the same answer, one is signed in',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const id = await known(server, authenticator.makeKey(handle('ada')), ada.email)
    const client = server.client()
    const form = await client.start('login')
    const fields = { passkey_login: authenticator.get(challengeIn(form)) }
    const steps = await Promise.all(Array.from({ length: 50 }, () => client.submit(form, fields)))
    assert.equal(steps.filter(isIn).length, 1)
    const { body } = await server.admin('GET', `/admin/identities/${id}/sessions`)
    assert.equal((body as unknown as unknown[]).length, 1)
    for (const step of steps) if (step.kind === 'form') assert.deepEqual(textIds(step.form), [invalid])
  },
  { config, clients: ['native'] },
)

everywhere(
  'an answer counts in its own form, once, and whole',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    await known(server, authenticator.makeKey(handle('ada')), ada.email)
    const client = server.client()
    const form = await client.start('login')
    const text = authenticator.get(challengeIn(form))

    const elsewhere = server.client()
    assert.deepEqual(said(await elsewhere.submit(await elsewhere.start('login'), { passkey_login: text })), [invalid])
    assert.deepEqual(said(await answer(client, form, authenticator, { origin: 'https://evil.example' })), [invalid])
    const { response, ...rest } = JSON.parse(text) as { response: Record<string, string> }
    for (const member of ['authenticatorData', 'clientDataJSON', 'signature']) {
      const cut = { ...response, [member]: response[member]!.slice(0, -4) }
      const refused = said(await client.submit(form, { passkey_login: JSON.stringify({ ...rest, response: cut }) }))
      assert.ok([invalid, generic].includes(refused[0]!), member)
    }

    assert.ok(isIn(await client.submit(form, { passkey_login: text })), 'the form can still be used')
    const thief = server.client()
    thief.agent.jar = new Map([...client.agent.jar].filter(([name]) => name.startsWith('csrf_token_')))
    const replayed = await thief.submit(form, { passkey_login: text })
    assert.ok(!isIn(replayed))
    assert.equal(await thief.whoami(), undefined)
  },
  { config, clients: ['spa', 'native'] },
)

everywhere(
  'a form whose answer was used up asks anew',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    await known(server, authenticator.makeKey(handle('ada')), ada.email)
    const client = server.client()
    const form = await client.start('login')
    const text = authenticator.get(challengeIn(form))
    assert.ok(isIn(await client.submit(form, { passkey_login: text })))
    client.agent.token = undefined
    const asked = formOf(await client.submit(form, { passkey_login: text }))
    assert.deepEqual(textIds(asked), [invalid])
    assert.notEqual(challengeIn(asked).publicKey.challenge, challengeIn(form).publicKey.challenge)
    assert.ok(isIn(await answer(client, asked, authenticator)))
  },
  { config, clients: ['native'] },
)

everywhere(
  'who is refused after the proof may use the same form again',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const id = await known(server, authenticator.makeKey(handle('ada')), ada.email, { state: 'inactive' })
    const client = server.client()
    const form = await client.start('login')
    assert.deepEqual(said(await answer(client, form, authenticator)), [4010011])
    const { status } = await server.admin('PATCH', `/admin/identities/${id}`, {
      json: [{ op: 'replace', path: '/state', value: 'active' }],
    })
    assert.equal(status, 200)
    assert.ok(isIn(await answer(client, form, authenticator)))
  },
  { config },
)

everywhere(
  "to renew a session, a person's own passkeys count and nobody else's",
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const own = authenticator.makeKey(handle('ada'))
    await known(server, own, ada.email)
    const others = authenticator.makeKey(handle('grace'))
    await known(server, others, grace.email)
    const client = server.client()
    assert.ok(isIn(await answer(client, await client.start('login'), authenticator, { key: own })))

    const form = await client.start('login', { refresh: 'true' })
    assert.deepEqual(
      challengeIn(form).publicKey.allowCredentials?.map(({ id }) => id),
      [own.id.toString('base64url')],
    )
    assert.deepEqual(said(await answer(client, form, authenticator, { key: others })), [invalid])
    // It was asked for this person's keys, so it need not say whose key it used.
    assert.ok(isIn(await answer(client, form, authenticator, { key: own, userHandle: null })))
    assert.equal((await sessionOf(client)).authentication_methods?.length, 2)
  },
  { config },
)

everywhere(
  'a key that a handle does not lead to, and a handle that nobody has, sign nobody in',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const own = authenticator.makeKey(handle('ada'))
    await known(server, own, ada.email)
    const stranger = authenticator.makeKey(handle('ada'))
    const client = server.client()
    const form = await client.start('login')
    assert.deepEqual(said(await answer(client, form, authenticator, { key: stranger })), [invalid])
    assert.deepEqual(said(await answer(client, form, authenticator, { key: own, userHandle: handle('nobody') })), [
      unknown,
    ])
    assert.deepEqual(said(await answer(client, form, authenticator, { key: own, userHandle: null })), [unknown])
    assert.deepEqual(said(await client.submit(form, { passkey_login: '{}' })), [generic])
    assert.ok(isIn(await answer(client, form, authenticator, { key: own })))
  },
  { config, clients: ['native'] },
)

everywhere(
  'security keys of the time before passkeys sign in by the handle for which they were made',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    // Handles are bytes: some are no text, and some databases keep no NUL.
    const handles = [handle('old-handle'), Buffer.from([0, 255, 1, 0]).toString('base64url')]
    for (const [index, userHandle] of handles.entries()) {
      const key = authenticator.makeKey(userHandle)
      const webauthn = {
        credentials: [storedKey(key, { flags: undefined, display_name: '"user_handle":"b3RoZXI="' })],
        user_handle: Buffer.from(userHandle, 'base64url').toString('base64'),
      }
      const { status, body } = await server.admin('POST', '/admin/identities', {
        json: {
          schema_id: 'person',
          traits: { email: `old${index}@shop.example` },
          credentials: { webauthn: { config: webauthn } },
        },
      })
      assert.equal(status, 201, JSON.stringify(body))
      const client = server.client()
      assert.ok(isIn(await answer(client, await client.start('login'), authenticator, { key })))
      assert.equal((await client.whoami())?.traits.email, `old${index}@shop.example`)
    }
  },
  { config, clients: ['native'] },
)

everywhere(
  'one answer makes one person, however often and for whomever it is sent',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = server.client()
    const form = await client.start('registration')
    const created = authenticator.create(newPasskey(form))
    const emails = Array.from({ length: 20 }, (_, index) => `person${index}@shop.example`)
    const steps = await Promise.all(
      emails.map((email) => client.submit(form, { traits: { email }, passkey_register: created })),
    )
    assert.equal(steps.filter(isIn).length, 1)
    const { body } = await server.admin('GET', '/admin/identities')
    assert.equal((body as unknown as unknown[]).length, 1)
  },
  { config, clients: ['native'] },
)

everywhere(
  'whoever could not be stored tries again with another address in the same form',
  async (server) => {
    await server.register(ada)
    const authenticator = createAuthenticator(shop)
    const client = server.client()
    const form = await client.start('registration')
    const fields = { passkey_register: authenticator.create(newPasskey(form)) }
    assert.deepEqual(said(await client.submit(form, { ...fields, traits: { email: ada.email } })), [4000007])
    assert.ok(isIn(await client.submit(form, { ...fields, traits: { email: grace.email } })))
  },
  { config },
)

everywhere(
  'one answer adds one passkey',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('settings')
    const fields = { passkey_settings_register: authenticator.create(newPasskey(form)) }
    const steps = await Promise.all(Array.from({ length: 20 }, () => client.submit(form, fields)))
    assert.equal(
      steps.filter((step) => step.kind === 'form' && step.form.state === 'success' && textIds(step.form)[0] === 1050001)
        .length,
      1,
    )
    const after = await client.start('settings')
    assert.equal(fieldNames(after).filter((name) => name === 'passkey_remove').length, 1)

    await client.submit(after, { passkey_remove: valueOf(after, 'passkey_remove') })
    const late = formOf(await client.submit(form, fields))
    assert.ok(textIds(late).includes(generic))
    assert.ok(!fieldNames(await client.start('settings')).includes('passkey_remove'))
  },
  { config, clients: ['native'] },
)

everywhere(
  'where the person has to be verified, an authenticator that did not is refused',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    await known(server, authenticator.makeKey(handle('ada')), ada.email)
    const client = server.client()
    const form = await client.start('login')
    assert.deepEqual(said(await answer(client, form, authenticator, { userVerified: false })), [invalid])
    assert.ok(isIn(await answer(client, form, authenticator)))
  },
  { config: configured({ authenticator_selection: { user_verification: 'required' } }), clients: ['native'] },
)

everywhere(
  'a change of passkeys waits for a new sign-in when the last one is long ago',
  async (server) => {
    const authenticator = createAuthenticator(shop)
    const client = await server.register(ada)
    const form = await client.start('settings')
    server.pass(70)
    const step = await client.submit(form, { passkey_settings_register: authenticator.create(newPasskey(form)) })
    assert.ok(step.kind === 'end')
    const target = server.kind === 'browser' ? step.location! : String(step.body.redirect_browser_to)
    assert.ok(target.includes('refresh=true'), target)
    assert.equal(step.status, server.kind === 'browser' ? 303 : 403)
    if (server.kind !== 'browser') return

    const login = await client.start('login', Object.fromEntries(new URL(target).searchParams))
    const back = await client.submit(login, { method: 'password', identifier: ada.email, password: ada.password })
    assert.ok(back.kind === 'end')
    const resumed = await client.agent.request('GET', back.location!, { accept: 'text/html' })
    assert.ok(resumed.location!.startsWith(`${pages}/settings`))
    assert.ok(fieldNames(await client.start('settings')).includes('passkey_remove'))
  },
  {
    config: merge(config, {
      selfservice: { flows: { settings: { privileged_session_max_age: '1m' } } },
    }) as ConfigPatch,
  },
)
