import assert from 'node:assert/strict'
import { test } from 'node:test'
import { algorithmNumbers, createAuthenticator, type Deviation } from '../../test/support/authenticator.ts'
import {
  creationOptions,
  newChallenge,
  optionsText,
  readAssertion,
  readCreationAnswer,
  requestOptions,
  verifyAssertion,
  verifyCreation,
  type RelyingParty,
} from './webauthn.ts'

const site = { origin: 'https://shop.example', rpId: 'shop.example' }
const party: RelyingParty = { id: site.rpId, name: 'Shop', origins: [site.origin, 'https://shop.example:8443/path'] }

function creation(options: Parameters<ReturnType<typeof createAuthenticator>['create']>[1] = {}) {
  const challenge = newChallenge()
  const authenticator = createAuthenticator(site)
  const text = authenticator.create({ publicKey: { challenge, user: { id: 'aGFuZGxl' } } }, options)
  return { challenge, authenticator, text, answer: readCreationAnswer(text)! }
}

const create = (options: Parameters<typeof creation>[0] = {}, requireUserVerification = false) => {
  const { answer, challenge } = creation(options)
  return verifyCreation({ party, challenge, requireUserVerification }, answer)
}

function assertion(options: Deviation & { forged?: boolean } = {}, algorithm = -7) {
  const challenge = newChallenge()
  const authenticator = createAuthenticator(site)
  const key = authenticator.makeKey('aGFuZGxl', { algorithm })
  const text = authenticator.get({ publicKey: { challenge } }, options)
  return { challenge, key: { id: key.id, publicKey: key.cose, backupEligible: undefined }, text }
}

const use = (options: Parameters<typeof assertion>[0] = {}, requireUserVerification = false) => {
  const { challenge, key, text } = assertion(options)
  return verifyAssertion({ party, challenge, requireUserVerification }, key, readAssertion(text)!)
}

test('keys of every algorithm that is asked for can be made and used', async () => {
  for (const algorithm of algorithmNumbers) {
    const made = await create({ algorithm })
    assert.ok(made, `${algorithm} made`)
    const { challenge, key, text } = assertion({}, algorithm)
    const used = await verifyAssertion({ party, challenge, requireUserVerification: true }, key, readAssertion(text)!)
    assert.equal(used?.signCount, 1, `${algorithm} used`)
  }
  const asked = creationOptions({
    party,
    user: { id: Buffer.from('u'), name: 'u' },
    challenge: 'c',
    timeoutMs: 1,
    selection: {},
  })
  const { pubKeyCredParams } = asked.publicKey as { pubKeyCredParams: { alg: number }[] }
  assert.deepEqual(pubKeyCredParams.map(({ alg }) => alg).toSorted(), algorithmNumbers.toSorted())
})

test('what is known of a new key comes from its authenticator', async () => {
  const id = Buffer.from('a key of its own')
  const made = await create({
    id,
    format: 'packed',
    aaguid: 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4',
    count: 5,
    backupEligible: true,
    backedUp: true,
    userVerified: false,
  })
  assert.deepEqual(made && { ...made, publicKey: made.publicKey.length }, {
    id,
    publicKey: 77,
    format: 'packed',
    aaguid: Buffer.from('ea9b8d664d011d213ce4b6b48cb575d4', 'hex'),
    signCount: 5,
    flags: { userPresent: true, userVerified: false, backupEligible: true, backupState: true },
    transports: [],
  })
})

const wrong: Record<string, Deviation> = {
  'another challenge': { challenge: newChallenge() },
  'another origin': { origin: 'https://evil.example' },
  'a subdomain': { origin: 'https://www.shop.example' },
  'another scheme': { origin: 'http://shop.example' },
  'another port': { origin: 'https://shop.example:444' },
  'an origin with a path behind it': { origin: 'https://shop.example/' },
  'an origin that only begins like ours': { origin: 'https://shop.example.evil.example' },
  'no origin at all': { origin: '' },
  'a frame in a page of somebody else': { topOrigin: 'https://evil.example' },
  'another relying party': { rpId: 'evil.example' },
  'nobody in front of it': { userPresent: false },
  'a backup of what cannot be backed up': { backedUp: true },
}

for (const [what, deviation] of Object.entries(wrong)) {
  test(`an answer for ${what} makes no key and signs nobody in`, async () => {
    assert.equal(await create(deviation), undefined)
    assert.equal(await use(deviation), undefined)
  })
}

test('an answer to the other kind of question does not count', async () => {
  assert.equal(await create({ type: 'webauthn.get' }), undefined)
  assert.equal(await use({ type: 'webauthn.create' }), undefined)
})

test('origins are compared in any case and without what follows them in the configuration', async () => {
  assert.ok(await use({ origin: 'https://SHOP.example' }))
  assert.ok(await use({ origin: 'https://shop.example:8443' }))
  assert.ok(await use({ topOrigin: 'https://shop.example' }))
})

test('an Android app is known by its hash, letter by letter', async () => {
  const { challenge, key, text } = assertion({ origin: 'android:apk-key-hash:AbC' })
  const judge = (origins: string[]) =>
    verifyAssertion(
      { party: { ...party, origins }, challenge, requireUserVerification: false },
      key,
      readAssertion(text)!,
    )
  assert.ok(await judge(['android:apk-key-hash:AbC']))
  assert.equal(await judge(['android:apk-key-hash:abc']), undefined)
})

test('user verification is asked for where it is required', async () => {
  assert.equal(await create({ userVerified: false }, true), undefined)
  assert.equal(await use({ userVerified: false }, true), undefined)
  assert.ok(await create({ userVerified: false }))
  assert.ok(await use({ userVerified: false }))
})

test('a key cannot be made under the id of another', async () => {
  assert.equal(await create({ claimedId: Buffer.from('somebody else') }), undefined)
})

test('a forged signature, and the signature of another key, sign nobody in', async () => {
  assert.equal(await use({ forged: true }), undefined)
  const { challenge, key, text } = assertion()
  const other = createAuthenticator(site).makeKey('aGFuZGxl')
  const swapped = { ...key, publicKey: other.cose }
  const ceremony = { party, challenge, requireUserVerification: false }
  assert.equal(await verifyAssertion(ceremony, swapped, readAssertion(text)!), undefined)
  assert.equal(await verifyAssertion(ceremony, { ...key, id: other.id }, readAssertion(text)!), undefined)
})

test('whether a key may be backed up does not change', async () => {
  const { challenge, key, text } = assertion({ backupEligible: true })
  const judge = (backupEligible: boolean | undefined) =>
    verifyAssertion(
      { party, challenge, requireUserVerification: false },
      { ...key, backupEligible },
      readAssertion(text)!,
    )
  assert.ok(await judge(true))
  assert.ok(await judge(undefined), 'old records do not say')
  assert.equal(await judge(false), undefined)
})

test('a counter that stands still is no reason to refuse an answer', async () => {
  assert.equal((await use({ count: 0 }))?.signCount, 0)
})

test('no member of an answer can be cut short or changed', async () => {
  const { challenge, key, text } = assertion()
  const ceremony = { party, challenge, requireUserVerification: false }
  const whole = JSON.parse(text) as { response: Record<string, string> }
  for (const member of ['authenticatorData', 'clientDataJSON', 'signature']) {
    const bytes = Buffer.from(whole.response[member]!, 'base64url')
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      for (const spoilt of [bytes.subarray(0, at), changed]) {
        const answer = readAssertion(
          JSON.stringify({ ...whole, response: { ...whole.response, [member]: spoilt.toString('base64url') } }),
        )
        if (answer) assert.equal(await verifyAssertion(ceremony, key, answer), undefined, `${member} at ${at}`)
      }
    }
  }
  assert.ok(await verifyAssertion(ceremony, key, readAssertion(text)!), 'the whole one is right')
})

test('cut short, the making of a key fails as well', async () => {
  const { challenge, text } = creation({ format: 'packed' })
  const ceremony = { party, challenge, requireUserVerification: false }
  const whole = JSON.parse(text) as { response: Record<string, string> }
  const bytes = Buffer.from(whole.response.attestationObject!, 'base64url')
  for (let at = 0; at < bytes.length; at += 7) {
    const attestationObject = bytes.subarray(0, at).toString('base64url')
    const answer = readCreationAnswer(JSON.stringify({ ...whole, response: { ...whole.response, attestationObject } }))
    if (answer) assert.equal(await verifyCreation(ceremony, answer), undefined, `at ${at}`)
  }
})

test('what is no answer of an authenticator is not read', () => {
  const { text } = assertion()
  const good = JSON.parse(text) as Record<string, unknown> & { response: Record<string, unknown> }
  const clientData = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  for (const bad of [
    'not json',
    '{}',
    'null',
    '[]',
    JSON.stringify({ ...good, type: 'password' }),
    JSON.stringify({ ...good, rawId: 'b3RoZXI' }),
    JSON.stringify({ ...good, id: '' }),
    JSON.stringify({ ...good, response: undefined }),
    JSON.stringify({ ...good, response: { ...good.response, signature: 'no/base64+url' } }),
    JSON.stringify({ ...good, response: { ...good.response, userHandle: 7 } }),
    JSON.stringify({ ...good, response: { ...good.response, authenticatorData: 'c2hvcnQ' } }),
    JSON.stringify({ ...good, response: { ...good.response, clientDataJSON: clientData('text') } }),
    JSON.stringify({
      ...good,
      response: { ...good.response, clientDataJSON: clientData({ type: 1, challenge: '', origin: '' }) },
    }),
    JSON.stringify({ ...good, more: 'x'.repeat(300_000) }),
  ])
    assert.equal(readAssertion(bad), undefined, bad.slice(0, 80))
  assert.equal(readCreationAnswer(text), undefined)
  assert.equal(readAssertion(creation().text), undefined)
})

test('padding at the end of a member changes nothing', () => {
  const { text } = assertion()
  const good = JSON.parse(text) as { id: string; rawId: string }
  const padded = readAssertion(JSON.stringify({ ...good, id: `${good.id}==`, rawId: `${good.rawId}==` }))
  assert.equal(padded?.id, good.id)
})

test('options stand in a form as JSON that is also a script within HTML', () => {
  const text = optionsText(
    requestOptions({
      party: { ...party, id: '</script><b>&' },
      challenge: 'c',
      timeoutMs: 1000,
      allow: [{ id: Buffer.from('key'), transports: ['usb'] }],
      userVerification: 'preferred',
    }),
  )
  assert.ok(!/[<>&]/.test(text))
  assert.deepEqual(JSON.parse(text), {
    publicKey: {
      challenge: 'c',
      timeout: 1000,
      rpId: '</script><b>&',
      allowCredentials: [{ type: 'public-key', id: 'a2V5', transports: ['usb'] }],
      userVerification: 'preferred',
    },
  })
})
