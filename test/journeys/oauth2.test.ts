import assert from 'node:assert/strict'
import { after } from 'node:test'
import { formOf, textIds, type Client, type Form, type Step } from '../support/clients.ts'
import { codeTo, messagesTo } from '../support/mail.ts'
import { startOpenIdProvider } from '../support/openid-provider.ts'
import { startOAuth2Server } from '../support/oauth2-server.ts'
import { appCode, setUpApp } from '../support/second-factors.ts'
import { pages, type ConfigPatch } from '../support/server.ts'
import { ada, everywhere, grace, type StoryServer } from '../support/stories.ts'

const [hydra, provider] = await Promise.all([startOAuth2Server(), startOpenIdProvider()])
after(() => Promise.all([hydra.close(), provider.close()]))

const oauth2_provider = hydra.provider
const clients = ['browser', 'spa'] as const
const inBrowsers = { config: { oauth2_provider }, clients }

const confirm = 1010003
const wrongPassword = 4000006
const noMethod = 4010002

type Asking = Form & {
  refresh?: boolean
  request_url: string
  return_to?: string
  oauth2_login_challenge?: string
  oauth2_login_request?: Record<string, unknown>
}

const open = (client: Client, flow: string, query: Record<string, string>) =>
  client.start(flow, query) as Promise<Asking>
const password = { method: 'password', identifier: ada.email, password: ada.password }
const newcomer = { method: 'password', password: grace.password, traits: { email: grace.email } }

/** Where a step sends the browser, by the way that such a client is told. */
function goesTo(client: Client, step: Step): string {
  assert.equal(step.kind, 'end')
  const { status, location, body } = step as Extract<Step, { kind: 'end' }>
  assert.equal(status, client.kind === 'browser' ? 303 : 422)
  return client.kind === 'browser' ? location! : String(body.redirect_browser_to)
}

/** A first request for a form, as it is answered. */
const begin = ({ agent, kind }: Client, flow: string, query: Record<string, string>) =>
  agent.request('GET', `/self-service/${flow}/browser?${new URLSearchParams(query).toString()}`, {
    accept: kind === 'browser' ? 'text/html' : 'application/json',
  })

async function errorIn(server: StoryServer, client: Client, answer: Awaited<ReturnType<typeof begin>>) {
  if (client.kind !== 'browser') return answer.body.error as Record<string, unknown>
  const id = new URL(answer.location!).searchParams.get('id')
  const { body } = await server.client().agent.request('GET', `/self-service/errors?id=${id}`)
  return body.error as Record<string, unknown>
}

everywhere(
  'whoever signs in for an OAuth2 server goes back there, and it learns who they are',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'login', { login_challenge, return_to: `${pages}/elsewhere` })
    assert.equal(form.oauth2_login_challenge, login_challenge)
    assert.deepEqual(form.oauth2_login_request, {
      challenge: login_challenge,
      client: { client_id: 'shop', client_name: 'The shop', metadata: { tier: 1 } },
      oidc_context: { ui_locales: ['de'] },
      request_url: hydra.began(login_challenge),
      requested_access_token_audience: [],
      requested_scope: ['openid'],
      session_id: 'a session there',
      skip: false,
      subject: '',
    })
    assert.equal(form.refresh, false)

    const again = formOf(await client.submit(form, { ...password, password: 'guess' })) as Asking
    assert.deepEqual(textIds(again), [wrongPassword])
    assert.equal(again.oauth2_login_request?.['challenge'], login_challenge)
    assert.equal(hydra.accepted(login_challenge), undefined)

    assert.equal(goesTo(client, await client.submit(again, password)), hydra.after(login_challenge))
    const { body } = await client.agent.request('GET', '/sessions/whoami')
    assert.deepEqual(hydra.accepted(login_challenge), {
      subject: (body.identity as { id: string }).id,
      identity_provider_session_id: body.id,
      remember: true,
      remember_for: 3600,
      amr: ['password'],
    })
  },
  { config: { oauth2_provider, session: { lifespan: '1h' } }, clients },
)

everywhere(
  'somebody whom both know goes back without a form',
  async (server) => {
    const client = await server.register(ada)
    const { id } = (await client.whoami())!
    for (const flow of ['login', 'registration']) {
      const login_challenge = hydra.challenge({ subject: id })
      const { status, location, body } = await begin(client, flow, { login_challenge })
      if (client.kind === 'browser') assert.deepEqual([status, location], [303, hydra.after(login_challenge)])
      else {
        const { id: error } = body.error as { id: string }
        const expected =
          flow === 'login' ? [400, 'session_already_available'] : [422, 'browser_location_change_required']
        assert.deepEqual([status, error], expected)
        assert.equal(body.redirect_browser_to, hydra.after(login_challenge))
      }
      assert.equal(hydra.accepted(login_challenge)?.subject, id)
    }
  },
  inBrowsers,
)

everywhere(
  'somebody whom the OAuth2 server does not remember confirms who they are',
  async (server) => {
    const client = await server.register(ada)
    const login_challenge = hydra.challenge()
    const form = await open(client, 'login', { login_challenge })
    assert.deepEqual([form.refresh, textIds(form)], [true, [confirm]])
    assert.equal(goesTo(client, await client.submit(form, password)), hydra.after(login_challenge))
    assert.deepEqual(hydra.accepted(login_challenge)?.amr, ['password', 'password'])

    const another = hydra.challenge()
    const { status, location } = await begin(client, 'registration', { login_challenge: another, foo: 'bar' })
    const login = new URLSearchParams({ foo: 'bar', login_challenge: another }).toString()
    assert.deepEqual([status, location], [302, `${server.publicUrl}/self-service/login/browser?${login}`])
    assert.equal(hydra.accepted(another), undefined)
  },
  inBrowsers,
)

everywhere(
  'a disabled account does not get in at the OAuth2 server either',
  async (server) => {
    const client = await server.register(ada)
    const { id } = (await client.whoami())!
    await server.admin('PATCH', `/admin/identities/${id}`, {
      json: [{ op: 'replace', path: '/state', value: 'inactive' }],
    })
    const login_challenge = hydra.challenge({ subject: id })
    const form = await open(client, 'login', { login_challenge })
    assert.deepEqual(form.refresh, false)
    assert.equal((await begin(client, 'registration', { login_challenge })).status, 302)
    assert.equal(hydra.accepted(login_challenge), undefined)
  },
  inBrowsers,
)

everywhere(
  'the OAuth2 server is told once both factors are there',
  async (server) => {
    const owner = await server.register(ada)
    const secret = await setUpApp(owner, server.now())
    const { id } = (await owner.whoami())!
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'login', { login_challenge })
    const next = new URL(goesTo(client, await client.submit(form, password)))
    assert.deepEqual(Object.fromEntries(next.searchParams), { aal: 'aal2', login_challenge })
    assert.equal(hydra.accepted(login_challenge), undefined)

    // With half of a sign-in nobody gets through on what the server remembers.
    const remembered = hydra.challenge({ subject: id })
    const half = await begin(client, 'login', { login_challenge: remembered })
    assert.equal(half.status, client.kind === 'browser' ? 303 : 422)
    assert.match(half.location ?? String(half.body.redirect_browser_to), /aal=aal2&login_challenge=/)
    assert.equal(hydra.accepted(remembered), undefined)

    const second = await open(client, 'login', Object.fromEntries(next.searchParams))
    server.pass(60)
    const done = await client.submit(second, { method: 'totp', totp_code: appCode(secret, server.now()) })
    assert.equal(goesTo(client, done), hydra.after(login_challenge))
    assert.deepEqual(hydra.accepted(login_challenge)?.amr, ['password', 'totp'])
  },
  {
    config: {
      oauth2_provider,
      session: { whoami: { required_aal: 'highest_available' } },
      selfservice: { methods: { totp: { enabled: true, config: { issuer: 'Shop' } } } },
    },
    clients,
  },
)

everywhere(
  'what is wrong with a challenge is told before there is a form',
  async (server) => {
    const client = server.client()
    for (const flow of ['login', 'registration']) {
      const empty = await errorIn(server, client, await begin(client, flow, { login_challenge: '' }))
      assert.equal(empty['code'], 400)

      const unknown = await errorIn(server, client, await begin(client, flow, { login_challenge: 'made up' }))
      assert.equal(unknown['code'], 400)
      assert.deepEqual(unknown['details'], {
        status_code: 404,
        oauth2_error_hint: 'Nobody was sent with this challenge.',
      })

      const login_challenge = hydra.challenge()
      for (const answer of [{ status: 503 }, { status: 200, body: 'not JSON' }, { status: 200, body: '[]' }]) {
        hydra.stub.script(answer)
        const broken = await errorIn(server, client, await begin(client, flow, { login_challenge }))
        assert.deepEqual([broken['code'], broken['details']], [500, { status_code: answer.status }])
      }
      hydra.stub.script((response) => void response.destroy())
      const silent = await errorIn(server, client, await begin(client, flow, { login_challenge }))
      assert.deepEqual([silent['code'], silent['details']], [500, undefined])
    }
  },
  inBrowsers,
)

everywhere(
  'a sign-in that the OAuth2 server does not take holds all the same here',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    const form = await open(client, 'login', { login_challenge: hydra.challenge() })
    hydra.stub.script({ status: 409, body: JSON.stringify({ error_hint: 'Somebody else was faster.' }) })
    const step = await client.submit(form, password)
    assert.equal(step.kind, 'end')
    const told = await errorIn(server, client, step as Extract<Step, { kind: 'end' }>)
    assert.equal(told['code'], 500)
    assert.deepEqual(told['details'], { status_code: 409, oauth2_error_hint: 'Somebody else was faster.' })
    assert.equal((await client.whoami())?.traits['email'], ada.email)
  },
  inBrowsers,
)

everywhere(
  'a challenge that was used meanwhile is told with the next answer',
  async (server) => {
    await server.register(ada)
    const login_challenge = hydra.challenge()
    const [one, other] = [server.client(), server.client()]
    const form = await open(one, 'login', { login_challenge })
    const late = await open(other, 'login', { login_challenge })
    await one.submit(form, password)
    const { status, body } = await other.agent.request('GET', `/self-service/login/flows?id=${late.id}`)
    assert.deepEqual([status, (body.error as { details: unknown }).details], [400, { status_code: 410 }])
    const step = await other.submit(late, { method: 'nothing' })
    assert.deepEqual([step.kind, step.kind === 'end' && step.status], ['end', 400])
  },
  { ...inBrowsers, clients: ['spa'] },
)

everywhere(
  'whoever comes too late goes on with the same challenge',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'login', { login_challenge })
    server.pass(2 * 3600)
    const late = await client.submit(form, password)
    const id = late.kind === 'form' ? late.form.id : String(late.body.use_flow_id)
    const { body } = await client.agent.request('GET', `/self-service/login/flows?id=${id}`)
    assert.equal(body.oauth2_login_challenge, login_challenge)
    const done = await client.submit(body as unknown as Form, password)
    assert.equal(goesTo(client, done), hydra.after(login_challenge))
  },
  inBrowsers,
)

everywhere(
  'the address with which the OAuth2 login began can be where people go back to',
  async (server) => {
    const login_challenge = hydra.challenge()
    const form = await open(server.client(), 'login', { login_challenge, return_to: 'https://evil.example/' })
    assert.equal(form.return_to, hydra.began(login_challenge))
    const began = new URL(form.request_url).searchParams
    assert.deepEqual([began.get('refresh'), began.get('return_to')], ['true', hydra.began(login_challenge)])
  },
  {
    config: {
      oauth2_provider: { ...oauth2_provider, override_return_to: true },
      selfservice: { allowed_return_urls: [pages, 'https://oauth2.example'] },
    },
    clients,
  },
)

everywhere(
  'an app keeps its challenge, but is signed in for itself',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    const login_challenge = hydra.challenge()
    const asked = hydra.stub.requests.length
    const form = await open(client, 'login', { login_challenge })
    assert.deepEqual([form.oauth2_login_challenge, form.oauth2_login_request], [login_challenge, undefined])
    assert.equal(hydra.stub.requests.length, asked)
    const again = formOf(await client.submit(form, {})) as Asking
    assert.deepEqual(textIds(again), [noMethod])
    assert.equal(again.oauth2_login_request?.['challenge'], login_challenge)
    await client.submit(form, password)
    assert.equal((await client.whoami())?.traits['email'], ada.email)
    assert.equal(hydra.accepted(login_challenge), undefined)
    for (const flow of ['login', 'registration'])
      assert.equal(
        (await server.client().agent.request('GET', `/self-service/${flow}/api?login_challenge=`)).status,
        400,
      )
  },
  { ...inBrowsers, clients: ['native'] },
)

everywhere(
  'whoever signs up for an OAuth2 server goes back there, too',
  async (server) => {
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'registration', { login_challenge })
    assert.equal(form.oauth2_login_challenge, login_challenge)
    assert.equal(form.oauth2_login_request?.['challenge'], login_challenge)
    const again = formOf(await client.submit(form, { ...newcomer, password: '' })) as Asking
    assert.equal(again.oauth2_login_request?.['challenge'], login_challenge)

    const done = (await client.submit(again, newcomer)) as Extract<Step, { kind: 'end' }>
    if (client.kind === 'browser') assert.equal(goesTo(client, done), hydra.after(login_challenge))
    else
      assert.deepEqual(done.body.continue_with, [
        { action: 'redirect_browser_to', redirect_browser_to: hydra.after(login_challenge) },
      ])
    const { body } = await client.agent.request('GET', '/sessions/whoami')
    assert.deepEqual(hydra.accepted(login_challenge), {
      subject: (body.identity as { id: string }).id,
      identity_provider_session_id: body.id,
      remember: false,
      remember_for: 86400,
      amr: ['password'],
    })
  },
  { config: { oauth2_provider, session: { cookie: { persistent: false } } }, clients },
)

everywhere(
  'an account is there even if the OAuth2 server does not take its first sign-in',
  async (server) => {
    const client = server.client()
    const form = await open(client, 'registration', { login_challenge: hydra.challenge() })
    hydra.stub.script({ status: 500 })
    const step = (await client.submit(form, newcomer)) as Extract<Step, { kind: 'end' }>
    assert.equal((await errorIn(server, client, step))['code'], 500)
    assert.equal((await client.whoami())?.traits['email'], grace.email)
  },
  inBrowsers,
)

const inline = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

const mapper = `local c = std.extVar('claims'); { identity: { traits: { email: c.email } } }`
const acme = {
  id: 'acme',
  provider: 'generic',
  client_id: 'client',
  client_secret: 'secret',
  issuer_url: provider.issuer,
  mapper_url: inline(mapper),
}

everywhere(
  'a challenge goes along through a provider, and from one flow to the other',
  async (server) => {
    const person = { sub: 'grace', email: grace.email }
    // Whoever signs in is new, and whoever signs up is not.
    for (const flow of ['login', 'registration']) {
      const client = server.client()
      const login_challenge = hydra.challenge()
      const form = await open(client, flow, { login_challenge })
      const away = goesTo(client, await client.submit(form, { method: 'oidc', provider: 'acme' }))
      const back = await client.agent.request('GET', provider.approve(away, person), { accept: 'text/html' })
      assert.deepEqual([back.status, back.location], [303, hydra.after(login_challenge)], flow)
      assert.deepEqual(hydra.accepted(login_challenge)?.amr, ['oidc'])
    }
  },
  {
    config: {
      oauth2_provider,
      ciphers: { algorithm: 'aes' },
      selfservice: {
        methods: { oidc: { enabled: true, config: { providers: [acme] } } },
        flows: { registration: { after: { oidc: { hooks: [{ hook: 'session' }] } } } },
      },
    },
    clients,
  },
)

everywhere(
  'an account at a provider that waits for its owner keeps the challenge',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'login', { login_challenge })
    const away = goesTo(client, await client.submit(form, { method: 'oidc', provider: 'acme' }))
    const back = await client.agent.request('GET', provider.approve(away, { sub: 'ada', email: ada.email }))
    const linking = back.body as unknown as Asking
    assert.equal(linking.oauth2_login_request?.['challenge'], login_challenge)
    assert.equal(goesTo(client, await client.submit(linking, password)), hydra.after(login_challenge))
    assert.deepEqual(hydra.accepted(login_challenge)?.amr, ['password', 'oidc'])
  },
  {
    config: {
      oauth2_provider,
      ciphers: { algorithm: 'aes' },
      selfservice: { methods: { oidc: { enabled: true, config: { providers: [acme] } } } },
    },
    clients: ['spa'],
  },
)

const verifying: ConfigPatch = {
  oauth2_provider,
  courier: { smtp: { connection_uri: 'smtp://127.0.0.1:9/' } },
  selfservice: {
    methods: { code: { enabled: true } },
    flows: {
      verification: { enabled: true, ui_url: `${pages}/verification` },
      registration: { after: { password: { hooks: [{ hook: 'session' }, { hook: 'show_verification_ui' }] } } },
    },
  },
}

/** The form that asks somebody who has just signed up for a code. */
async function asked(client: Client, step: Step): Promise<Form> {
  if (step.kind === 'form') return step.form
  const { continue_with } = step.body as { continue_with: { action: string; flow?: { id: string } }[] }
  assert.deepEqual(
    continue_with.map(({ action }) => action),
    ['redirect_browser_to', 'show_verification_ui'],
  )
  const { body } = await client.agent.request(
    'GET',
    `/self-service/verification/flows?id=${continue_with[1]!.flow!.id}`,
  )
  return body as unknown as Form
}

everywhere(
  'whoever has to verify an address first goes back to the OAuth2 server after that',
  async (server) => {
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'registration', { login_challenge })
    const first = await asked(client, await client.submit(form, newcomer))
    assert.equal(hydra.accepted(login_challenge), undefined)
    const { id } = (await client.whoami())!

    const again = formOf(await client.submit(first, { method: 'code', email: grace.email }))
    const done = await client.submit(again, { method: 'code', code: await codeTo(server, grace.email) })
    if (client.kind === 'browser') assert.equal(goesTo(client, done), hydra.after(login_challenge))
    else {
      const { ui } = formOf(done)
      assert.equal(ui.action, hydra.after(login_challenge))
      assert.ok(ui.nodes.some(({ attributes }) => 'href' in attributes && attributes.href === ui.action))
    }
    assert.equal(hydra.accepted(login_challenge)?.subject, id)
  },
  { config: verifying, clients },
)

const byCode = {
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': { credentials: { code: { identifier: true, via: 'email' } } },
        },
      },
    },
  },
}
const subjectOf = (code: string) => {
  const subject = `{{ .${code} }}{{ with .OAuth2LoginRequest }} for {{ .Client.ClientName }}{{ end }}`
  return { valid: { email: { subject: inline(subject) } } }
}

everywhere(
  'messages with codes can name whom somebody signs in for',
  async (server) => {
    const code = async (subject: string) => {
      const [newest] = await messagesTo(server, grace.email)
      const sent = await codeTo(server, grace.email)
      assert.equal(newest?.subject, `${sent}${subject}`)
      return sent
    }
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'registration', { login_challenge })
    const traits = { email: grace.email }
    const sent = formOf(await client.submit(form, { method: 'code', traits }))
    await client.submit(sent, { method: 'code', traits, code: await code(' for The shop') })
    assert.deepEqual(hydra.accepted(login_challenge)?.amr, ['code'])

    const again = server.client()
    const another = hydra.challenge()
    const login = await open(again, 'login', { login_challenge: another })
    const typed = { method: 'code', identifier: grace.email }
    const asking = formOf(await again.submit(login, typed))
    await code(' for The shop')

    // While the server cannot say more, codes are sent all the same.
    hydra.stub.script({ status: 503 })
    const resent = formOf(await again.submit(asking, { ...typed, resend: 'code' }))
    const done = await again.submit(resent, { ...typed, code: await code('') })
    assert.equal(goesTo(again, done), hydra.after(another))
  },
  {
    config: {
      oauth2_provider,
      courier: {
        smtp: { connection_uri: 'smtp://127.0.0.1:9/' },
        templates: { login_code: subjectOf('LoginCode'), registration_code: subjectOf('RegistrationCode') },
      },
      identity: { schemas: [{ id: 'person', url: inline(JSON.stringify(byCode)) }] },
      selfservice: {
        methods: { code: { enabled: true, passwordless_enabled: true } },
        flows: { registration: { after: { code: { hooks: [{ hook: 'session' }] } } } },
      },
    },
    clients,
  },
)

everywhere(
  'a session that was ended before its address was verified leads nowhere',
  async (server) => {
    const client = server.client()
    const login_challenge = hydra.challenge()
    const form = await open(client, 'registration', { login_challenge })
    const first = await asked(client, await client.submit(form, newcomer))
    const { id } = (await client.whoami())!
    await server.admin('DELETE', `/admin/identities/${id}/sessions`)
    const done = formOf(await client.submit(first, { method: 'code', code: await codeTo(server, grace.email) }))
    assert.equal(done.ui.action, `${pages}/welcome`)
    assert.equal(hydra.accepted(login_challenge), undefined)
  },
  { config: verifying, clients },
)
