import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../lib/json.ts'
import { phoneNumberOf } from '../normalise/phone.ts'
import { deriveFromTraits, type Normalisers } from './derive.ts'
import { isEmail } from './formats.ts'
import { problemsOf } from './report.ts'
import { compileIdentitySchema } from './schema.ts'

// Simple ones: what counts here is which is asked for what.
const normalisers: Normalisers = {
  normaliseGracefully: (text) => phoneNumberOf(text) ?? text.trim().toLowerCase(),
  normaliseEmail: (text) => (isEmail(text.trim()) ? text.trim().toLowerCase() : undefined),
  normalisePhone: phoneNumberOf,
}

const trait = (extension: object, rest: object = {}) => ({ type: 'string', ...rest, 'ory.sh/kratos': extension })
const identifies = { credentials: { password: { identifier: true } } }
const verifies = (via: string) => ({ verification: { via } })
const recovers = (via: string) => ({ recovery: { via } })
const code = (via: string) => ({ credentials: { code: { identifier: true, via } } })

async function derive(properties: object, traits: Json, rest: object = {}) {
  const schema = await compileIdentitySchema(
    JSON.stringify({ properties: { traits: { type: 'object', properties } }, ...rest }),
  )
  return deriveFromTraits(schema, traits, normalisers)
}

const ids = (errors: Parameters<typeof problemsOf>[0]) =>
  problemsOf(errors).map(({ node, message }) => `${message.id} ${node}`)

test('identifiers are normalised, without repetition, in the order of the schema', async () => {
  const both = trait({ credentials: { password: { identifier: true }, webauthn: { identifier: true } } })
  const derived = await derive(
    { b: both, a: trait(identifies), off: trait({ credentials: { password: { identifier: false } } }) },
    { a: 'KIM', b: ' Lee ', off: 'x' },
  )
  assert.deepEqual(derived.passwordIdentifiers, ['lee', 'kim'])
  assert.deepEqual(derived.webauthnIdentifiers, ['lee'])
  assert.deepEqual(derived.ran, { password: true, webauthn: true, code: false })
  assert.equal(derived.emptyIdentifier, false)
})

test('the same value twice in a list counts once', async () => {
  const address = trait({ ...identifies, ...verifies('email'), ...recovers('email') }, { format: 'email' })
  const derived = await derive({ list: { type: 'array', items: address } }, { list: ['a@b.c', 'A@B.C', 'd@e.f'] })
  assert.deepEqual(derived.passwordIdentifiers, ['a@b.c', 'd@e.f'])
  assert.deepEqual(derived.verifiable, [
    { via: 'email', value: 'a@b.c' },
    { via: 'email', value: 'd@e.f' },
  ])
  assert.deepEqual(derived.recovery, derived.verifiable)
})

test('without a marked value nothing has run', async () => {
  for (const traits of [{}, { a: null }] as Json[]) {
    const derived = await derive({ a: { 'ory.sh/kratos': identifies } }, traits)
    assert.deepEqual(derived.ran, { password: false, webauthn: false, code: false })
    assert.deepEqual(derived.passwordIdentifiers, [])
  }
})

test('numbers are identifiers as text', async () => {
  assert.deepEqual(
    (await derive({ n: { type: 'integer', 'ory.sh/kratos': identifies } }, { n: 4711 })).passwordIdentifiers,
    ['4711'],
  )
})

test('an identifier that is empty, or empty once normalised, is told', async () => {
  for (const value of ['', '  ']) {
    const derived = await derive({ a: trait(identifies) }, { a: value })
    assert.equal(derived.emptyIdentifier, true)
    assert.deepEqual(derived.passwordIdentifiers, [])
    assert.equal(derived.ran.password, true)
  }
})

test('codes go over the channel that the schema names', async () => {
  const derived = await derive(
    { m: trait(code('email'), { format: 'email' }), p: trait(code('sms'), { format: 'tel' }) },
    { m: 'A@b.c', p: '+49 176 67111638' },
  )
  assert.deepEqual(derived.codeIdentifiers, [
    { address: 'a@b.c', channel: 'email' },
    { address: '+4917667111638', channel: 'sms' },
  ])
})

/** Marks and format of a trait, its value, and the address or the message that follows. */
const addresses: [
  name: string,
  extension: object,
  format: string | undefined,
  value: string,
  outcome: string | number,
][] = [
  ['verification by mail', verifies('email'), undefined, 'Kim@b.c', 'kim@b.c'],
  ['verification by mail', verifies('email'), undefined, 'no address', 4000040],
  ['verification by mail', verifies('email'), 'email', 'Kim@b.c', 'kim@b.c'],
  ['verification by mail', verifies('email'), 'email', 'no address', 4000040],
  ['verification by mail', verifies('email'), 'no-validate', ' not an Address ', 'not an address'],
  ['verification by mail', verifies('email'), 'date', '2024-02-29', '2024-02-29'],
  ['verification by text message', verifies('sms'), undefined, '+4917667111638', 4000001],
  ['verification by text message', verifies('sms'), 'tel', '+49 176 67111638', '+4917667111638'],
  ['verification by text message', verifies('sms'), 'tel', '12345', 4000041],
  ['verification by text message', verifies('sms'), 'no-validate', 'reception', 'reception'],
  ['recovery by mail', recovers('email'), undefined, 'Kim@b.c', 'kim@b.c'],
  ['recovery by mail', recovers('email'), undefined, 'no address', 4000040],
  ['recovery by mail', recovers('email'), 'email', 'no address', 4000040],
  ['recovery by mail', recovers('email'), 'no-validate', 'No Address', 'no address'],
  ['recovery by text message', recovers('sms'), undefined, '+49 176 67111638', '+4917667111638'],
  ['recovery by text message', recovers('sms'), 'no-validate', 'nobody', 4000041],
  ['code by mail', code('email'), undefined, 'Kim@b.c', 'kim@b.c'],
  ['code by mail', code('email'), undefined, 'no address', 4000040],
  ['code by mail', code('email'), 'no-validate', 'No Address', 'no address'],
  ['code by text message', code('sms'), undefined, '+49 176 67111638', '+4917667111638'],
  ['code by text message', code('sms'), 'no-validate', 'nobody', 4000041],
]

for (const [name, extension, format, value, outcome] of addresses) {
  test(`${name}, ${format ? `format ${format}` : 'no format'}: ${JSON.stringify(value)} → ${outcome}`, async () => {
    const derived = await derive({ a: trait(extension, format ? { format } : {}) }, { a: value })
    if (typeof outcome === 'number') assert.deepEqual(ids(derived.errors), [`${outcome} traits.a`])
    else {
      assert.deepEqual(derived.errors, [])
      const found = [
        ...derived.verifiable.map((v) => v.value),
        ...derived.recovery.map((r) => r.value),
        ...derived.codeIdentifiers.map((c) => c.address),
      ]
      assert.deepEqual(found, [outcome])
    }
  })
}

test('a broken address is told once to people and twice to operators', async () => {
  const { errors } = await derive(
    { a: trait({ ...verifies('email'), ...recovers('email') }, { format: 'email', minLength: 3 }) },
    { a: 'x' },
  )
  assert.deepEqual(ids(errors), ['4000040 traits.a', '4000003 traits.a'])
  assert.equal(errors.filter(({ keyword }) => keyword === 'format').length, 2)
})

test('an empty address shows no format', async () => {
  assert.deepEqual(ids((await derive({ a: trait(verifies('email')) }, { a: '' })).errors), ['4000001 traits.a'])
})

test('a code trait without a channel is refused', async () => {
  assert.deepEqual(
    ids((await derive({ a: trait({ credentials: { code: { identifier: true } } }) }, { a: 'a@b.c' })).errors),
    ['4000001 traits.a'],
  )
})

test('what the server asks decides between the forms of a trait', async () => {
  const login = {
    anyOf: [trait({ ...identifies, ...verifies('email') }), trait(identifies, { pattern: '^[a-z]{3,}$' })],
  }
  const name = await derive({ login }, { login: 'choicename' })
  assert.deepEqual([name.errors, name.verifiable, name.passwordIdentifiers], [[], [], ['choicename']])
  const mail = await derive({ login }, { login: 'a@b.c' })
  assert.deepEqual(mail.verifiable, [{ via: 'email', value: 'a@b.c' }])
  assert.equal((await derive({ login }, { login: 'no' })).errors.length, 1)
})

test('phone numbers that the server uses are rewritten in the traits, mail addresses are not', async () => {
  const phone = trait({ ...verifies('sms'), ...recovers('sms') }, { format: 'tel' })
  const properties = {
    direct: phone,
    list: { type: 'array', items: phone },
    pair: { type: 'array', items: [{}, phone] },
    referred: { $ref: '#/definitions/phone' },
    inner: { type: 'object', properties: { phone } },
    choice: { anyOf: [{ type: 'integer' }, phone] },
    when: { if: { type: 'string' }, then: phone },
    mail: trait(verifies('email'), { format: 'email' }),
    plain: { type: 'string' },
    code: trait(code('sms')),
    map: { type: 'object', additionalProperties: phone, patternProperties: { '^x': phone } },
    unset: { 'ory.sh/kratos': { credentials: { code: { identifier: false, via: 'sms' } } } },
  }
  const n = '+49 176 67111638'
  const e164 = '+4917667111638'
  const traits = {
    plain: n,
    direct: n,
    list: [n, n],
    pair: [n, n],
    referred: n,
    inner: { phone: n, other: n },
    choice: n,
    when: n,
    mail: 'Kim@b.c',
    code: n,
    map: { a: n, x: n },
    unset: n,
  }
  const before = structuredClone(traits)
  const derived = await derive(properties, traits, { definitions: { phone } })
  assert.deepEqual(derived.errors, [])
  assert.equal(derived.traitsChanged, true)
  assert.deepEqual(derived.traits, {
    plain: n,
    direct: e164,
    list: [e164, e164],
    pair: [n, e164],
    referred: e164,
    inner: { phone: e164, other: n },
    choice: e164,
    when: e164,
    mail: 'Kim@b.c',
    code: e164,
    map: { a: n, x: n },
    unset: n,
  })
  assert.deepEqual(traits, before)
  assert.deepEqual(derived.verifiable, [
    { via: 'sms', value: e164 },
    { via: 'email', value: 'kim@b.c' },
  ])
})

test('traits without anything to rewrite stay the same object', async () => {
  const traits = { p: '+4917667111638', q: 'x' }
  const derived = await derive({ p: trait(code('sms')) }, traits)
  assert.equal(derived.traits, traits)
  assert.equal(derived.traitsChanged, false)
})

test('an invalid number stays as it is and is refused', async () => {
  const derived = await derive({ p: trait(code('sms'), { format: 'tel' }) }, { p: '12345' })
  assert.deepEqual(derived.traits, { p: '12345' })
  assert.deepEqual(ids(derived.errors), ['4000041 traits.p'])
})

test('traits that nest without end are refused, not a crash', async () => {
  const tree = {
    type: 'object',
    properties: { next: { $ref: '#/definitions/tree' }, phone: trait(code('sms')), list: { uniqueItems: true } },
  }
  const deep = JSON.parse('{"next":'.repeat(50_000) + '{}' + '}'.repeat(50_000)) as Json
  const list = JSON.parse(`{"list":[${'['.repeat(50_000)}${']'.repeat(50_000)}]}`) as Json
  for (const value of [deep, list]) {
    const { errors } = await derive({ a: { $ref: '#/definitions/tree' } }, { a: value }, { definitions: { tree } })
    assert.deepEqual(
      errors.map(({ keyword }) => keyword),
      ['limit'],
    )
  }
})
