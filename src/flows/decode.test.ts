import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf } from '../identities/schema/report.ts'
import { compileIdentitySchema } from '../identities/schema/schema.ts'
import { decodeBody, validateBody, type BodyField, type BodyInput, type BodySpec } from './decode.ts'

const fields: BodyField[] = [
  { name: 'method', type: 'string', required: true },
  { name: 'password', type: 'string', required: true, minLength: 1 },
  { name: 'totp_unlink', type: 'boolean' },
  { name: 'transient_payload', type: 'object' },
]

const schemaOf = (traits: object, rest: object = {}) =>
  compileIdentitySchema(JSON.stringify({ properties: { traits: { type: 'object', ...traits } }, ...rest }))

const figures = await schemaOf({
  properties: {
    username: { type: 'string' },
    age: { type: 'integer' },
    needed: { type: 'number' },
    news: { type: 'boolean' },
    terms: { type: 'boolean' },
    name: {
      type: 'object',
      properties: {
        first: { type: 'string' },
        last: { type: 'string' },
        more: { type: 'object', properties: { title: { type: 'string' } } },
      },
    },
    tags: { type: 'array', items: { type: 'string' } },
    sizes: { type: 'array', items: { type: 'number' } },
    flags: { type: 'array', items: { type: 'boolean' } },
    any: { type: 'array' },
    rows: { type: 'array', items: { type: 'object', properties: { x: { type: 'string' } } } },
    maybe: { type: ['string', 'null'] },
  },
  required: ['needed', 'terms'],
})

const spec: BodySpec = { fields, traits: figures, allowGet: true }
const empty = { name: { more: {} } }

const post = (contentType: string | undefined, body: string, of: BodySpec = spec) =>
  decodeBody({ method: 'POST', contentType, body: Buffer.from(body) }, of)

function value(result: ReturnType<typeof decodeBody>): Record<string, unknown> {
  assert.equal(result.kind, 'ok', JSON.stringify(result))
  return result.kind === 'ok' ? result.value : {}
}
const form = (body: string, of?: BodySpec) => value(post('application/x-www-form-urlencoded', body, of))
const json = (body: unknown, of?: BodySpec) =>
  value(post('application/json', typeof body === 'string' ? body : JSON.stringify(body), of))

/** The traits of a form, without the objects that are filled in. */
const formTraits = (pairs: [string, string][]) => {
  const { name: _, ...rest } = form(
    new URLSearchParams(pairs.map(([name, text]): [string, string] => [`traits.${name}`, text])).toString(),
  )['traits'] as Record<string, unknown>
  return rest
}

const conversions: [name: string, texts: string[], value: unknown][] = [
  ['username', ['  blanks  '], '  blanks  '],
  ['username', ['null'], 'null'],
  ['username', [''], undefined],
  ['username', ['first', 'second'], 'first'],
  ['username', ['', 'second'], undefined],
  ['age', ['27'], 27],
  ['age', ['-1.5'], -1.5],
  ['age', ['27.0'], 27],
  ['age', ['1e3'], 1000],
  ['age', ['+3'], 3],
  ['age', ['.5'], 0.5],
  ['age', ['5.'], 5],
  ['age', [' 27'], ' 27'],
  ['age', ['0x10'], '0x10'],
  ['age', ['12,5'], '12,5'],
  ['age', ['5%'], '5%'],
  ['age', ['Infinity'], 'Infinity'],
  ['age', ['1e999'], '1e999'],
  ['age', ['old'], 'old'],
  ['age', [''], undefined],
  ['age', ['1', '2'], 1],
  ['needed', ['12345678901234567890'], 12345678901234567000],
  ['needed', [''], 0],
  ['news', ['true'], true],
  ['news', ['1'], true],
  ['news', ['F'], false],
  ['news', ['on'], 'on'],
  ['news', ['yes'], 'yes'],
  ['news', [''], undefined],
  ['news', ['false', 'true'], true],
  ['terms', [''], false],
  ['tags', ['a', 'b'], ['a', 'b']],
  ['tags', [''], ['']],
  ['sizes', ['1', '2.5'], [1, 2.5]],
  ['sizes', ['1', 'big', ''], [1, 'big', '']],
  ['flags', ['true', '0', 'maybe'], [true, false, 'maybe']],
  ['any', ['x'], ['x']],
  ['maybe', ['x'], undefined],
  ['unknown', ['u'], undefined],
  ['tags.0', ['a'], undefined],
]

for (const [name, texts, expected] of conversions) {
  test(`in a form, ${name} of ${JSON.stringify(texts)} becomes ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(formTraits(texts.map((text) => [name, text])), expected === undefined ? {} : { [name]: expected })
  })
}

test('a form keeps characters of all kinds', () => {
  const text = 'Zoë 😀 <b> & "q" \'a\' \\ / %20 +\r\n'
  assert.equal(form(new URLSearchParams({ password: text }).toString())['password'], text)
})

test('objects that were not sent are there, lists are not', () => {
  assert.deepEqual(form('method=profile'), { method: 'profile', transient_payload: {}, traits: empty })
  assert.deepEqual(json({}), { transient_payload: {}, traits: empty })
})

test('dotted names lead into objects, in JSON too', () => {
  const expected = { username: 'kim', needed: 5, age: 27, name: { first: 'Kim', more: { title: 'Dr.' } } }
  assert.deepEqual(
    json({
      'traits.username': 'kim',
      'traits.needed': 5,
      'traits.age': '27',
      'traits.name.first': 'Kim',
      'traits.name.more.title': 'Dr.',
    })['traits'],
    expected,
  )
  assert.deepEqual(json({ 'traits.name': { first: 'Kim' } })['traits'], { name: { first: 'Kim', more: {} } })
})

test('a nested object is taken as it is', () => {
  assert.deepEqual(
    json({ traits: { username: '', age: '12', unknown: [1], 'name.first': 'x', name: null } })['traits'],
    {
      username: '',
      age: '12',
      unknown: [1],
      'name.first': 'x',
      name: { more: {} },
    },
  )
  assert.deepEqual(json({ traits: { maybe: null, rows: [{}] } })['traits'], { maybe: null, rows: [{}], ...empty })
})

test('an object may come as a JSON text', () => {
  const traits = { username: 'kim', extra: 1, name: { first: 'x', more: {} } }
  assert.deepEqual(json({ traits: JSON.stringify(traits) })['traits'], traits)
  assert.deepEqual(form(new URLSearchParams({ traits: JSON.stringify(traits) }).toString())['traits'], traits)
  assert.deepEqual(
    form(new URLSearchParams({ 'traits.name': '{"first":"x"}', transient_payload: '{"a":[1]}' }).toString()),
    {
      traits: { name: { first: 'x', more: {} } },
      transient_payload: { a: [1] },
    },
  )
})

test('dotted names add to a nested object', () => {
  assert.deepEqual(json({ 'traits.age': 1, traits: { username: 'kim' } })['traits'], {
    username: 'kim',
    age: 1,
    ...empty,
  })
})

test('no traits and null traits mean empty ones', () => {
  for (const body of [{ traits: null }, { traits: {} }, {}, { traits: '' }])
    assert.deepEqual(json(body)['traits'], empty)
})

test('a text in the place of an object gives way to the objects inside of it', () => {
  assert.deepEqual(json({ traits: { name: 'here' } })['traits'], empty)
  assert.deepEqual(json({ traits: { name: ['x'] } })['traits'], { name: ['x'] })
})

test('traits that name no type are read all the same', async () => {
  const schema = await compileIdentitySchema('{"properties":{"traits":{"properties":{"a":{"type":"string"}}}}}')
  assert.deepEqual(json({ traits: { a: 'x' } }, { fields, traits: schema })['traits'], { a: 'x' })
})

test('a member with a dot in its name has an escaped node', async () => {
  const schema = await schemaOf({ properties: { 'a.b': { type: 'string' } } })
  assert.deepEqual(form('traits.a\\.b=x&traits.a.b=y', { fields, traits: schema })['traits'], { 'a.b': 'x' })
})

test('values of JSON are texts first', () => {
  assert.deepEqual(json({ method: 5, password: { a: 1 }, totp_unlink: 'true', transient_payload: null }), {
    method: '5',
    password: '{"a":1}',
    totp_unlink: true,
    transient_payload: {},
    traits: empty,
  })
  assert.deepEqual(json('{"password": 1.50}')['password'], '1.50')
  assert.deepEqual(json({ password: true, method: '' }), { password: 'true', transient_payload: {}, traits: empty })
})

test('of a JSON key that occurs twice the last counts, and what follows the value is ignored', () => {
  assert.equal(json('{"method":"profile","method":"password"} and more')['method'], 'password')
})

test('members called __proto__ harm nobody', () => {
  const traits = json('{"traits":{"__proto__":{"polluted":true}}}')['traits'] as object
  assert.ok(Object.hasOwn(traits, '__proto__'))
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

test('the kind of a body is told by its content type', () => {
  for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON'])
    assert.equal(value(post(type, '{"method":"x"}'))['method'], 'x')
  assert.equal(value(post('application/x-www-form-urlencoded; charset=UTF-8', 'method=x'))['method'], 'x')
  assert.deepEqual(value(post('multipart/form-data; boundary=xx', '--xx--')), { transient_payload: {}, traits: empty })
})

const bodies: [name: string, contentType: string | undefined, body: string][] = [
  ['nothing', 'application/json', ''],
  ['half an object', 'application/json', '{'],
  ['a list', 'application/json', '[]'],
  ['a text', 'application/json', '"text"'],
  ['null', 'application/json', 'null'],
  ['broken JSON', 'application/json', '{"a":01}'],
  ['very deep JSON', 'application/json', `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ['a broken escape', 'application/x-www-form-urlencoded', '%zz=1&method=profile'],
  ['a broken escape in a value', 'application/x-www-form-urlencoded', 'method=%z'],
  ['a semicolon', 'application/x-www-form-urlencoded', 'method=a;b=c'],
  ['an object that is none', 'application/x-www-form-urlencoded', 'traits.name=x'],
  ['a payload that is no JSON', 'application/json', '{"transient_payload":"x"}'],
  ['traits as a list', 'application/json', '{"traits":[]}'],
  ['traits as a word', 'application/json', '{"traits":"kim"}'],
  ['traits as a number', 'application/json', '{"traits":5}'],
  ['another type', 'text/plain', '{"method":"profile"}'],
  ['another JSON type', 'application/vnd.api+json', '{"method":"profile"}'],
  ['no type', undefined, '{"method":"profile"}'],
]

for (const [name, contentType, body] of bodies) {
  test(`${name} is no form`, () => {
    const result = post(contentType, body)
    assert.ok(result.kind === 'bad' && result.reason.length > 0, JSON.stringify(result))
  })
}

test('the query counts for GET alone, where it is allowed', () => {
  const query = new URLSearchParams('method=profile&traits.age=3')
  const input = { method: 'GET', contentType: undefined, body: Buffer.alloc(0), query }
  assert.deepEqual(value(decodeBody(input, spec)), {
    method: 'profile',
    transient_payload: {},
    traits: { age: 3, ...empty },
  })
  assert.equal(decodeBody(input, { fields }).kind, 'bad')
  assert.equal(decodeBody({ ...input, method: 'DELETE' }, spec).kind, 'bad')
  assert.deepEqual(
    value(decodeBody({ method: 'POST', contentType: 'application/json', body: Buffer.from('{}'), query }, { fields })),
    { transient_payload: {} },
  )
})

// -- rules -------------------------------------------------------------------------------------------------------------

const messages = (body: Record<string, unknown>, of: BodySpec = { fields }) =>
  problemsOf(validateBody(body, of)).map(
    ({ node, message }) => `${message.id} ${node} ${JSON.stringify(message.context)}`,
  )

test('missing fields are told on their own nodes', () => {
  assert.deepEqual(messages({}), ['4000002 method {"property":"method"}', '4000002 password {"property":"password"}'])
})

test('fields of another type or too short are told', () => {
  assert.deepEqual(messages({ method: 'x', password: '', totp_unlink: 'on', transient_payload: [] }), [
    '4000003 password {"min_length":1,"actual_length":0}',
    '4000026 totp_unlink {"allowed_types":["boolean"],"actual_type":"string"}',
    '4000026 transient_payload {"allowed_types":["object"],"actual_type":"array"}',
  ])
})

test('names with dots lead into objects', () => {
  const nested: BodySpec = {
    fields: [
      { name: 'upstream_parameters', type: 'object' },
      { name: 'upstream_parameters.login_hint', type: 'string', required: true },
    ],
  }
  assert.deepEqual(form('upstream_parameters.login_hint=kim', nested), { upstream_parameters: { login_hint: 'kim' } })
  assert.deepEqual(messages({ upstream_parameters: {} }, nested), [
    '4000002 upstream_parameters.login_hint {"property":"login_hint"}',
  ])
})

test('traits are held against the schema after the fields', () => {
  const body = json({ method: 'profile', traits: { needed: 'five' } })
  assert.deepEqual(messages(body, spec), [
    '4000002 password {"property":"password"}',
    '4000002 traits.terms {"property":"terms"}',
    '4000026 traits.needed {"allowed_types":["number"],"actual_type":"string"}',
  ])
})

test('a large body is read once, however many methods look at it', () => {
  const text = `{${Array.from({ length: 200_000 }, (_, i) => `"k${i}":1`).join()}}`
  const input: BodyInput = { method: 'POST', contentType: 'application/json', body: Buffer.from(text) }
  const time = (times: number) => {
    const start = performance.now()
    for (let i = 0; i < times; i++) decodeBody(input, { fields: [{ name: 'method', type: 'string' }] })
    return performance.now() - start
  }
  const first = time(1)
  assert.ok(time(5) < first)
})
