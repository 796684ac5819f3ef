import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../../errors.ts'
import { createDocuments, discover } from './documents.ts'

function outside(answer: () => { status?: number; headers?: Record<string, string>; body?: unknown } = () => ({})) {
  let now = 1_700_000_000_000_000
  let asked = 0
  const outbound = () => {
    asked++
    const { status = 200, headers = {}, body = { n: asked } } = answer()
    return Promise.resolve({ status, headers, body: Buffer.from(JSON.stringify(body)) })
  }
  return {
    documents: createDocuments({ outbound, clock: { now: () => now } }),
    pass: (seconds: number) => (now += seconds * 1_000_000),
    asked: () => asked,
  }
}

test('a document is kept for an hour unless it says otherwise, and never for less than five minutes', async () => {
  for (const [headers, seconds] of [
    [{}, 3600],
    [{ 'cache-control': 'public, max-age=600' }, 600],
    [{ 'cache-control': 'max-age=1' }, 300],
    [{ 'cache-control': 'max-age=99999999' }, 86_400],
  ] as [Record<string, string>, number][]) {
    const { documents, pass, asked } = outside(() => ({ headers }))
    await documents.get('https://a.example/x')
    pass(seconds - 1)
    await documents.get('https://a.example/x')
    assert.equal(asked(), 1, JSON.stringify(headers))
    pass(2)
    await documents.get('https://a.example/x')
    assert.equal(asked(), 2, JSON.stringify(headers))
  }
})

test('many who want one document at once share one request', async () => {
  const { documents, asked } = outside()
  await Promise.all(Array.from({ length: 50 }, () => documents.get('https://a.example/x')))
  assert.equal(asked(), 1)
})

test('a failure is not kept', async () => {
  let status = 500
  const { documents } = outside(() => ({ status }))
  await assert.rejects(documents.get('https://a.example/secret/path'), /^Error: a\.example answered 500\.$/)
  status = 200
  assert.deepEqual(await documents.get('https://a.example/secret/path'), { n: 2 })
})

test('only so many documents are kept', async () => {
  const { documents, asked } = outside()
  for (let i = 0; i <= 200; i++) await documents.get(`https://a.example/${i}`)
  await documents.get('https://a.example/200')
  assert.equal(asked(), 201)
  await documents.get('https://a.example/0')
  assert.equal(asked(), 202)
})

const described = {
  issuer: 'https://id.example',
  authorization_endpoint: 'https://id.example/authorize',
  token_endpoint: 'https://id.example/token',
  jwks_uri: 'https://id.example/jwks',
}

test('a provider has to be the one that it is taken for', async () => {
  for (const body of [
    { ...described, issuer: 'https://elsewhere.example' },
    { ...described, issuer: 'https://id.example/' },
    { ...described, token_endpoint: undefined },
    { ...described, jwks_uri: 'no address' },
  ])
    await assert.rejects(
      discover(outside(() => ({ body })).documents, 'https://id.example'),
      (error) => error instanceof ApiError && error.body.id === 'invalid_configuration',
    )
})

test('what a provider does not announce it cannot do', async () => {
  assert.deepEqual(await discover(outside(() => ({ body: described })).documents, 'https://id.example'), {
    authorization: 'https://id.example/authorize',
    token: 'https://id.example/token',
    jwks: 'https://id.example/jwks',
    userinfo: undefined,
    algorithms: [],
    supportsPkce: false,
    sendsIssuer: false,
  })
})
