import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { after, test } from 'node:test'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { ApiError } from '../errors.ts'
import { createJsonnet } from '../lib/jsonnet/jsonnet.ts'
import { createSourceLoader } from '../lib/source.ts'
import { createTokenizer, type TokenizerTemplate } from './tokenize.ts'

const jsonnet = createJsonnet()
after(() => jsonnet.close())

const base64 = (value: unknown) =>
  `base64://${Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')}`

function pair(alg: string, { publicKey, privateKey }: { publicKey: KeyObject; privateKey: KeyObject }) {
  return { publicKey, jwk: { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: `${alg} key` } }
}
const es256 = pair('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const second = pair('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const jwks_url = base64({ keys: [es256.jwk] })

const moment = 1_800_000_000_900_000
const identity = { id: '1d1a8b9e-0000-4000-8000-000000000001' }
const session = {
  id: '5e551017-0000-4000-8000-000000000002',
  active: true,
  authentication_methods: [{ method: 'password' }, { method: 'totp' }],
  devices: [{}],
  identity: { ...identity, traits: { email: 'ada@example.test' } },
}
const loadSource = createSourceLoader({ outbound: () => Promise.reject(new Error('nobody is asked here')) })
const clock = { now: () => moment }

const tokenizer = (templates: Record<string, TokenizerTemplate>) =>
  createTokenizer({ templates, issuer: 'https://id.example.test/', jsonnet, loadSource, clock })
const tokenize = (template: TokenizerTemplate, person: { id: string; external_id?: string } = identity) =>
  tokenizer({ t: template }).tokenize('t', session, person)
const claimsOf = async (token: string, key: KeyObject = es256.publicKey): Promise<Record<string, unknown>> =>
  JSON.parse(Buffer.from((await compactVerify(token, key)).payload).toString())
const isBadRequest = (error: unknown) =>
  error instanceof ApiError && error.body.status === 400 && error.body.id === undefined

test('a token says who, by whom, for which session and from when to when', async () => {
  const token = await tokenize({ ttl: '10m', jwks_url })
  const { jti, ...claims } = await claimsOf(token)
  assert.match(String(jti), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(claims, {
    iss: 'https://id.example.test/',
    sub: identity.id,
    sid: session.id,
    iat: 1_800_000_000,
    nbf: 1_800_000_000,
    exp: 1_800_000_600,
  })
  assert.deepEqual(decodeProtectedHeader(token), { alg: 'ES256', kid: 'ES256 key', typ: 'JWT' })
})

test('a token is valid for a minute unless the template says otherwise', async () => {
  const { iat, exp } = await claimsOf(await tokenize({ jwks_url }))
  assert.equal(Number(exp) - Number(iat), 60)
})

test('every token has an id of its own', async () => {
  const ids = await Promise.all([1, 2].map(async () => (await claimsOf(await tokenize({ jwks_url }))).jti))
  assert.notEqual(ids[0], ids[1])
})

test('the key names the algorithm', async () => {
  const secret = createSecretKey(Buffer.alloc(32, 7))
  const pairs = [
    pair('ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    pair('RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })),
    pair('EdDSA', generateKeyPairSync('ed25519')),
    { publicKey: secret, jwk: { ...secret.export({ format: 'jwk' }), alg: 'HS256', kid: 'HS256 key' } },
  ]
  for (const { publicKey, jwk } of pairs) {
    const token = await tokenize({ jwks_url: base64({ keys: [jwk] }) })
    assert.equal((await claimsOf(token, publicKey)).sub, identity.id, jwk.alg)
    assert.equal(decodeProtectedHeader(token).alg, jwk.alg)
  }
})

test('of several keys the first signs', async () => {
  const token = await tokenize({ jwks_url: base64({ keys: [es256.jwk, second.jwk] }) })
  await claimsOf(token, es256.publicKey)
  await assert.rejects(claimsOf(token, second.publicKey))
})

test('a mapper adds and replaces claims, all but the subject', async () => {
  const claims_mapper_url = base64(`
local session = std.extVar('session');
local claims = std.extVar('claims');
{
  claims: {
    iss: 'https://issuer.example.test',
    exp: 1900000000,
    mail: session.identity.traits.email,
    methods: [m.method for m in session.authentication_methods],
    nested: { list: [1, 2.5, true, null, 'x'] },
    same: claims.sub == session.identity.id && claims.sid == session.id,
    devices: std.length(session.devices),
    sub: 'cannot be replaced',
  },
  ignored: true,
}`)
  const { jti, ...claims } = await claimsOf(await tokenize({ jwks_url, claims_mapper_url }))
  assert.equal(typeof jti, 'string')
  assert.deepEqual(claims, {
    iss: 'https://issuer.example.test',
    sub: identity.id,
    sid: session.id,
    iat: 1_800_000_000,
    nbf: 1_800_000_000,
    exp: 1_900_000_000,
    mail: 'ada@example.test',
    methods: ['password', 'totp'],
    nested: { list: [1, 2.5, true, null, 'x'] },
    same: true,
    devices: 1,
  })
})

test('the external id is the subject where the template asks for it, and then it is needed', async () => {
  const template = { jwks_url, subject_source: 'external_id' as const }
  assert.equal((await claimsOf(await tokenize(template, { ...identity, external_id: 'customer-1' }))).sub, 'customer-1')
  await assert.rejects(tokenize(template), isBadRequest)
})

test('a template that nobody configured is refused, also one by the name of something built in', async () => {
  const { tokenize: make } = tokenizer({ bare: { jwks_url } })
  for (const name of ['unknown', 'Bare', '', 'constructor', '__proto__'])
    await assert.rejects(make(name, session, identity), isBadRequest, name)
})

test('a mapper that fails or makes no object of claims is refused', async () => {
  for (const snippet of [
    `error 'no'`,
    '{ claims: ',
    '{}',
    '{ claims: 1 }',
    '{ claims: [] }',
    '{ claims: null }',
    '5',
    `importstr '/etc/hostname'`,
  ]) {
    await assert.rejects(tokenize({ jwks_url, claims_mapper_url: base64(snippet) }), isBadRequest, snippet)
  }
  await assert.rejects(tokenize({ jwks_url, claims_mapper_url: 'file://./no/such/mapper.jsonnet' }), isBadRequest)
})

test('a key set that cannot sign is refused', async () => {
  const { alg: _, ...noAlgorithm } = es256.jwk
  const weak = pair('RS256', generateKeyPairSync('rsa', { modulusLength: 1024 })).jwk
  const sets = [
    'not json',
    '[]',
    {},
    { keys: [] },
    { keys: ['x'] },
    { keys: [noAlgorithm] },
    { keys: [{ ...es256.jwk, alg: 'none' }] },
    { keys: [{ ...es256.jwk, alg: 'RS256' }] },
    { keys: [{ ...es256.publicKey.export({ format: 'jwk' }), alg: 'ES256' }] },
    { keys: [weak] },
  ]
  for (const set of sets)
    await assert.rejects(tokenize({ jwks_url: base64(set) }), isBadRequest, JSON.stringify(set).slice(0, 80))
  await assert.rejects(tokenize({ jwks_url: 'file://./no/such/keys.json' }), isBadRequest)
})

test('keys and mappers are loaded once an hour', async () => {
  const loaded: string[] = []
  let now = moment
  const { tokenize: make } = createTokenizer({
    templates: { t: { jwks_url: 'keys', claims_mapper_url: 'mapper' } },
    issuer: 'https://id.example.test/',
    jsonnet,
    clock: { now: () => now },
    async loadSource(url) {
      loaded.push(url)
      return url === 'keys' ? JSON.stringify({ keys: [es256.jwk] }) : '{ claims: {} }'
    },
  })
  for (const minutes of [0, 59, 60]) {
    now = moment + minutes * 60_000_000
    await make('t', session, identity)
  }
  assert.deepEqual(loaded, ['keys', 'mapper', 'keys', 'mapper'])
})
