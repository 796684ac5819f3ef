// Providers that do not answer, or do not stop. The times are real, so all of it happens at once.
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { createAgent } from '../support/agent.ts'
import { createClient, type Client } from '../support/clients.ts'
import { startHttpStub, type HttpStub, type StubAnswer } from '../support/http-stub.ts'
import { startServer, type InnerServer } from '../support/server.ts'
import { createSigner } from '../support/signed-tokens.ts'

let stub: HttpStub
let server: InnerServer
after(async () => {
  await server?.stop()
  await stub?.close()
})

const kinds = ['description', 'token', 'keys', 'userinfo', 'endless', 'dripping'] as const
type Kind = (typeof kinds)[number]
const people = 20

const silence: StubAnswer = () => {}
const chunk = Buffer.alloc(64 * 1024, 'x')
/** As fast as it is read, without an end. */
const endless: StubAnswer = (response) => {
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', pour)
  pour()
}
/** A byte now and then: no pause is long enough to give up. */
const dripping: StubAnswer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 500)
  response.on('close', () => clearInterval(timer))
}

before(async () => {
  stub = await startHttpStub()
  const signer = createSigner()
  stub.otherwise(({ path }) => {
    const [, kind, door] = /^\/(\w+)\/(.+)$/.exec(path) as unknown as [string, Kind, string]
    const issuer = `${stub.origin}/${kind}`
    const answers: Record<string, StubAnswer> = {
      '.well-known/openid-configuration': json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/keys`,
        code_challenge_methods_supported: ['S256'],
      }),
      token: json({
        access_token: 'access',
        token_type: 'Bearer',
        id_token: signer.sign({ iss: issuer, aud: 'client', sub: 'jane', iat: seconds(), exp: seconds() + 600 }),
      }),
      keys: json(signer.jwks),
      userinfo: json({ sub: 'jane', email: 'jane@shop.example' }),
    }
    if (kind === 'description' || door === kind) return silence
    if (door === 'token' && kind === 'endless') return endless
    if (door === 'token' && kind === 'dripping') return dripping
    return answers[door] ?? { status: 404 }
  })
  const mapper = `local c = std.extVar('claims'); { identity: { traits: { email: c.email } } }`
  const provider = (id: Kind) => ({
    id,
    provider: 'generic',
    client_id: 'client',
    client_secret: 'secret',
    issuer_url: `${stub.origin}/${id}`,
    claims_source: id === 'userinfo' ? 'userinfo' : 'id_token',
    mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
  })
  server = await startServer({
    config: {
      ciphers: { algorithm: 'aes' },
      selfservice: { methods: { oidc: { enabled: true, config: { providers: kinds.map(provider) } } } },
    },
  })
})

const json = (value: unknown): StubAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
const seconds = () => Math.floor((performance.timeOrigin + performance.now()) / 1000)

type Waited = { kind: Kind; seconds: number; status: number }

/** Somebody goes to a provider and comes back; how long the last of the requests took, and what came of it. */
async function visit(kind: Kind): Promise<Waited & { client: Client }> {
  const client = createClient(server, 'spa', createAgent(server))
  const form = await client.start('login')
  const since = (from: number) => (performance.now() - from) / 1000
  const left = performance.now()
  const step = await client.submit(form, { method: 'oidc', provider: kind })
  assert.equal(step.kind, 'end')
  const { status, body } = step as { kind: 'end'; status: number; body: Record<string, unknown> }
  if (status !== 422) return { client, kind, seconds: since(left), status }
  const asked = new URL(String(body['redirect_browser_to'])).searchParams
  const address = new URL(asked.get('redirect_uri')!)
  address.search = new URLSearchParams({ code: 'a-code', state: asked.get('state')! }).toString()
  const back = performance.now()
  const answer = await client.agent.request('GET', address.href)
  return { client, kind, seconds: since(back), status: answer.status }
}

/** How long requests of somebody else take meanwhile, in milliseconds; ascending. */
async function measure(client: Client, until: () => boolean, atLeast: number): Promise<number[]> {
  const times: number[] = []
  while (times.length < atLeast || !until()) {
    const from = performance.now()
    assert.equal((await client.agent.request('GET', '/sessions/whoami')).status, 200)
    times.push(performance.now() - from)
    // As many as a person with a busy page makes; the machine belongs to other tests, too.
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return times.toSorted((a, b) => a - b)
}

const shown = (times: readonly number[]) => {
  const at = (share: number) => times[Math.floor((times.length - 1) * share)]!.toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms of ${times.length}`
}

test('providers that are silent, slow or endless keep nobody waiting but those who asked for them, and those not for long', async (context: TestContext) => {
  const bystander = createClient(server, 'spa', createAgent(server))
  const traits = { email: 'ada@shop.example' }
  await bystander.submit(await bystander.start('registration'), {
    method: 'password',
    password: 'analytical-engine',
    traits,
  })

  const before = await measure(bystander, () => true, 300)
  const memoryBefore = process.memoryUsage().rss
  let memory = memoryBefore
  let isDone = false
  const visits = Promise.all(kinds.flatMap((kind) => Array.from({ length: people }, () => visit(kind)))).finally(
    () => (isDone = true),
  )
  const sampling = setInterval(() => (memory = Math.max(memory, process.memoryUsage().rss)), 100)
  const during = await measure(bystander, () => isDone, 300)
  clearInterval(sampling)
  const waited = await visits

  for (const kind of kinds) {
    const own = waited.filter((each) => each.kind === kind)
    const longest = Math.max(...own.map((each) => each.seconds))
    context.diagnostic(`${kind}: ${own.length} answers, the last after ${longest.toFixed(1)} s`)
    // 5 s twice for what is only read, 10 s once for what spends a code, and what is before and after.
    assert.ok(longest < 15, `${kind}: ${longest} s`)
    assert.ok(
      own.every(({ status }) => status >= 400),
      kind,
    )
  }
  const grown = Math.round((memory - memoryBefore) / 1024 / 1024)
  context.diagnostic(`others before: ${shown(before)}`)
  context.diagnostic(`others meanwhile: ${shown(during)}`)
  context.diagnostic(`memory: ${grown} MiB more at most, the providers and browsers of this test included`)
  assert.ok(during[Math.floor((during.length - 1) * 0.99)]! < 1000)
  assert.ok(grown < 400)
  for (const { client } of waited) assert.equal(await client.whoami(), undefined)
})
