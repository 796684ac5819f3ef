// Social sign-in with an OpenID provider that others have made: what it asks of its clients counts, not what we think.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createAgent, type Answer } from '../support/agent.ts'
import { startCertifiedProvider, type Visitor } from '../support/certified-provider.ts'
import { formOf, textIds, type Client, type Form } from '../support/clients.ts'
import { pages } from '../support/server.ts'
import { ada, everywhere, type StoryServer } from '../support/stories.ts'

const provider = await startCertifiedProvider()
after(() => provider.close())

const mapper = `
local c = std.extVar('claims');
{ identity: { traits: { email: c.email, name: c.name }, verified_addresses: [{ via: 'email', value: c.email }] } }`
const client = (id: string, name: 'plain' | 'strict', more: object = {}) => ({
  id,
  provider: 'generic',
  client_id: name,
  client_secret: `${name}-secret`,
  issuer_url: provider.issuer,
  scope: ['openid', 'email', 'profile'],
  mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
  ...more,
})
const config = {
  ciphers: { algorithm: 'aes' },
  selfservice: {
    methods: {
      oidc: {
        enabled: true,
        config: {
          providers: [
            client('auto', 'strict'),
            client('forced', 'strict', { pkce: 'force' }),
            client('never', 'plain', { pkce: 'never' }),
            client('careless', 'strict', { pkce: 'never' }),
            client('userinfo', 'plain', { claims_source: 'userinfo' }),
            client('wrong-secret', 'plain', { client_secret: 'another' }),
          ],
        },
      },
    },
    flows: { registration: { after: { oidc: { hooks: [{ hook: 'session' }] } } } },
  },
}
const inBrowsers = { config, clients: ['browser', 'spa'] as const }

type Begun = Form & { session_token_exchange_code?: string }

const begin = (who: Client, flow: string): Promise<Begun> =>
  who.start(
    flow,
    who.kind === 'native' ? { return_session_token_exchange_code: 'true', return_to: `${pages}/app` } : {},
  )

/** Sends a form that leads to the provider; the address there. */
async function away(who: Client, form: Form, fields: Record<string, unknown>): Promise<string> {
  const step = await who.submit(form, fields)
  assert.equal(step.kind, 'end')
  const { location, body } = step as Answer & { kind: 'end' }
  return who.kind === 'browser' ? location! : String(body['redirect_browser_to'])
}

/** Comes back as such a client does; an app picks its session up. */
async function comeBack(
  server: StoryServer,
  who: Client,
  { session_token_exchange_code: init }: Begun,
  address: string,
) {
  const accept = who.kind === 'spa' ? 'application/json' : 'text/html'
  if (who.kind !== 'native') return who.agent.request('GET', address, { accept })
  const back = await createAgent(server, { hasCookies: true }).request('GET', address, { accept })
  const query = new URLSearchParams({
    init_code: init!,
    return_to_code: new URL(back.location!).searchParams.get('code')!,
  })
  const picked = await who.agent.request('GET', `/sessions/token-exchange?${query.toString()}`)
  if (picked.status === 200) who.agent.token = String(picked.body['session_token'])
  return picked
}

type Way = { flow?: string; through?: string; name: string; at?: Visitor }

/** All of it in one go: who somebody is afterwards. */
async function signIn(server: StoryServer, { flow = 'login', through = 'auto', name, at = provider.visitor() }: Way) {
  const who = server.client()
  const form = await begin(who, flow)
  const url = await away(who, form, { method: 'oidc', provider: through })
  const back = await comeBack(server, who, form, await at.approve(url, name))
  return { who, url: new URL(url), back, person: await who.whoami() }
}

everywhere(
  'somebody comes from a certified provider for the first time and again, and need not sign in there twice',
  async (server) => {
    const browser = provider.visitor()
    const first = await signIn(server, { flow: 'registration', name: 'jane', at: browser })
    assert.deepEqual(first.person?.traits, { email: 'jane@shop.example', name: 'jane' })
    assert.equal(browser.forms, 2) // sign in, agree
    const again = await signIn(server, { name: 'jane', at: browser })
    assert.equal(again.person?.id, first.person.id)
    assert.equal(browser.forms, 2)
    const elsewhere = await signIn(server, { name: 'jane' })
    assert.equal(elsewhere.person?.id, first.person.id)
    const other = await signIn(server, { name: 'joe' })
    assert.notEqual(other.person?.id, first.person.id)
  },
  { config },
)

everywhere(
  'codes are protected with PKCE where the provider knows it or has to, by a nonce otherwise',
  async (server) => {
    const asked = async (through: string) => {
      const { url, person } = await signIn(server, { through, name: `user-of-${through}` })
      assert.equal(person?.traits['email'], `user-of-${through}@shop.example`, through)
      const { searchParams: sent } = url
      return [sent.get('code_challenge_method'), sent.has('nonce'), new URL(sent.get('redirect_uri')!).pathname]
    }
    const path = '/self-service/methods/oidc/callback'
    assert.deepEqual(await asked('auto'), ['S256', false, `${path}/auto`])
    assert.deepEqual(await asked('forced'), ['S256', false, path])
    assert.deepEqual(await asked('never'), [null, true, `${path}/never`])
    assert.deepEqual(await asked('userinfo'), ['S256', false, `${path}/userinfo`])
  },
  { config },
)

everywhere(
  'a provider that insists on PKCE sends somebody back who came without, and the form says so',
  async (server) => {
    const who = server.client()
    const form = await begin(who, 'login')
    const url = await away(who, form, { method: 'oidc', provider: 'careless' })
    await comeBack(server, who, form, await provider.visitor().refuse(url))
    const shown = (await who.agent.request('GET', `/self-service/login/flows?id=${form.id}`)).body as unknown as Form
    assert.match(shown.ui.messages![0]!.text, /invalid_request.*PKCE/)
    assert.equal(await who.whoami(), undefined)
  },
  inBrowsers,
)

everywhere(
  'who does not agree comes back to the form, and may try again',
  async (server) => {
    const who = server.client()
    const form = await begin(who, 'login')
    const browser = provider.visitor()
    const url = await away(who, form, { method: 'oidc', provider: 'auto' })
    await comeBack(server, who, form, await browser.refuse(url))
    const shown = (await who.agent.request('GET', `/self-service/login/flows?id=${form.id}`)).body as unknown as Form
    assert.deepEqual(textIds(shown), [4000001])
    assert.match(shown.ui.messages![0]!.text, /access_denied/)
    const again = await away(who, shown, { method: 'oidc', provider: 'auto' })
    await comeBack(server, who, form, await browser.approve(again, 'jane'))
    assert.equal((await who.whoami())?.traits['email'], 'jane@shop.example')
  },
  { config },
)

everywhere(
  'an account is connected and disconnected in the settings',
  async (server) => {
    const who = await server.register(ada)
    const owner = await who.whoami()
    const form = await who.start('settings')
    const url = await away(who, form, { link: 'auto' })
    await comeBack(server, who, form, await provider.visitor().approve(url, 'ada-elsewhere'))
    assert.equal((await signIn(server, { name: 'ada-elsewhere' })).person?.id, owner?.id)
    await who.submit(await who.start('settings'), { unlink: 'auto' })
    const stranger = await signIn(server, { name: 'ada-elsewhere' })
    assert.notEqual(stranger.person?.id, owner?.id)
    assert.equal(stranger.person?.traits['email'], 'ada-elsewhere@shop.example')
  },
  inBrowsers,
)

everywhere(
  'an address that somebody has already is connected once its owner has signed in',
  async (server) => {
    await server.register(ada)
    provider.people.set('ada-at-work', { email: ada.email, email_verified: true, name: 'Ada' })
    const { who, back, person } = await signIn(server, { name: 'ada-at-work' })
    assert.equal(person, undefined)
    const id = who.kind === 'spa' ? String(back.body['id']) : new URL(back.location!).searchParams.get('flow')
    const linking = (await who.agent.request('GET', `/self-service/login/flows?id=${id}`)).body as unknown as Form
    assert.deepEqual(textIds(linking), [1010016])
    await who.submit(linking, { method: 'password', identifier: ada.email, password: ada.password })
    const owner = await who.whoami()
    assert.equal(owner?.traits['email'], ada.email)
    assert.equal((await signIn(server, { name: 'ada-at-work' })).person?.id, owner.id)
  },
  inBrowsers,
)

everywhere(
  'operators try such a provider out, and see what its endpoint says of somebody, too',
  async (server) => {
    const tried = async (id: string) => {
      const created = await server.admin('POST', '/admin/test-login-flows', { json: { provider_id: id } })
      const who = server.client()
      const form = created.body as unknown as Form
      const url = await away(who, form, { provider: id })
      assert.equal(new URL(url).searchParams.get('prompt'), 'login')
      const back = await comeBack(server, who, form, await provider.visitor().approve(url, 'jane'))
      assert.equal(back.status, 303)
      const read = await who.agent.request('GET', `/self-service/login/flows?id=${form.id}`)
      assert.equal(await who.whoami(), undefined)
      return (read.body as { test_context: { debug_payload: Record<string, unknown> } }).test_context.debug_payload
    }
    const said = { sub: 'jane', email: 'jane@shop.example', email_verified: true, name: 'jane' }
    const byEndpoint = await tried('userinfo')
    assert.deepEqual(byEndpoint['userinfo'], said)
    assert.equal(byEndpoint['error'], undefined)
    const byToken = await tried('auto')
    assert.equal(byToken['userinfo'], undefined)
    assert.equal((byToken['id_token_claims'] as typeof said).email, said.email)
    const unknown = await tried('wrong-secret')
    assert.deepEqual(unknown['error'], {
      step: 'token_exchange',
      reason: 'exchange_failed',
      message: 'The provider gives no tokens: invalid_client',
    })
    assert.deepEqual((await server.admin('GET', '/admin/identities')).body, [])
  },
  inBrowsers,
)

everywhere(
  'a client that the provider does not know gets nobody signed in',
  async (server) => {
    const { back, person } = await signIn(server, { through: 'wrong-secret', name: 'jane' })
    assert.equal(person, undefined)
    assert.equal(back.status, server.kind === 'spa' ? 500 : 303)
    if (server.kind === 'browser') assert.ok(back.location!.startsWith(`${pages}/error?id=`))
    assert.deepEqual((await server.admin('GET', '/admin/identities')).body, [])
  },
  inBrowsers,
)

everywhere(
  'a code that was exchanged once is not taken again, nor in another browser',
  async (server) => {
    const who = server.client()
    const form = await begin(who, 'login')
    const url = await away(who, form, { method: 'oidc', provider: 'never' })
    const address = await provider.visitor().approve(url, 'jane')
    const stranger = server.client()
    const stolen = await stranger.agent.request('GET', address)
    assert.equal(stolen.status, 400)
    await comeBack(server, who, form, address)
    assert.ok(await who.whoami())
    await who.signOut()
    await who.agent.request('GET', address)
    assert.equal(await who.whoami(), undefined)

    // Somebody who lures another browser to a code of their own: the codes of one sign-in do not fit another.
    const victim = server.client()
    const own = await begin(victim, 'login')
    const victimsUrl = await away(victim, own, { method: 'oidc', provider: 'never' })
    const attackers = await begin(stranger, 'login')
    const attackersUrl = await away(stranger, attackers, { method: 'oidc', provider: 'never' })
    const attackersCode = new URL(await provider.visitor().approve(attackersUrl, 'eve')).searchParams.get('code')!
    const lure = new URL(await provider.visitor().approve(victimsUrl, 'jane'))
    lure.searchParams.set('code', attackersCode)
    await victim.agent.request('GET', lure.href)
    assert.equal(await victim.whoami(), undefined)
    assert.deepEqual(textIds(await reread(victim, own)), [4000001])
  },
  { config, clients: ['spa'] },
)

const reread = async (who: Client, { id }: Form) =>
  formOf({
    kind: 'form',
    form: (await who.agent.request('GET', `/self-service/login/flows?id=${id}`)).body as unknown as Form,
  })
