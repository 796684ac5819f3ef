import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createAgent, type Answer } from '../support/agent.ts'
import { createClient, formOf, textIds, type Client, type Form } from '../support/clients.ts'
import { startOpenIdProvider, type Said } from '../support/openid-provider.ts'
import { pages } from '../support/server.ts'
import { ada, everywhere, type StoryServer } from '../support/stories.ts'

const provider = await startOpenIdProvider()
after(() => provider.close())

const mapper = `
local c = std.extVar('claims');
{ identity: {
  traits: { [if 'email' in c then 'email']: c.email, [if 'name' in c then 'name']: c.name },
  [if 'email_verified' in c then 'verified_addresses']: [{ via: 'email', value: c.email }],
} }`
const acme = {
  id: 'acme',
  provider: 'generic',
  label: 'Acme',
  client_id: 'client',
  client_secret: 'secret',
  issuer_url: provider.issuer,
  mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
}
const config = {
  ciphers: { algorithm: 'aes' },
  selfservice: {
    methods: { oidc: { enabled: true, config: { providers: [acme] } } },
    flows: { registration: { login_hints: true, after: { oidc: { hooks: [{ hook: 'session' }] } } } },
  },
}
const inBrowsers = { config, clients: ['browser', 'spa'] as const }

const jane: Said = { sub: 'jane', email: 'jane@shop.example', email_verified: true, name: 'Jane' }

/** Opens a form as somebody does who may come back by way of another program. */
const begin = (client: Client, flow: string): Promise<Form & { session_token_exchange_code?: string }> =>
  client.start(
    flow,
    client.kind === 'native' ? { return_session_token_exchange_code: 'true', return_to: `${pages}/app` } : {},
  )

/** Sends a form that leads to the provider; the address there. */
async function away(client: Client, form: Form, fields: Record<string, unknown>): Promise<string> {
  const step = await client.submit(form, fields)
  assert.equal(step.kind, 'end')
  const { status, location, body } = step as Answer & { kind: 'end' }
  assert.equal(status, client.kind === 'browser' ? 303 : 422)
  return client.kind === 'browser' ? location! : String(body['redirect_browser_to'])
}

/** Comes back as such a client does: apps by a browser that nobody knows, with a code for what came of it. */
async function comeBack(server: StoryServer, client: Client, form: Form, address: string): Promise<Answer> {
  const { agent, kind } = client
  if (kind !== 'native')
    return agent.request('GET', address, { accept: kind === 'browser' ? 'text/html' : 'application/json' })
  const tab = createAgent(server, { hasCookies: true })
  const back = await tab.request('GET', address, { accept: 'text/html' })
  const code = new URL(back.location!).searchParams.get('code')
  if (code === null) return back
  const init = (form as { session_token_exchange_code?: string }).session_token_exchange_code!
  const query = new URLSearchParams({ init_code: init, return_to_code: code })
  const answer = await agent.request('GET', `/sessions/token-exchange?${query.toString()}`)
  if (answer.status === 200) agent.token = String(answer.body['session_token'])
  return answer
}

/** All of it in one go. */
async function through(server: StoryServer, client: Client, flow: string, person: Said): Promise<Answer> {
  const form = await begin(client, flow)
  const url = await away(client, form, { method: 'oidc', provider: 'acme' })
  return comeBack(server, client, form, provider.approve(url, person))
}

everywhere(
  'who comes from a provider for the first time gets an account, and finds it again',
  async (server) => {
    const first = server.client()
    await through(server, first, 'registration', jane)
    const known = await first.whoami()
    assert.deepEqual(known?.traits, { email: 'jane@shop.example', name: 'Jane' })

    for (const flow of ['login', 'registration']) {
      const again = server.client()
      await through(server, again, flow, { ...jane, email: 'moved@shop.example' })
      assert.equal((await again.whoami())?.id, known.id, flow)
    }
  },
  { config },
)

everywhere(
  'who signs in without an account gets one on the way, once all that is needed is known',
  async (server) => {
    const client = server.client()
    const form = await begin(client, 'login')
    const url = await away(client, form, { method: 'oidc', provider: 'acme' })
    const back = await comeBack(server, client, form, provider.approve(url, { sub: 'nomail' }))
    const asked = await readAsked(client, back)
    assert.deepEqual(textIds(asked), [4000002]) // the address is missing

    const traits = { email: 'new@shop.example' }
    const second = await away(client, asked, { method: 'oidc', provider: 'acme', traits })
    await comeBack(server, client, form, provider.approve(second, { sub: 'nomail' }))
    assert.deepEqual((await client.whoami())?.traits, traits)
  },
  { config },
)

/** The form that somebody who came back is asked to complete. */
async function readAsked(client: Client, { location, body }: Answer): Promise<Form> {
  if ('ui' in body) return body as unknown as Form
  const id = new URL(location!).searchParams.get('flow')
  return (await client.agent.request('GET', `/self-service/registration/flows?id=${id}`)).body as unknown as Form
}

everywhere(
  'an address that belongs to an account leads to its owner, who connects it by signing in',
  async (server) => {
    await server.register(ada)
    const person: Said = { sub: 'ada-at-acme', email: ada.email, email_verified: true }
    const client = server.client()
    const back = await through(server, client, 'login', person)
    const { id } = client.kind === 'spa' ? (back.body as { id: string }) : { id: flowIn(back.location!) }
    const linking = (await client.agent.request('GET', `/self-service/login/flows?id=${id}`)).body as unknown as Form
    assert.deepEqual(textIds(linking), [1010016]) // sign in to connect
    assert.equal(await client.whoami(), undefined)

    const proof = { method: 'password', identifier: ada.email }
    const wrong = formOf(await client.submit(linking, { ...proof, password: 'not the password' }))
    assert.deepEqual(textIds(wrong), [4000006])
    await client.submit(wrong, { ...proof, password: ada.password })
    const owner = await client.whoami()
    assert.equal(owner?.traits['email'], ada.email)

    const later = server.client()
    await through(server, later, 'login', person)
    assert.equal((await later.whoami())?.id, owner.id)
  },
  { config },
)

const flowIn = (address: string): string => new URL(address).searchParams.get('flow')!

everywhere(
  'nobody but the owner of the address connects an account with it',
  async (server) => {
    await server.register(ada)
    await server.register({ email: 'eve@shop.example', password: 'eves-own-password' })
    const client = server.client()
    const back = await through(server, client, 'login', { sub: 'ada-at-acme', email: ada.email })
    const { id } = client.kind === 'spa' ? (back.body as { id: string }) : { id: flowIn(back.location!) }
    const linking = (await client.agent.request('GET', `/self-service/login/flows?id=${id}`)).body as unknown as Form
    const stranger = { method: 'password', identifier: 'eve@shop.example', password: 'eves-own-password' }
    assert.deepEqual(textIds(formOf(await client.submit(linking, stranger))), [4010009])
    assert.equal(await client.whoami(), undefined)
    const { body } = await server.admin('GET', '/admin/identities?credentials_identifier=acme%3Aada-at-acme')
    assert.deepEqual(body, [])
  },
  { config },
)

const twoProviders = {
  ...config,
  selfservice: {
    ...config.selfservice,
    methods: { oidc: { enabled: true, config: { providers: [acme, { ...acme, id: 'mirror', label: 'Mirror' }] } } },
  },
}
const adaAtMirror: Said = { sub: 'ada-at-mirror', email: ada.email, email_verified: true }

/** Ada signs in with one provider; Eve comes from another one with Ada's address, and is asked whose account it is. */
async function eveAsksToConnect(server: StoryServer, eve: Client): Promise<string> {
  const owner = server.client()
  const signUp = await away(owner, await begin(owner, 'registration'), { method: 'oidc', provider: 'mirror' })
  await owner.agent.request('GET', provider.approve(signUp, adaAtMirror), { accept: 'text/html' })
  const form = await begin(eve, 'login')
  const url = await away(eve, form, { method: 'oidc', provider: 'acme' })
  const back = await comeBack(server, eve, form, provider.approve(url, { sub: 'eve-at-acme', email: ada.email }))
  if (eve.kind === 'native') return String((await flowOfApp(eve, back)).id)
  return eve.kind === 'spa' ? (back.body as { id: string }).id : flowIn(back.location!)
}

const flowOfApp = async (client: Client, { location }: Answer): Promise<Form> =>
  (await client.agent.request('GET', `/self-service/login/flows?id=${flowIn(location!)}`)).body as unknown as Form

const linksOfEve = async (server: StoryServer): Promise<unknown> =>
  (await server.admin('GET', '/admin/identities?credentials_identifier=acme%3Aeve-at-acme')).body

everywhere(
  'nobody connects their account with that of a person whom they lead to a provider by a link',
  async (server) => {
    const flow = await eveAsksToConnect(server, server.client())
    const tab = createAgent(server, { hasCookies: true })
    const start = `/self-service/login?flow=${flow}&provider=mirror`
    const there = await tab.request('GET', start, { accept: 'text/html' })
    if (there.location?.startsWith(provider.issuer))
      await tab.request('GET', provider.approve(there.location, adaAtMirror), { accept: 'text/html' })
    assert.deepEqual(await linksOfEve(server), [])
  },
  { config: twoProviders },
)

everywhere(
  'who comes from one provider connects it by signing in with another',
  async (server) => {
    const owner = server.client()
    const signUp = await away(owner, await begin(owner, 'registration'), { method: 'oidc', provider: 'mirror' })
    await owner.agent.request('GET', provider.approve(signUp, adaAtMirror), { accept: 'text/html' })

    const client = server.client()
    const form = await begin(client, 'login')
    const url = await away(client, form, { method: 'oidc', provider: 'acme' })
    const tab = client.kind === 'native' ? createAgent(server, { hasCookies: true }) : client.agent
    const first = provider.approve(url, { sub: 'ada-at-acme', email: ada.email })
    const back = await tab.request('GET', first, { accept: 'text/html' })
    const linking = await flowOfApp(client, back)
    const next = await away(client, linking, { method: 'oidc', provider: 'mirror' })
    await tab.request('GET', provider.approve(next, adaAtMirror), { accept: 'text/html' })
    const { body } = await server.admin('GET', '/admin/identities?credentials_identifier=acme%3Aada-at-acme')
    assert.equal((body as unknown as unknown[]).length, 1)
  },
  { config: twoProviders },
)

everywhere(
  'nobody says by a link who a person is that comes by way of a provider',
  async (server) => {
    for (const flow of ['login', 'registration']) {
      const { id } = await server.client().start(flow)
      const tab = createAgent(server, { hasCookies: true })
      for (const start of [
        `/self-service/${flow}?flow=${id}&provider=acme&traits.email=eve%40shop.example`,
        `/self-service/${flow}?flow=${id}&provider=acme&traits=%7B%22email%22%3A%22eve%40shop.example%22%7D`,
      ]) {
        const there = await tab.request('GET', start, { accept: 'text/html' })
        if (there.location?.startsWith(provider.issuer))
          await tab.request('GET', provider.approve(there.location, jane), { accept: 'text/html' })
      }
    }
    const { body } = await server.admin('GET', '/admin/identities')
    const traits = (body as unknown as { traits: { email: string } }[]).map(({ traits: { email } }) => email)
    assert.ok(!traits.includes('eve@shop.example'), traits.join())
  },
  inBrowsers,
)

everywhere(
  'an app says who a new person is only after that person was asked',
  async (server) => {
    for (const flow of ['login', 'registration']) {
      const app = server.client()
      const form = await begin(app, flow)
      const traits = { email: 'eve@shop.example' }
      const url = await away(app, form, { method: 'oidc', provider: 'acme', traits })
      await comeBack(server, app, form, provider.approve(url, { ...jane, sub: flow, email: `${flow}@shop.example` }))
      assert.equal((await app.whoami())?.traits['email'], `${flow}@shop.example`)
    }
  },
  { config, clients: ['native'] },
)

const corporate = {
  ...config,
  selfservice: {
    ...config.selfservice,
    methods: { oidc: { enabled: true, config: { providers: [acme, { ...acme, id: 'acme:corp' }] } } },
  },
}

everywhere(
  'somebody of one provider is nobody of another one whose name begins alike',
  async (server) => {
    const owner = server.client()
    const url = await away(owner, await begin(owner, 'registration'), { method: 'oidc', provider: 'acme:corp' })
    await owner.agent.request('GET', provider.approve(url, { sub: 'jane', email: 'jane@shop.example' }))
    assert.equal((await owner.whoami())?.traits['email'], 'jane@shop.example')

    const other = server.client()
    await through(server, other, 'login', { sub: 'corp:jane', email: 'eve@shop.example' })
    assert.equal(await other.whoami(), undefined)
  },
  { config: corporate, clients: ['browser', 'spa'] },
)

everywhere(
  'who does not agree at the provider sees that on the form, which is still good',
  async (server) => {
    const client = server.client()
    const form = await begin(client, 'login')
    const url = await away(client, form, { method: 'oidc', provider: 'acme' })
    await comeBack(server, client, form, provider.refuse(url))
    const shown = (await client.agent.request('GET', `/self-service/login/flows?id=${form.id}`)).body as unknown as Form
    assert.deepEqual(textIds(shown), [4000001])
    const again = await away(client, shown, { method: 'oidc', provider: 'acme' })
    await comeBack(server, client, form, provider.approve(again, jane))
    assert.ok(await client.whoami())
  },
  { config },
)

everywhere(
  'a provider is connected in the settings and disconnected again, but never the last way in',
  async (server) => {
    const client = await server.register(ada)
    const form = await client.start('settings')
    const url = await away(client, form, { link: 'acme' })
    await comeBack(server, client, form, provider.approve(url, jane))
    const fresh = await client.start('settings')
    assert.deepEqual(buttons(fresh), ['unlink acme'])

    const other = server.client()
    await through(server, other, 'login', jane)
    assert.equal((await other.whoami())?.traits['email'], ada.email)

    await client.submit(fresh, { unlink: 'acme' })
    assert.deepEqual(buttons(await client.start('settings')), ['link acme'])

    const newcomer = server.client()
    await through(server, newcomer, 'registration', jane)
    const only = await newcomer.start('settings')
    assert.deepEqual(buttons(only), [])
    assert.deepEqual(textIds(formOf(await newcomer.submit(only, { unlink: 'acme' }))), [4000001])
  },
  inBrowsers,
)

const buttons = ({ ui }: Form): string[] =>
  ui.nodes.flatMap(({ group, attributes }) =>
    group === 'oidc' && attributes.node_type === 'input' ? [`${attributes.name} ${String(attributes.value)}`] : [],
  )

everywhere(
  'no other site disconnects a provider by a link',
  async (server) => {
    const client = server.client()
    await through(server, client, 'registration', jane)
    const settings = await client.start('settings')
    await client.submit(settings, { method: 'password', password: 'a-second-way-to-sign-in' })
    const { id } = await client.start('settings')
    const unlink = (site: string) =>
      client.agent.request('GET', `/self-service/settings?flow=${id}&unlink=acme`, {
        headers: { 'sec-fetch-site': site },
      })
    assert.equal((await unlink('cross-site')).status, 403)
    assert.deepEqual(buttons(await client.start('settings')), ['unlink acme'])
    assert.equal((await unlink('none')).status, 200)
    assert.deepEqual(buttons(await client.start('settings')), ['link acme'])
  },
  { config, clients: ['spa'] },
)

everywhere(
  'of fifty who come back with one answer at once, one is signed in',
  async (server) => {
    const client = server.client()
    const form = await begin(client, 'login')
    const url = await away(client, form, { method: 'oidc', provider: 'acme' })
    const address = provider.approve(url, jane)
    const asked = provider.stub.requests.length
    const cookies = new Map(client.agent.jar)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => {
        const copy = createClient(server, client.kind, createAgent(server, { jar: new Map(cookies) }))
        return comeBack(server, copy, form, address).then(async () => copy.whoami())
      }),
    )
    assert.equal(answers.filter(Boolean).length, 1)
    const tokenRequests = provider.stub.requests.slice(asked).filter(({ path }) => path === '/token')
    assert.equal(tokenRequests.length, 1)
    const { body } = await server.admin('GET', '/admin/identities')
    assert.equal((body as unknown as unknown[]).length, 1)
  },
  inBrowsers,
)

everywhere(
  'of fifty browsers with one new account at the provider, all are signed in as one person',
  async (server) => {
    const people = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const client = server.client()
        await through(server, client, 'login', jane)
        return client.whoami()
      }),
    )
    assert.equal(new Set(people.map((person) => person?.id)).size, 1)
    assert.ok(people[0])
  },
  { config, clients: ['spa'] },
)

everywhere(
  'an answer of the provider is good in the browser that asked for it, in nobody else’s',
  async (server) => {
    const client = server.client()
    const form = await begin(client, 'login')
    const url = await away(client, form, { method: 'oidc', provider: 'acme' })
    const address = provider.approve(url, jane)
    const stranger = server.client()
    assert.equal((await stranger.agent.request('GET', address)).status, 400)
    const changed = address.replace(/state=.{8}/, 'state=AAAAAAAA')
    assert.equal((await client.agent.request('GET', changed)).status, 400)
    server.pass(31 * 60)
    assert.equal((await client.agent.request('GET', address)).status, 400)
    assert.equal(await client.whoami(), undefined)
  },
  inBrowsers,
)

everywhere(
  'tokens of the provider are kept for operators, unreadable in the database',
  async (server) => {
    await through(server, server.client(), 'registration', jane)
    const { body } = await server.admin('GET', '/admin/identities?include_credential=oidc')
    const [identity] = body as unknown as [
      { id: string; credentials: { oidc: { config: { providers: Record<string, string>[] } } } },
    ]
    const [link] = identity.credentials.oidc.config.providers
    assert.match(link!['initial_access_token']!, /^at-/)
    assert.match(link!['initial_refresh_token']!, /^rt-/)
    assert.equal(link!['initial_id_token']!.split('.').length, 3)
  },
  { config, clients: ['spa'] },
)

/** An app whose person has signed in in a browser tab, and the address under which it picks the session up. */
async function waitingApp(server: StoryServer, person: Said): Promise<{ client: Client; address: string }> {
  const client = server.client()
  const form = await begin(client, 'login')
  const url = await away(client, form, { method: 'oidc', provider: 'acme' })
  const tab = createAgent(server)
  const back = await tab.request('GET', provider.approve(url, person), { accept: 'text/html' })
  const query = new URLSearchParams({
    init_code: form.session_token_exchange_code!,
    return_to_code: new URL(back.location!).searchParams.get('code')!,
  })
  return { client, address: `/sessions/token-exchange?${query.toString()}` }
}

everywhere(
  'fifty apps at once with one pair of codes have one session, which the codes soon lead to no longer',
  async (server) => {
    const { client, address } = await waitingApp(server, jane)
    const { agent } = client
    const answers = await Promise.all(Array.from({ length: 50 }, () => agent.request('GET', address)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    const sessions = answers.map(({ body }) => body as { session_token: string; session: { id: string } })
    assert.equal(new Set(sessions.map(({ session }) => session.id)).size, 1)
    assert.equal(new Set(sessions.map(({ session_token: token }) => token)).size, 1)
    const { body } = await server.admin('GET', '/admin/sessions')
    assert.equal((body as unknown as unknown[]).length, 1)

    // The answer may have been lost: it is given again for a minute from the first time on.
    server.pass(40)
    assert.equal((await agent.request('GET', address)).status, 200)
    server.pass(25)
    assert.equal((await agent.request('GET', address)).status, 404)
    agent.token = sessions[0]!.session_token
    assert.equal((await client.whoami())?.traits['email'], 'jane@shop.example')
  },
  { config, clients: ['native'] },
)

everywhere(
  'codes that nobody uses die after ten minutes, with their session, and are worth nothing in halves',
  async (server) => {
    const [first, second] = [
      await waitingApp(server, jane),
      await waitingApp(server, { ...jane, sub: 'joe', email: 'joe@shop.example' }),
    ]
    const status = async (address: string) => (await first.client.agent.request('GET', address)).status
    const halves = ({ address }: typeof first) => new URL(address, server.publicUrl).searchParams
    const mixed = (init: typeof first, back: typeof first) =>
      `/sessions/token-exchange?init_code=${halves(init).get('init_code')}&return_to_code=${halves(back).get('return_to_code')}`
    assert.equal(await status(mixed(first, second)), 404)
    assert.equal(await status(mixed(second, first)), 404)

    server.pass(570)
    const { body } = await first.client.agent.request('GET', first.address)
    const { id } = (body as { session: { id: string } }).session
    assert.equal((await server.admin('DELETE', `/admin/sessions/${id}`)).status, 204)
    assert.equal(await status(first.address), 404)
    server.pass(35)
    assert.equal(await status(second.address), 404)
  },
  { config, clients: ['native'] },
)
