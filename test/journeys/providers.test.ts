import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { OutboundInit } from '../../src/http/outbound.ts'
import { providerKinds } from '../../src/methods/oidc/providers/index.ts'
import { createAgent, type Agent } from '../support/agent.ts'
import { createClient, type Client } from '../support/clients.ts'
import { startServer, type InnerServer } from '../support/server.ts'
import { createSigner } from '../support/signed-tokens.ts'

// Every provider, from the redirect to the identity, against answers of the shapes that its documentation shows.

type Fixture = {
  config: Record<string, unknown>
  /** Where people are sent, and with what beside the parameters that all providers get. */
  authorize: { at: string; parameters: Record<string, string>; pkce: boolean; foreign?: boolean }
  /** What the token endpoint says; `form` are fields that only this one gets. */
  token?: { at: string; json?: boolean; form?: Record<string, string>; answer: Record<string, unknown> }
  /** Claims of the ID token, where there is one. */
  idToken?: Record<string, unknown>
  /** By method and address without query. `jwks` is the key of the test. */
  answers: Record<string, unknown>
  codeName?: string
  /** What else the browser brings back. */
  returned?: Record<string, string>
  /** What the mapper sees. */
  claims: Record<string, unknown>
}

const folder = join(import.meta.dirname, '../../src/methods/oidc/providers/fixtures')
const fixtures = new Map(
  readdirSync(folder).map((file) => {
    const name = file.replace('.json', '')
    return [
      name === 'linkedin-v2' ? 'linkedin_v2' : name,
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as Fixture,
    ]
  }),
)

/** Each person has an address of their own, whoever else a fixture is about. */
const mapperOf = (kind: string) => `
local c = std.extVar('claims');
{ identity: {
  traits: { email: '${kind}-' + c.email },
  metadata_public: { claims: { [k]: c[k] for k in std.objectFields(c) if k != 'raw_claims' } },
} }`

const privateKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
})
const secretOf = (kind: string) => (kind === 'apple' ? { apple_private_key: privateKey } : { client_secret: 'secret' })

const signer = createSigner()

type Sent = { url: URL; init: OutboundInit }

/** The network behind the server: the answers of one fixture, and everything that was asked. */
function outsideOf() {
  let answers: Record<string, unknown> = {}
  const sent: Sent[] = []
  const outbound = (address: string, init: OutboundInit = {}) => {
    const url = new URL(address)
    sent.push({ url, init })
    const found = answers[`${init.method ?? 'GET'} ${url.origin}${url.pathname}`]
    if (found === undefined) return Promise.resolve({ status: 404, headers: {}, body: Buffer.from('{}') })
    const body = found === 'jwks' ? signer.jwks : found
    return Promise.resolve({
      status: 200,
      headers: { 'content-type': typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json' },
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    })
  }
  return {
    sent,
    outbound: Object.assign(outbound, { close: () => Promise.resolve() }),
    say: (more: Record<string, unknown>) => ((answers = more), (sent.length = 0)),
  }
}

type Forge = (claims: Record<string, unknown>, now: number) => string
const stranger = createSigner()
const forgeries: Record<string, Forge> = {
  'was made by another issuer': (claims) => signer.sign({ ...claims, iss: 'https://evil.example' }),
  'is for another audience': (claims) => signer.sign({ ...claims, aud: 'other' }),
  'was given to another client': (claims) => signer.sign({ ...claims, aud: ['client', 'other'], azp: 'other' }),
  'has expired': (claims, now) => signer.sign({ ...claims, exp: now - 60 }),
  'is from the future': (claims, now) => signer.sign({ ...claims, iat: now + 3600 }),
  'has another nonce': (claims) =>
    // Where PKCE takes its place, there is none to compare with: then the token is somebody else's.
    claims['nonce'] === undefined ? stranger.sign(claims) : signer.sign({ ...claims, nonce: 'another' }),
  'needs no signature': (claims) => signer.unsigned(claims),
  'is signed with the public key': (claims) => signer.confused(claims),
  'is signed by somebody else': (claims) => stranger.sign(claims),
}

describe('providers', () => {
  const outside = outsideOf()
  let server: InnerServer
  before(async () => {
    const providers = [...fixtures].map(([kind, { config }]) => ({
      id: kind,
      provider: kind,
      client_id: 'client',
      mapper_url: `base64://${Buffer.from(mapperOf(kind)).toString('base64')}`,
      ...secretOf(kind),
      ...config,
    }))
    server = await startServer({
      outbound: outside.outbound,
      config: {
        selfservice: {
          methods: { oidc: { enabled: true, config: { providers } } },
          flows: { registration: { after: { oidc: { hooks: [{ hook: 'session' }] } } } },
        },
      },
    })
  })
  after(() => server.stop())

  /** Sends a new browser to a provider; the address, and what comes of it when the browser is back. */
  async function away(kind: string): Promise<{ url: URL; agent: Agent; client: Client }> {
    const agent = createAgent(server, { hasCookies: true })
    const client = createClient(server, 'spa', agent)
    const form = await client.start('login')
    const step = await client.submit(form, { method: 'oidc', provider: kind })
    assert.ok(step.kind === 'end' && step.status === 422, JSON.stringify(step))
    return { url: new URL(String(step.body['redirect_browser_to'])), agent, client }
  }

  const now = () => Math.floor(server.now() / 1_000_000)

  function answersOf({ token, idToken, answers }: Fixture, signed: string | undefined): Record<string, unknown> {
    const idTokens = idToken && signed ? { id_token: signed } : {}
    return { ...answers, ...(token ? { [`POST ${token.at}`]: { ...token.answer, ...idTokens } } : {}) }
  }

  const goodClaims = ({ idToken }: Fixture, url: URL) => ({
    aud: 'client',
    iat: now(),
    exp: now() + 600,
    ...(url.searchParams.has('nonce') ? { nonce: url.searchParams.get('nonce') } : {}),
    ...idToken,
  })

  function backFrom(url: URL, kind: string, { codeName = 'code', returned = {}, authorize }: Fixture): string {
    const outward = authorize.foreign ? callbackIn(outside.sent) : url
    const redirect = new URL(outward.searchParams.get('redirect_uri') ?? outward.href)
    const query = new URLSearchParams({
      state: (authorize.foreign ? redirect : url).searchParams.get('state') ?? '',
      [codeName]: 'the-code',
      ...returned,
    })
    assert.match(redirect.pathname, new RegExp(`/callback(/${kind})?$`))
    return `${redirect.pathname}?${query.toString()}`
  }

  test('every kind of provider has a fixture, but the one that is for tests only', () => {
    assert.deepEqual(
      [...fixtures.keys()].toSorted(),
      Object.keys(providerKinds)
        .filter((k) => k !== 'fedcm-test')
        .toSorted(),
    )
  })

  for (const [kind, fixture] of fixtures) {
    test(`${kind}: from the redirect to the identity`, async () => {
      outside.say(fixture.answers)
      const { url, agent, client } = await away(kind)
      const { at, parameters, pkce, foreign } = fixture.authorize
      assert.equal(url.origin + url.pathname, at)
      const { redirect_uri, state, client_id, response_type, code_challenge, code_challenge_method, nonce, ...others } =
        Object.fromEntries(url.searchParams)
      assert.deepEqual(others, parameters)
      if (!foreign) {
        assert.deepEqual([client_id, response_type], ['client', 'code'])
        assert.ok(state && redirect_uri)
        assert.equal(code_challenge !== undefined && code_challenge_method === 'S256', pkce)
        assert.equal(nonce !== undefined, !pkce && fixture.idToken !== undefined, 'a nonce where there is no PKCE')
      }

      const back = backFrom(url, kind, fixture)
      outside.say(answersOf(fixture, signer.sign(goodClaims(fixture, url))))
      const answer = await agent.request('GET', back)
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      const identity = (await client.whoami()) as unknown as { metadata_public: { claims: Record<string, unknown> } }
      const { nonce: _, ...claims } = identity.metadata_public.claims
      assert.deepEqual(claims, fixture.claims)
      checkTokenRequest(fixture, url)
    })

    if (fixture.idToken)
      for (const [what, forge] of Object.entries(forgeries))
        test(`${kind}: an ID token that ${what} signs nobody in`, async () => {
          outside.say(fixture.answers)
          const { url, agent, client } = await away(kind)
          const back = backFrom(url, kind, fixture)
          const forged = forge(
            { ...goodClaims(fixture, url), nonce: url.searchParams.get('nonce') ?? undefined },
            now(),
          )
          outside.say(answersOf(fixture, forged))
          const answer = await agent.request('GET', back)
          assert.equal(answer.status, 400, JSON.stringify(answer.body))
          assert.equal(await client.whoami(), undefined)
        })

    test(`${kind}: an endpoint that fails signs nobody in`, async () => {
      outside.say(fixture.answers)
      const { url, agent, client } = await away(kind)
      const back = backFrom(url, kind, fixture)
      outside.say({})
      const answer = await agent.request('GET', back)
      assert.ok(answer.status >= 500, String(answer.status))
      assert.equal(await client.whoami(), undefined)
    })
  }

  /** Hands in a token that an app got from the provider by itself. */
  async function handIn(kind: string, fields: Record<string, unknown>) {
    const app = createClient(server, 'native')
    const form = await app.start('login')
    return { app, step: await app.submit(form, { method: 'oidc', provider: kind, ...fields }) }
  }

  for (const kind of ['google', 'apple', 'netid']) {
    const fixture = fixtures.get(kind)!
    const ownNonce = { nonce: 'of the app' }
    const sub = `native-${kind}`
    /** A token as the provider gives it to apps; netID's are worth one, and no more than that. */
    const tokenOf = (claims: Record<string, unknown>, forge: Forge = (all) => signer.sign(all)): string => {
      const all = { ...fixture.idToken, aud: 'client', iat: now(), exp: now() + 600, email: `${sub}@shop.example`, sub }
      const token = forge({ ...all, ...claims }, now())
      outside.say({ ...fixture.answers, 'POST https://broker.netid.de/token': { id_token: token } })
      if (kind === 'google') outside.say({ 'GET https://www.googleapis.com/oauth2/v3/certs': 'jwks' })
      return kind === 'netid' ? 'a FedCM token' : token
    }

    test(`${kind}: an app that has an ID token signs in with it, twice the same person`, async () => {
      const ids = new Set<string>()
      for (let i = 0; i < 2; i++) {
        const { app, step } = await handIn(kind, { id_token: tokenOf(ownNonce), id_token_nonce: 'of the app' })
        assert.ok(step.kind === 'end' && step.status === 200, JSON.stringify(step))
        ids.add((await app.whoami())!.id)
      }
      assert.equal(ids.size, 1)
    })

    test(`${kind}: an app has to know the nonce of its token`, async () => {
      for (const nonce of [undefined, 'of another app']) {
        const { app, step } = await handIn(kind, { id_token: tokenOf(ownNonce), id_token_nonce: nonce })
        assert.ok(step.kind === 'end' && step.status === 502, JSON.stringify(step))
        assert.equal(await app.whoami(), undefined)
      }
    })

    test(`${kind}: a token without a nonce is taken where the provider may leave it out`, async () => {
      const claims = kind === 'apple' ? { nonce_supported: false } : {}
      const { step } = await handIn(kind, { id_token: tokenOf({ nonce: undefined, ...claims }) })
      assert.equal(step.kind === 'end' && step.status, kind === 'netid' ? 502 : 200)
    })

    for (const [what, forge] of Object.entries(forgeries))
      if (what !== 'has another nonce')
        test(`${kind}: a token of an app that ${what} is refused`, async () => {
          const { app, step } = await handIn(kind, { id_token: tokenOf(ownNonce, forge), id_token_nonce: 'of the app' })
          assert.ok(step.kind === 'end' && step.status === 403, JSON.stringify(step))
          assert.equal(await app.whoami(), undefined)
        })
  }

  function checkTokenRequest({ token, authorize }: Fixture, url: URL): void {
    if (!token) return
    const requests = outside.sent.filter(({ url: asked }) => asked.origin + asked.pathname === token.at)
    assert.equal(requests.length, 1)
    const { headers = {}, body = '' } = requests[0]!.init
    if (token.json) {
      assert.deepEqual(JSON.parse(String(body)), {
        clientId: 'client',
        clientSecret: 'secret',
        code: 'the-code',
        grantType: 'authorization_code',
      })
      return
    }
    const { code, grant_type, redirect_uri, code_verifier, client_id, client_secret, ...more } = Object.fromEntries(
      new URLSearchParams(String(body)),
    )
    assert.deepEqual([code, grant_type], ['the-code', 'authorization_code'])
    assert.equal(redirect_uri, url.searchParams.get('redirect_uri'))
    assert.equal(code_verifier !== undefined, authorize.pkce)
    assert.deepEqual(more, token.form ?? {})
    const inHeader = headers['authorization']?.startsWith('Basic ') ?? false
    assert.equal(client_id !== undefined && client_secret !== undefined, !inHeader)
  }
})

/** X is told where people come back to in the request before. */
function callbackIn(sent: readonly Sent[]): URL {
  const header = sent.find(({ url }) => url.pathname === '/oauth/request_token')!.init.headers!['authorization']!
  return new URL(decodeURIComponent(/oauth_callback="([^"]+)"/.exec(header)![1]!))
}
