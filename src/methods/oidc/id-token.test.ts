import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSigner } from '../../../test/support/signed-tokens.ts'
import { createDocuments, type Documents } from './documents.ts'
import { IdTokenError, verifyIdToken } from './id-token.ts'

const seconds = 1_700_000_000
const clock = { now: () => seconds * 1_000_000 }
const signer = createSigner()
const stranger = createSigner()
const rules = {
  issuer: 'https://id.example',
  audiences: ['client', 'client-of-the-app'],
  jwks: 'https://id.example/jwks',
}
const claims = { iss: 'https://id.example', aud: 'client', sub: 's', iat: seconds, exp: seconds + 600 }

const published = (...sets: { keys: unknown[] }[]): Documents & { asked: number } => ({
  asked: 0,
  get() {
    return Promise.resolve((sets[Math.min(this.asked++, sets.length - 1)] ?? { keys: [] }) as never)
  },
})
const verify = (token: string, more: Partial<Parameters<typeof verifyIdToken>[2]> = {}, keys = signer.jwks) =>
  verifyIdToken({ documents: published(keys), clock }, token, { ...rules, ...more })

test('a token that holds tells its claims', async () => {
  assert.deepEqual(await verify(signer.sign(claims)), claims)
})

test('it may be for several, for an app of ours, and for us as the one that it was given to', async () => {
  for (const more of [
    { aud: ['other', 'client'], azp: 'client' },
    { aud: ['client', 'other'] },
    { aud: 'client-of-the-app' },
    { aud: 'client', azp: 'client-of-the-app' },
  ])
    assert.equal((await verify(signer.sign({ ...claims, ...more })))['sub'], 's', JSON.stringify(more))
})

const bad: Record<string, [string, RegExp, Parameters<typeof verify>[1]?]> = {
  'is no token': ['not.a.token', /no ID token/],
  'has no signature part': [signer.sign(claims).split('.').slice(0, 2).join('.'), /no ID token/],
  'was made by another issuer': [signer.sign({ ...claims, iss: 'https://id.example/' }), /somebody else/],
  'is for another audience': [signer.sign({ ...claims, aud: 'other' }), /meant for somebody else/],
  'is for others only': [signer.sign({ ...claims, aud: ['other', 'another'] }), /meant for somebody else/],
  'has no audience': [signer.sign({ ...claims, aud: undefined }), /meant for somebody else/],
  'was given to another client': [signer.sign({ ...claims, azp: 'other' }), /another client/],
  'was given to another client among several': [
    signer.sign({ ...claims, aud: ['client', 'other'], azp: 'other' }),
    /another client/,
  ],
  'has expired': [signer.sign({ ...claims, exp: seconds }), /expired/],
  'never expires': [signer.sign({ ...claims, exp: undefined }), /expired/],
  'expires in words': [signer.sign({ ...claims, exp: 'tomorrow' }), /expired/],
  'is from the future': [signer.sign({ ...claims, iat: seconds + 3600 }), /future/],
  'is not good yet': [signer.sign({ ...claims, nbf: seconds + 3600 }), /future/],
  'belongs to another sign-in': [signer.sign({ ...claims, nonce: 'n' }), /another sign-in/, { nonce: 'm' }],
  'has a nonce of another type': [signer.sign({ ...claims, nonce: 7 }), /another sign-in/, { nonce: '7' }],
  'says that it needs no signature': [signer.unsigned(claims), /not accepted/],
  'needs no signature, as the issuer announces': [signer.unsigned(claims), /not accepted/, { algorithms: ['none'] }],
  'is signed with the public key': [signer.confused(claims), /not accepted/],
  'is signed with the public key, as the issuer announces': [
    signer.confused(claims),
    /not accepted/,
    { algorithms: ['HS256', 'RS256'] },
  ],
  'is signed in another way than announced': [signer.sign(claims), /not accepted/, { algorithms: ['ES256'] }],
  'is signed by somebody else': [stranger.sign(claims), /signature/],
  'was changed': [`${signer.sign(claims).slice(0, -8)}AAAAAAAA`, /signature/],
  'names a key that nobody has': [signer.sign(claims, { kid: 'gone' }), /signature/],
}
for (const [what, [token, message, more]] of Object.entries(bad))
  test(`a token that ${what} is refused`, async () => {
    await assert.rejects(verify(token, more), (error) => error instanceof IdTokenError && message.test(error.message))
  })

test('a nonce that nobody asked for is ignored, and so is one that does not come back', async () => {
  assert.equal((await verify(signer.sign({ ...claims, nonce: 'x' })))['nonce'], 'x')
  assert.equal((await verify(signer.sign(claims), { nonce: 'n' }))['sub'], 's')
  assert.equal((await verify(signer.sign({ ...claims, nonce: 'n' }), { nonce: 'n' }))['sub'], 's')
})

test('what needs no network is found out without asking for keys', async () => {
  const documents = published(signer.jwks)
  for (const token of ['not.a.token', signer.sign({ ...claims, aud: 'other' }), signer.sign({ ...claims, exp: 1 })])
    await assert.rejects(verifyIdToken({ documents, clock }, token, rules))
  assert.equal(documents.asked, 0)
})

test('a key that was published since is found', async () => {
  const fresh = createSigner('k2')
  const documents = published(signer.jwks, fresh.jwks)
  assert.deepEqual(await verifyIdToken({ documents, clock }, fresh.sign(claims), rules), claims)
  assert.equal(documents.asked, 2)
})

test('a token that does not name its key is tried with each', async () => {
  const both = { keys: [...stranger.jwks.keys, ...signer.jwks.keys].map((key) => ({ ...key, kid: undefined })) }
  assert.deepEqual(await verify(signer.sign(claims, { kid: undefined }), {}, both as typeof signer.jwks), claims)
})

test('forged tokens cannot make the server ask for keys without end', async () => {
  let asked = 0
  const outbound = () => {
    asked++
    return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(signer.jwks)) })
  }
  const documents = createDocuments({ outbound, clock })
  for (let i = 0; i < 50; i++)
    await assert.rejects(verifyIdToken({ documents, clock }, stranger.sign(claims, { kid: `k${i}x` }), rules))
  assert.equal(asked, 1)
})
