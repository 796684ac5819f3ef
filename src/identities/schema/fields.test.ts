import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flattenTraits, type TraitField } from './fields.ts'
import { SchemaProblem } from './problem.ts'
import { compileIdentitySchema } from './schema.ts'

const compile = (traits: object, rest: object = {}) =>
  compileIdentitySchema(
    JSON.stringify({ type: 'object', properties: { traits: { type: 'object', ...traits } }, ...rest }),
  )

/** The fields as `name type!` with `!` for required and a title in brackets. */
async function fields(traits: object, rest: object = {}): Promise<string[]> {
  const schema = await compile(traits, rest)
  return schema
    .formFields()
    .map(({ name, type, required, title }) => `${name} ${type}${required ? '!' : ''}${title ? ` (${title})` : ''}`)
}

test('what has one type, a constant or a default is a field', async () => {
  assert.deepEqual(
    await fields({
      properties: {
        word: { type: 'string' },
        flag: { type: 'boolean' },
        count: { type: 'integer', title: 'Count' },
        amount: { type: 'number' },
        nothing: { type: 'null' },
        maybe: { type: ['string', 'null'] },
        maybedefault: { type: ['string', 'null'], default: 'x' },
        several: { type: ['string', 'integer', 'boolean'] },
        severaldefault: { type: ['string', 'integer', 'boolean'], default: 1 },
        untyped: { title: 'Untyped' },
        untypeddefault: { default: 7 },
        one: { type: ['string'] },
        mixed: { enum: ['a', 1] },
        constant: { const: 'fixed' },
        constantnumber: { const: 4 },
        constantboolean: { const: true },
        constantobject: { const: { a: 1 } },
        constantnull: { const: null },
        free: { type: 'object' },
      },
    }),
    [
      'traits.amount number',
      'traits.constant text',
      'traits.constantboolean checkbox',
      'traits.constantnumber number',
      'traits.count number (Count)',
      'traits.flag checkbox',
      'traits.maybedefault text',
      'traits.one text',
      'traits.untypeddefault text',
      'traits.word text',
    ],
  )
})

test('lists of single values are one text field', async () => {
  assert.deepEqual(
    await fields(
      {
        properties: {
          tags: { type: 'array', items: { type: 'string' } },
          numbers: { type: 'array', items: { type: 'number' } },
          people: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
          anything: { type: 'array' },
          pair: { type: 'array', items: [{ type: 'string' }, { type: 'integer' }] },
          lists: { type: 'array', items: { type: 'array', items: { type: 'string' } } },
          referred: { type: 'array', items: { $ref: '#/definitions/o' } },
        },
      },
      { definitions: { o: { type: 'object' } } },
    ),
    ['traits.anything text', 'traits.numbers text', 'traits.pair text', 'traits.tags text'],
  )
})

test('formats choose the type and the completion', async () => {
  const schema = await compile({
    properties: Object.fromEntries(
      ['email', 'uri', 'tel', 'date', 'date-time', 'time', 'regex', 'hostname', 'uuid'].map((format) => [
        format,
        { type: 'string', format },
      ]),
    ),
  })
  const { formFields } = schema
  const short = ({ name, type, autocomplete }: TraitField) => [name, type, autocomplete].filter(Boolean).join(' ')
  assert.deepEqual(formFields().map(short), [
    'traits.date date',
    'traits.date-time datetime-local',
    'traits.email email email',
    'traits.hostname text',
    'traits.regex text',
    'traits.tel tel tel',
    'traits.time text',
    'traits.uri url url',
    'traits.uuid text',
  ])
  assert.deepEqual(await fields({ properties: { n: { type: 'number', format: 'date' } } }), ['traits.n date'])
})

test('pattern, title and choices belong to the field', async () => {
  const schema = await compile({
    properties: {
      a: {
        type: 'string',
        pattern: '^[A-Z]{2}\\d+$',
        title: 'A',
        enum: [3, 'b'],
        minLength: 2,
        default: 'x',
        readOnly: true,
      },
      b: { type: 'integer', enum: Array.from({ length: 501 }, (_, i) => i) },
    },
  })
  const [a, b] = schema.formFields()
  assert.deepEqual(a, {
    name: 'traits.a',
    type: 'text',
    required: false,
    pattern: '^[A-Z]{2}\\d+$',
    title: 'A',
    options: [3, 'b'],
  })
  assert.equal(b?.options?.length, 500)
})

test('required is who stands in the list of the schema right above', async () => {
  assert.deepEqual(
    await fields(
      {
        required: ['direct', 'referred', 'inner'],
        properties: {
          direct: { type: 'string' },
          referred: { $ref: '#/definitions/short', title: 'ignored' },
          inner: {
            type: 'object',
            properties: { zip: { type: 'integer' }, name: { type: 'string' } },
            required: ['zip'],
          },
          contact: { $ref: '#/definitions/contact' },
        },
      },
      {
        definitions: {
          short: { type: 'string', title: 'Short' },
          contact: { type: 'object', properties: { phone: { type: 'string' } }, required: ['phone'] },
        },
      },
    ),
    [
      'traits.contact.phone text!',
      'traits.direct text!',
      'traits.inner.name text',
      'traits.inner.zip number!',
      'traits.referred text (Short)',
    ],
  )
})

test('branches count as if they stood beside; the last of several wins', async () => {
  assert.deepEqual(
    await fields({
      properties: {
        both: {
          allOf: [
            { type: 'string', title: 'First' },
            { minLength: 2, title: 'Second' },
          ],
        },
        either: {
          anyOf: [
            { type: 'string', title: 'text' },
            { type: 'integer', title: 'number' },
          ],
        },
        negative: { not: { type: 'string', title: 'Not' } },
        country: {
          type: 'string',
          title: 'Country',
          oneOf: [
            { const: 'DE', title: 'Germany' },
            { const: 'FR', title: 'France' },
          ],
        },
        kept: { type: 'string', title: 'Default', default: 'x', anyOf: [{ type: 'integer', title: 'Other' }] },
      },
      allOf: [{ properties: { more: { type: 'string', title: 'More' } }, required: ['more'] }],
      if: { properties: { kind: { const: 'company' } } },
      then: { properties: { vat: { type: 'string' } }, required: ['vat'] },
      else: { properties: { birthday: { type: 'string', format: 'date' } } },
      oneOf: [
        { properties: { plan: { type: 'string', title: 'A' } } },
        { properties: { plan: { type: 'integer', title: 'B' } } },
      ],
    }),
    [
      'traits.birthday date',
      'traits.both text (First)',
      'traits.country text (France)',
      'traits.either number (number)',
      'traits.kept text (Default)',
      'traits.kind text',
      'traits.more text! (More)',
      'traits.negative text (Not)',
      'traits.plan number (B)',
      'traits.vat text!',
    ],
  )
})

test('fields are in the order of their bytes, dots in names escaped', async () => {
  assert.deepEqual(
    await fields({
      properties: {
        '😀': { type: 'string' },
        '\uff5e': { type: 'string' },
        'a.b': { type: 'string' },
        B: { type: 'string' },
        'with space': { type: 'string' },
      },
    }),
    ['traits.B text', 'traits.a\\.b text', 'traits.with space text', 'traits.\uff5e text', 'traits.😀 text'],
  )
})

test('draft 4 knows no constants', async () => {
  assert.deepEqual(
    await fields({ properties: { a: { const: 'x' } } }, { $schema: 'http://json-schema.org/draft-04/schema#' }),
    [],
  )
})

test('a form cannot be made of a schema that holds itself, but values can be checked', async () => {
  const schema = await compile(
    { properties: { a: { $ref: '#/definitions/tree' } } },
    { definitions: { tree: { type: 'object', properties: { next: { $ref: '#/definitions/tree' } } } } },
  )
  assert.throws(() => schema.formFields(), SchemaProblem)
  assert.throws(() => schema.bodyPaths(), SchemaProblem)
  assert.equal(schema.validate({ a: { next: { next: 1 } } }).errors.length, 1)
})

test('a list may hold its own kind', async () => {
  const tree = {
    type: 'object',
    properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/definitions/tree' } } },
  }
  assert.deepEqual(await fields({ properties: { a: { $ref: '#/definitions/tree' } } }, { definitions: { tree } }), [
    'traits.a.name text',
  ])
})

test('keys keep the order of the text and stop at what is no plain object', async () => {
  const text = `{"type":"object","properties":{"traits":{"type":"object","properties":{"b":{"type":"string"},"10":{"type":"string"},"2":{},
    "a":{"type":"object","properties":{"9":{"type":"string"},"1.5":{"type":"string"}}},"list":{"type":"array"},"ref":{"$ref":"#/definitions/x"},
    "loose":{"properties":{"inner":{"type":"string"}}},"empty":{"type":"object"}}}},"definitions":{"x":{"type":"object","properties":{"y":{}}}}}`
  const schema = await compileIdentitySchema(text)
  assert.deepEqual(schema.keyOrder(), [
    'traits.b',
    'traits.10',
    'traits.2',
    'traits.a.9',
    'traits.a.1\\.5',
    'traits.list',
    'traits.ref',
    'traits.loose',
  ])
})

test('traits need not say that they are an object', async () => {
  const schema = await compileIdentitySchema('{"properties":{"traits":{"properties":{"b":{"type":"string"},"a":{}}}}}')
  assert.deepEqual(schema.keyOrder(), ['traits.b', 'traits.a'])
})

test('bodies may hold what the schema names', async () => {
  const schema = await compile({
    required: ['s', 'o'],
    properties: {
      s: { type: 'string' },
      n: { type: 'integer' },
      b: { type: 'boolean' },
      o: { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] },
      l: { type: 'array', items: { type: 'boolean' } },
      any: { type: 'array' },
      rows: { type: 'array', items: { type: 'object' } },
      u: { type: ['string', 'null'] },
      d: { default: 1 },
    },
  })
  assert.deepEqual(
    schema.bodyPaths().map(({ name, type, required }) => `${name} ${type}${required ? '!' : ''}`),
    [
      'traits object',
      'traits.any values',
      'traits.b boolean',
      'traits.d other',
      'traits.l booleans',
      'traits.n number',
      'traits.o object!',
      'traits.o.x number!',
      'traits.rows values',
      'traits.s string!',
    ],
  )
})

test('traits are taken apart into single values', () => {
  assert.deepEqual(
    flattenTraits({
      s: 'x',
      n: 0,
      f: false,
      z: null,
      e: '',
      o: { 'a.b': 1, deep: { x: true } },
      l: ['x', [2], { y: null }],
      none: {},
      list: [],
    }),
    [
      { name: 'traits.s', value: 'x', type: 'text' },
      { name: 'traits.n', value: 0, type: 'number' },
      { name: 'traits.f', value: false, type: 'checkbox' },
      { name: 'traits.z', value: null, type: 'text' },
      { name: 'traits.e', value: '', type: 'text' },
      { name: 'traits.o.a\\.b', value: 1, type: 'number' },
      { name: 'traits.o.deep.x', value: true, type: 'checkbox' },
      { name: 'traits.l.0', value: 'x', type: 'text' },
      { name: 'traits.l.1.0', value: 2, type: 'number' },
      { name: 'traits.l.2.y', value: null, type: 'text' },
    ],
  )
  for (const none of [{}, [], null, undefined, 'text']) assert.deepEqual(flattenTraits(none), [])
})
