import assert from 'node:assert/strict'
import { after } from 'node:test'
import { signatureHeaders } from '../../src/hooks/web-hook/sign.ts'
import { formOf, textIds } from '../support/clients.ts'
import { startHttpStub, type StubAnswer, type StubRequest } from '../support/http-stub.ts'
import { ada, everywhere, grace, Refused, type StoryServer } from '../support/stories.ts'

const target = await startHttpStub()
after(() => target.close())

const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
const snippet = (text: string) => `base64://${Buffer.from(text).toString('base64')}`
const hook = (path: string, more: Record<string, unknown> = {}) => ({
  hook: 'web_hook',
  config: {
    url: target.origin + path,
    method: 'POST',
    body: snippet('function(ctx) ctx'),
    timeout: '10s',
    retries: 0,
    ...more,
  },
})
const session = { hook: 'session' }
const flows = (config: Record<string, unknown>) => ({ config: { selfservice: { flows: config } } })
const json = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) })
const told = (path: string) => target.requests.filter((request) => request.path === path)
const contextOf = ({ body }: StubRequest) => JSON.parse(body) as Record<string, Record<string, unknown>>
const no = { id: 7001, text: 'Not with this address.', type: 'error' }
const about = (pointer: string) => ({ messages: [{ instance_ptr: pointer, messages: [no] }] })

/** Who answers what in this telling of a story; everything else is a success. */
function answering(answers: Record<string, (request: StubRequest) => StubAnswer>): void {
  target.reset()
  target.otherwise((request) => answers[request.path]?.(request) ?? json({}))
}

const identities = async (server: StoryServer) =>
  (await server.admin('GET', '/admin/identities')).body as unknown as unknown[]

everywhere(
  'what a target says about a registration stands on its field, and nobody is stored',
  async (server) => {
    answering({ '/asked': () => json(about('#/traits/email'), 403) })
    const client = server.client()
    const form = await client.start('registration')
    const fields = { method: 'password', password: ada.password, traits: { email: ada.email } }
    const refused = formOf(await client.submit(form, fields))
    assert.deepEqual(textIds(refused), [no.id])
    assert.equal(await client.whoami(), undefined)
    assert.deepEqual(await identities(server), [])
    assert.deepEqual(told('/after'), [])

    answering({})
    await client.submit(refused, fields)
    assert.equal((await client.whoami())?.traits.email, ada.email)
    assert.equal(told('/after').length, 1)
  },
  flows({
    registration: {
      after: { password: { hooks: [hook('/asked', { response: { parse: true } }), hook('/after'), session] } },
    },
  }),
)

everywhere(
  'what a target makes of somebody new is what is stored, if it fits the schema',
  async (server) => {
    const changed = { email: 'countess@shop.example', name: 'Countess' }
    const verified = [{ value: changed.email, via: 'email', verified: true }]
    answering({ '/asked': () => json({ identity: { traits: { email: 'nobody' } } }) })
    await assert.rejects(server.register(ada), (error: Refused) => error.texts.includes(4000040))
    assert.deepEqual(await identities(server), [])

    answering({
      '/asked': () =>
        json({ identity: { traits: changed, metadata_admin: { score: 7 }, verifiable_addresses: verified } }),
    })
    const client = await server.register(ada)
    const { id, traits } = (await client.whoami())!
    assert.deepEqual(traits, changed)
    const stored = (await server.admin('GET', `/admin/identities/${id}`)).body
    assert.deepEqual(stored.metadata_admin, { score: 7 })
    assert.equal((stored.verifiable_addresses as { verified: boolean }[])[0]!.verified, true)
    await server.signIn({ ...ada, email: changed.email })
    await assert.rejects(server.signIn(ada), Refused)
  },
  flows({
    registration: { after: { password: { hooks: [hook('/asked', { response: { parse: true } }), session] } } },
  }),
)

everywhere(
  'a target that fails after a registration is told of as what it is: the account is there',
  async (server) => {
    answering({ '/after': () => json({}, 403) })
    const client = server.client()
    const fields = { method: 'password', password: ada.password, traits: { email: ada.email } }
    const step = await client.submit(await client.start('registration'), fields)
    assert.ok(step.kind === 'end')
    const error =
      server.kind === 'browser'
        ? (await client.agent.request('GET', `/self-service/errors${new URL(step.location!).search}`)).body.error
        : step.body.error
    const { code, reason } = error as { code: number; reason: string }
    assert.equal(code, 502)
    assert.match(reason, /account exists now/)
    assert.equal(await client.whoami(), undefined)
    await server.signIn(ada)
  },
  flows({ registration: { after: { password: { hooks: [hook('/after'), session] } } } }),
)

everywhere(
  'a target sees who signs in, signed and without headers that it has no business with',
  async (server) => {
    answering({ '/first': () => json({}) })
    const client = await server.register(ada)
    await client.signOut()
    const me = server.client()
    const form = await me.start('login')
    assert.deepEqual(Object.keys(contextOf(told('/before').at(-1)!)).includes('identity'), false)
    const transient_payload = { colour: 'red' }
    // A page sends it as JSON in a field.
    const sent = server.kind === 'browser' ? JSON.stringify(transient_payload) : transient_payload
    const fields = { method: 'password', identifier: ada.email, password: ada.password }
    await me.submit(form, { ...fields, transient_payload: sent })
    const [request] = told('/first')
    const { flow, identity, session: opened, request_headers: headers, ...more } = contextOf(request!)
    assert.equal((identity!.traits as { email: string }).email, ada.email)
    assert.deepEqual(flow!.transient_payload, transient_payload)
    assert.equal(opened!.authenticator_assurance_level, 'aal1')
    assert.equal(more.request_method as unknown, 'POST')
    assert.ok(headers!['User-Agent'] && !('X-Session-Token' in headers!) && !('Cookie' in headers!))
    const id = request!.headers['webhook-id'] as string
    const timestamp = Number(request!.headers['webhook-timestamp'])
    const expected = signatureHeaders([secret], { id, timestamp, body: request!.body })
    assert.equal(request!.headers['webhook-signature'], expected['webhook-signature'])
    assert.equal(request!.headers['idempotency-key'], id)
    assert.ok(Math.abs(timestamp - server.now() / 1_000_000) < 60)
  },
  flows({
    login: {
      before: { hooks: [hook('/before')] },
      after: { password: { hooks: [hook('/first', { signing_secrets: [secret] })] } },
    },
  }),
)

everywhere(
  'a target that refuses a login keeps the person out, and says why on the form',
  async (server) => {
    answering({})
    await server.register(ada)
    answering({ '/asked': () => json(about('#/identifier'), 400) })
    await assert.rejects(server.signIn(ada), { texts: [no.id] })
    answering({ '/asked': () => json({ identity: { traits: { email: 'somebody@else.example' } } }) })
    const client = await server.signIn(ada)
    // What it changes about somebody who signs in is not stored.
    assert.equal((await client.whoami())?.traits.email, ada.email)
  },
  flows({ login: { after: { password: { hooks: [hook('/asked', { response: { parse: true } })] } } } }),
)

everywhere(
  'a flow that a target does not want does not begin',
  async (server) => {
    answering({ '/before': () => json(about(''), 400) })
    const { status, body } = await server.client().agent.request('GET', '/self-service/login/api')
    assert.equal(status, 500)
    assert.match((body.error as { message: string }).message, /Not with this address/)
    answering({ '/before': () => json({}) })
    await server.register(ada)
  },
  { ...flows({ login: { before: { hooks: [hook('/before', { can_interrupt: true })] } } }), clients: ['native'] },
)

everywhere(
  'whoever waits for a silent target gets an answer in the configured time; others do not wait',
  async (server) => {
    const silent = () => () => {}
    answering({ '/asked': silent })
    await server.admin('POST', '/admin/identities', {
      json: {
        schema_id: 'person',
        traits: { email: ada.email },
        credentials: { password: { config: { password: ada.password } } },
      },
    })
    let waiting = 20
    const logins = Array.from({ length: waiting }, async () => {
      try {
        await server.signIn(ada)
        return 'signed in'
      } catch (error) {
        return (error as Refused).status
      } finally {
        waiting--
      }
    })
    await target.received(10)
    for (let i = 0; i < 20; i++)
      assert.equal((await server.client().agent.request('GET', '/sessions/whoami')).status, 401)
    assert.equal(waiting, 20)
    assert.deepEqual(new Set(await Promise.all(logins)), new Set([504]))
  },
  { ...flows({ login: { after: { password: { hooks: [hook('/asked', { timeout: '3s' })] } } } }), clients: ['native'] },
)

everywhere(
  'nobody waits for a target whose answer is ignored',
  async (server) => {
    answering({ '/ignored': () => () => {} })
    await server.register(ada)
    await target.received(1)
    assert.equal(told('/ignored').length, 1)
  },
  flows({
    registration: {
      after: { password: { hooks: [hook('/ignored', { response: { ignore: true }, timeout: '1s' }), session] } },
    },
  }),
)

everywhere(
  'a target changes settings before they are stored, and fails after them without undoing anything',
  async (server) => {
    answering({})
    const client = await server.register(ada)
    const form = await client.start('settings')
    answering({ '/asked': () => json({ identity: { traits: { email: grace.email, name: 'by a hook' } } }) })
    const saved = formOf(await client.submit(form, { method: 'profile', traits: { email: ada.email, name: 'Ada' } }))
    assert.equal(saved.state, 'success')
    assert.deepEqual((await client.whoami())!.traits, { email: grace.email, name: 'by a hook' })
    await server.signIn({ ...ada, email: grace.email })
    const after = contextOf(told('/after')[0]!)
    assert.equal((after.identity!.traits as { name: string }).name, 'by a hook')
    assert.equal(after.flow!.state, 'success')

    answering({ '/asked': () => json(about('#/traits/name'), 400) })
    const refused = formOf(
      await client.submit(saved, { method: 'profile', traits: { email: grace.email, name: 'no' } }),
    )
    assert.ok(textIds(refused).includes(no.id))
    assert.equal((await client.whoami())!.traits.name, 'by a hook')

    answering({ '/after': () => json({}, 500) })
    const failed = await client.submit(saved, { method: 'profile', traits: { email: grace.email, name: 'Grace' } })
    assert.ok(failed.kind === 'end')
    assert.equal(failed.status, server.kind === 'browser' ? 303 : 400)
    if (server.kind !== 'browser') assert.match((failed.body.error as { message: string }).message, /changes are saved/)
    assert.equal((await client.whoami())!.traits.name, 'Grace')
  },
  flows({
    settings: { after: { profile: { hooks: [hook('/asked', { response: { parse: true } }), hook('/after')] } } },
  }),
)

everywhere(
  'a change of what identifies somebody needs a fresh login, even when a target makes it',
  async (server) => {
    answering({ '/asked': () => json({ identity: { traits: { email: grace.email } } }) })
    const client = await server.register(ada)
    server.pass(3700)
    const step = await client.submit(await client.start('settings'), {
      method: 'profile',
      traits: { email: ada.email, name: 'Ada' },
    })
    assert.equal(step.kind === 'end' && step.status, server.kind === 'browser' ? 303 : 403)
    assert.equal((await client.whoami())!.traits.email, ada.email)
  },
  flows({ settings: { after: { profile: { hooks: [hook('/asked', { response: { parse: true } })] } } } }),
)

const migrating = (more: Record<string, unknown> = {}) => ({
  config: {
    selfservice: {
      methods: {
        password: {
          config: {
            migrate_hook: {
              enabled: true,
              config: { url: `${target.origin}/migrate`, retries: 0, signing_secrets: [secret], ...more },
            },
          },
        },
      },
    },
  },
})

everywhere(
  'a password that another system knows is asked for until it agrees, and never again',
  async (server) => {
    const credentials = { password: { config: { use_password_migration_hook: true } } }
    const json_ = { schema_id: 'person', traits: { email: ada.email }, credentials }
    const { id } = (await server.admin('POST', '/admin/identities', { json: json_ })).body
    const agrees = ({ body }: StubRequest) => {
      const asked = JSON.parse(body) as { identifier: string; password: string }
      return json({ status: asked.password === ada.password && asked.identifier === ada.email ? 'password_match' : '' })
    }
    answering({ '/migrate': agrees })
    await assert.rejects(server.signIn({ ...ada, password: 'a wrong guess' }), { texts: [4000006] })
    answering({ '/migrate': () => json({ status: 'password_match' }, 403) })
    await assert.rejects(server.signIn(ada), { texts: [4000006] })
    for (const status of [204, 404, 500]) {
      answering({ '/migrate': () => ({ status, body: '' }) })
      await assert.rejects(server.signIn(ada), (error: Refused) => error.texts.length === 0)
    }

    answering({ '/migrate': agrees })
    await server.signIn(ada)
    const [request] = told('/migrate')
    assert.ok(request!.headers['webhook-signature'])
    await server.signIn(ada)
    await assert.rejects(server.signIn({ ...ada, password: 'a wrong guess' }), { texts: [4000006] })
    assert.equal(told('/migrate').length, 1)
    const kept = await server.admin('GET', `/admin/identities/${String(id)}?include_credential=password`)
    const { config } = (kept.body.credentials as { password: { config: Record<string, unknown> } }).password
    assert.deepEqual(Object.keys(config), ['hashed_password'])
    assert.ok(!server.logged.join().includes(ada.password))
  },
  { ...migrating(), clients: ['spa', 'native'] },
)

everywhere(
  'a password that somebody got here while the other system was asked is the one that counts',
  async (server) => {
    const credentials = { password: { config: { use_password_migration_hook: true } } }
    const schema_id = 'person'
    const json_ = { schema_id, traits: { email: ada.email }, credentials }
    const { id } = (await server.admin('POST', '/admin/identities', { json: json_ })).body
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    answering({ '/migrate': () => (response) => void held.then(() => response.end('{"status":"password_match"}')) })
    const old = server.signIn(ada)
    await target.received(1)
    const fresh = { password: { config: { password: 'difference-engine' } } }
    await server.admin('PUT', `/admin/identities/${String(id)}`, {
      json: { schema_id, traits: { email: ada.email }, state: 'active', credentials: fresh },
    })
    release()
    await assert.rejects(old, { texts: [4000006] })
    await server.signIn({ ...ada, password: 'difference-engine' })
  },
  { ...migrating(), clients: ['native'] },
)

everywhere(
  'another system that is silent ends a login in the configured time',
  async (server) => {
    const credentials = { password: { config: { use_password_migration_hook: true } } }
    await server.admin('POST', '/admin/identities', {
      json: { schema_id: 'person', traits: { email: ada.email }, credentials },
    })
    answering({ '/migrate': () => () => {} })
    await assert.rejects(server.signIn(ada), (error: Refused) => error.status === 504)
  },
  { ...migrating({ timeout: '300ms' }), clients: ['native'] },
)
