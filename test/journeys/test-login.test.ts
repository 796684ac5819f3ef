// Operators try a provider out, and nobody is signed in.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createAgent, type Agent, type Answer } from '../support/agent.ts'
import { textIds, valueOf, type Form } from '../support/clients.ts'
import { startOpenIdProvider, type Said } from '../support/openid-provider.ts'
import { everywhere, type StoryServer } from '../support/stories.ts'

const provider = await startOpenIdProvider()
after(() => provider.close())

const acme = (mapper: string) => ({
  id: 'acme',
  provider: 'generic',
  label: 'Acme',
  client_id: 'client',
  client_secret: 'secret',
  issuer_url: provider.issuer,
  mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
})
const mapping = (mapper: string) => ({
  ciphers: { algorithm: 'aes' },
  selfservice: {
    methods: {
      oidc: { enabled: true, config: { providers: [acme(mapper), { ...acme(mapper), id: 'other' }] } },
    },
  },
})
const good = `local c = std.extVar('claims');
{ identity: { traits: { email: c.email }, metadata_public: { from: c.iss } } }`
const inOneBrowser = (mapper: string) => ({ config: mapping(mapper), clients: ['browser'] as const })

const jane: Said = { sub: 'jane', email: 'jane@shop.example', email_verified: true }

type TestFlow = Form & {
  refresh: boolean
  type: string
  active?: string
  test_context: { provider_id: string; debug_payload?: Record<string, unknown> & { error?: Record<string, string> } }
}

const create = (server: StoryServer, body: unknown = { provider_id: 'acme' }): Promise<Answer> =>
  server.admin('POST', '/admin/test-login-flows', { json: body })
const flowOf = ({ body }: Answer) => body as unknown as TestFlow
const read = (agent: Agent, id: string): Promise<Answer> => agent.request('GET', `/self-service/login/flows?id=${id}`)
const remove = (agent: Agent, id: string): Promise<Answer> =>
  agent.request('DELETE', `/self-service/login/test?id=${id}`)

/** Sends the form from a browser that was never here, as the operator's page has it. */
const begin = (agent: Agent, flow: TestFlow, fields: Record<string, string> = {}): Promise<Answer> =>
  agent.request('POST', flow.ui.action, {
    form: { csrf_token: String(valueOf(flow, 'csrf_token')), provider: 'acme', ...fields },
    accept: 'text/html',
  })

/** A test from its beginning to the return of the browser, which is given back. */
async function tried(server: StoryServer, back: (url: string) => string): Promise<{ agent: Agent; flow: TestFlow }> {
  const flow = flowOf(await create(server))
  const agent = createAgent(server)
  const away = await begin(agent, flow)
  assert.equal(away.status, 303)
  const end = await agent.request('GET', back(away.location!), { accept: 'text/html' })
  assert.equal(end.status, 303)
  assert.equal(end.location, `${server.publicUrl}/session/test-oidc?flow=${flow.id}`)
  return { agent, flow: flowOf(await read(agent, flow.id)) }
}

const identities = async (server: StoryServer) => (await server.admin('GET', '/admin/identities')).body

everywhere(
  'a test shows what the provider says and what the mapper makes of it, and signs nobody in',
  async (server) => {
    const created = await create(server)
    assert.equal(created.status, 201)
    const open = flowOf(created)
    assert.deepEqual(open.test_context, { provider_id: 'acme' })
    assert.deepEqual([open.type, open.refresh, open.state], ['browser', true, 'choose_method'])
    assert.deepEqual(
      open.ui.nodes.map(({ attributes }) => attributes.node_type === 'input' && attributes.name),
      ['provider', 'csrf_token'],
    )
    assert.deepEqual(flowOf(await read(createAgent(server, { hasCookies: false }), open.id)).ui, open.ui)

    const { agent, flow } = await tried(server, (url) => provider.approve(url, jane))
    assert.deepEqual([flow.state, flow.active], ['passed_challenge', 'oidc'])
    const { debug_payload: payload } = flow.test_context
    assert.ok(payload)
    const { raw_claims: _, ...claims } = payload['id_token_claims'] as Record<string, unknown>
    assert.deepEqual(claims, { iss: provider.issuer, ...jane })
    assert.deepEqual(payload['jsonnet_input'], payload['id_token_claims'])
    assert.deepEqual(payload['jsonnet_output'], {
      identity: { traits: { email: jane['email'] }, metadata_public: { from: provider.issuer } },
    })
    assert.match(String(payload['jsonnet_mapper_url']), /^base64:/)
    assert.deepEqual(Object.keys(payload).toSorted(), [
      'id_token_claims',
      'jsonnet_input',
      'jsonnet_mapper_url',
      'jsonnet_output',
    ])

    assert.deepEqual(await identities(server), [])
    assert.equal((await agent.request('GET', '/sessions/whoami')).status, 401)
    assert.deepEqual((await server.admin('GET', '/admin/sessions')).body, [])
  },
  inOneBrowser(good),
)

everywhere(
  'what a test found is for the browser that made it; it alone reads and deletes it',
  async (server) => {
    const { agent, flow } = await tried(server, (url) => provider.approve(url, jane))
    const stranger = createAgent(server)
    for (const refused of [await read(stranger, flow.id), await remove(stranger, flow.id)]) {
      assert.equal(refused.status, 403)
      assert.doesNotMatch(JSON.stringify(refused.body), /jane/)
    }
    const sent = await begin(stranger, flow)
    assert.doesNotMatch(JSON.stringify(sent.body), /jane/)
    assert.equal((await remove(agent, flow.id)).status, 204)
    assert.equal((await read(agent, flow.id)).status, 404)
    assert.equal((await remove(agent, flow.id)).status, 404)

    const abandoned = flowOf(await create(server))
    assert.equal((await remove(stranger, abandoned.id)).status, 204)
    assert.equal((await remove(stranger, 'no-id')).status, 400)
    const ordinary = await stranger.request('GET', '/self-service/login/browser')
    assert.equal((await remove(stranger, String(ordinary.body['id']))).status, 404)
  },
  inOneBrowser(good),
)

everywhere(
  'a test begins with its own token and its own provider, and with no other way to sign in',
  async (server) => {
    await server.register({ email: 'ada@shop.example', password: 'analytical-engine' })
    const flow = flowOf(await create(server))
    const agent = createAgent(server)
    const foreign = await agent.request('GET', '/self-service/login/browser')
    const token = String(valueOf(foreign.body as unknown as Form, 'csrf_token'))
    for (const csrf_token of ['', 'x', token]) {
      const refused = await agent.request('POST', flow.ui.action, { json: { csrf_token, provider: 'acme' } })
      assert.equal(refused.status, 403)
    }
    const own = String(valueOf(flow, 'csrf_token'))
    const json = { csrf_token: own, provider: 'acme' }
    const other = await agent.request('POST', flow.ui.action, { json: { ...json, provider: 'other' } })
    assert.deepEqual([other.status, textIds(other.body as unknown as Form)], [400, [4000001]])
    const password = { method: 'password', identifier: 'ada@shop.example', password: 'analytical-engine' }
    for (const csrf_token of [own, token]) {
      const refused = await agent.request('POST', flow.ui.action, { json: { ...password, csrf_token } })
      assert.deepEqual([refused.status, textIds(refused.body as unknown as Form)], [400, [4010002]])
    }
    // An ID token would be a sign-in of its own; in a test it leads to the provider like all else.
    const native = await agent.request('POST', flow.ui.action, { json: { ...json, id_token: 'a.b.c' } })
    assert.equal(native.status, 422)
    assert.equal((await agent.request('GET', '/sessions/whoami')).status, 401)
  },
  inOneBrowser(good),
)

everywhere(
  'a test that was ended does not change any more',
  async (server) => {
    const flow = flowOf(await create(server))
    const [agent, rival] = [createAgent(server), createAgent(server)]
    const [first, second] = [(await begin(agent, flow)).location!, (await begin(rival, flow)).location!]
    const address = provider.approve(first, jane)
    const cookies = new Map(agent.jar)
    assert.equal((await rival.request('GET', address)).status, 400) // begun in another browser
    const ends = await Promise.all(
      Array.from({ length: 50 }, () => createAgent(server, { jar: new Map(cookies) }).request('GET', address)),
    )
    assert.deepEqual([...new Set(ends.map(({ status }) => status))], [303])
    const winner = ends.filter(({ headers }) => headers.getSetCookie().some((line) => line.startsWith('csrf_token_')))
    assert.equal(winner.length, 1)
    const late = await rival.request('GET', provider.approve(second, { ...jane, sub: 'rival' }))
    assert.equal(late.status, 409)
    assert.equal((await begin(rival, flow)).status, 303)
    const reader = createAgent(server, {
      jar: new Map([/^([^=]+)=([^;]*)/.exec(winner[0]!.headers.getSetCookie()[0]!)!.slice(1, 3) as [string, string]]),
    })
    const kept = flowOf(await read(reader, flow.id)).test_context.debug_payload!
    assert.equal((kept['id_token_claims'] as Said).sub, 'jane')
  },
  inOneBrowser(good),
)

everywhere(
  'each step that fails is named, with what is known by then',
  async (server) => {
    const failures: [step: string, back: (url: string) => string][] = [
      ['provider_denied', (url) => provider.refuse(url)],
      ['token_exchange', (url) => provider.approve(url, jane).replace(/code=[^&]*/, 'code=unknown')],
      ['id_token_verify', (url) => provider.approve(url, { ...jane, aud: 'somebody-else' })],
      ['claims_decode', (url) => provider.approve(url, { ...jane, email: 7 })],
      ['callback', (url) => provider.approve(url, jane).replace(/code=[^&]*&?/, '')],
      ['state_validate', (url) => provider.approve(url, jane).replace('callback/acme', 'callback/other')],
      ['schema_validate', (url) => provider.approve(url, { ...jane, email: 'no address' })],
      ['jsonnet_run', (url) => provider.approve(url, { sub: 'nomail' })],
    ]
    for (const [step, back] of failures) {
      const { flow } = await tried(server, back)
      const payload = flow.test_context.debug_payload!
      assert.equal(payload.error?.['step'], step)
      assert.notEqual(payload.error['message'], '', step)
      assert.notEqual(payload.error['reason'], '', step)
      assert.equal('jsonnet_input' in payload, step === 'schema_validate' || step === 'jsonnet_run', step)
      assert.equal('jsonnet_stderr' in payload, step === 'jsonnet_run', step)
      const complaints = payload['schema_validation_errors'] as { path: string }[] | undefined
      assert.deepEqual(
        complaints?.map(({ path }) => path),
        step === 'schema_validate' ? ['/traits/email'] : undefined,
      )
    }
    assert.deepEqual(await identities(server), [])
  },
  inOneBrowser(good),
)

everywhere(
  'a mapper that makes no traits is shown with what it made',
  async (server) => {
    const { flow } = await tried(server, (url) => provider.approve(url, jane))
    const payload = flow.test_context.debug_payload!
    assert.deepEqual(payload['jsonnet_output'], { nothing: 1 })
    assert.equal(payload.error?.['step'], 'jsonnet_run')
  },
  inOneBrowser('{ nothing: 1 }'),
)

everywhere(
  'a test is for a provider that exists, and ends with its time',
  async (server) => {
    for (const body of [null, {}, { provider_id: '' }, { provider_id: 'x'.repeat(256) }, { provider_id: 7 }, []])
      assert.equal((await create(server, body)).status, 400, JSON.stringify(body))
    assert.equal((await create(server, { provider_id: 'nobody' })).status, 404)
    const flow = flowOf(await create(server))
    const agent = createAgent(server)
    const away = await begin(agent, flow)
    server.pass(24 * 3600)
    assert.equal((await read(agent, flow.id)).status, 410)
    const json = { csrf_token: String(valueOf(flow, 'csrf_token')), provider: 'acme' }
    const late = await agent.request('POST', flow.ui.action, { json })
    assert.equal(late.status, 410)
    assert.equal((await agent.request('GET', provider.approve(away.location!, jane))).status, 410)
  },
  inOneBrowser(good),
)

everywhere(
  'where other providers are switched off there is nothing to try out',
  async (server) => {
    assert.equal((await create(server)).status, 500)
  },
  { clients: ['browser'] },
)
