import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaProblem } from './problem.ts'
import { problemsOf } from './report.ts'
import { compileIdentitySchema } from './schema.ts'

const compile = (traits: object, rest: object = {}) =>
  compileIdentitySchema(
    JSON.stringify({ type: 'object', properties: { traits: { type: 'object', ...traits } }, ...rest }),
  )

/** The messages for one trait `t` of a schema: `id {context} @node`. */
async function messages(schema: unknown, value: unknown, rest: object = {}): Promise<string[]> {
  const compiled = await compile({ properties: { t: schema } }, rest)
  return problemsOf(compiled.validate({ t: value }).errors).map(({ node, message: { id, context } }) => {
    const shown = context && 'reason' in context ? { ...context, reason: typeof context['reason'] } : context
    return `${id}${shown ? ` ${JSON.stringify(shown)}` : ''} @${node}`
  })
}

const generic = '4000001 {"reason":"string"}'
const wrongType = (allowed: string[], actual: string) =>
  `4000026 ${JSON.stringify({ allowed_types: allowed, actual_type: actual })}`
const constant = (expected: string) => `4000029 ${JSON.stringify({ expected })}`

/** Schema of the trait `t`, value, messages; a message without `@` is on `traits.t`. */
const cases: [schema: unknown, value: unknown, ...messages: string[]][] = [
  // types
  [{ type: 'string' }, 5, wrongType(['string'], 'number')],
  [{ type: ['string', 'null'] }, 5, wrongType(['string', 'null'], 'number')],
  [{ type: ['string', 'null'] }, null],
  [{ type: 'integer' }, 1.5, wrongType(['integer'], 'number')],
  [{ type: 'integer' }, 1.0],
  [{ type: 'integer' }, '1', wrongType(['integer'], 'string')],
  [{ type: 'integer' }, 9007199254740992],
  [{ type: 'boolean' }, null, wrongType(['boolean'], 'null')],
  [{ type: 'array' }, {}, wrongType(['array'], 'object')],
  [{ type: 'object' }, [], wrongType(['object'], 'array')],
  [{ type: 'string', minLength: 5, enum: ['a'], format: 'email' }, 5, wrongType(['string'], 'number')],

  // texts
  [{ minLength: 3, maxLength: 5 }, 'ab', '4000003 {"min_length":3,"actual_length":2}'],
  [{ minLength: 3, maxLength: 5 }, 'abcdef', '4000017 {"max_length":5,"actual_length":6}'],
  [{ minLength: 3, maxLength: 5 }, '😀😀', '4000003 {"min_length":3,"actual_length":2}'],
  [{ minLength: 3, maxLength: 5 }, '😀😀😀'],
  [{ maxLength: 4 }, 'ÄÖÜ😀é', '4000017 {"max_length":4,"actual_length":5}'],
  [{ minLength: 3 }, 1],
  [{ pattern: '^[a-c]+$' }, 'abd', '4000004 {"pattern":"^[a-c]+$"}'],
  [{ pattern: 'b+' }, 'abbc'],
  [{ pattern: '(?i)^abc$' }, 'aBc'],
  [{ pattern: '^.$' }, '😀'],
  [{ minLength: 5, pattern: '^x' }, 'ab', '4000003 {"min_length":5,"actual_length":2}', '4000004 {"pattern":"^x"}'],

  // numbers
  [{ minimum: 10, maximum: 20 }, 9, '4000018 {"minimum":10,"actual":9}'],
  [{ minimum: 10, maximum: 20 }, 21, '4000020 {"maximum":20,"actual":21}'],
  [{ exclusiveMinimum: 10 }, 10, '4000019 {"minimum":10,"actual":10}'],
  [{ exclusiveMaximum: 20 }, 20, '4000021 {"maximum":20,"actual":20}'],
  [{ exclusiveMinimum: 10, exclusiveMaximum: 20 }, 10.5],
  [{ multipleOf: 2.5 }, 3, '4000022 {"base":2.5,"actual":3}'],
  [{ multipleOf: 0.1 }, 0.3],
  [{ multipleOf: 0.01 }, 1.13],
  [{ multipleOf: 0.5 }, 1.3, '4000022 {"base":0.5,"actual":1.3}'],
  [{ multipleOf: 1e-7 }, 1e300],
  [{ multipleOf: 3 }, '4'],

  // constants and choices
  [{ const: 'only' }, 'other', constant('"only"')],
  [{ const: 'a"b\n\u00e4\u200b' }, '', constant('"a\\"b\\nä\\u200b"')],
  [{ const: 7 }, 8, constant('"7"')],
  [{ const: true }, false, constant('true')],
  [{ const: null }, 0, constant('<nil>')],
  [{ const: { a: 1 } }, { a: 2 }, '4000030'],
  [{ const: { a: 1, b: 2 } }, { b: 2, a: 1.0 }],
  [{ const: [1] }, [1, 2], '4000030'],
  [{ enum: ['a', 1, null] }, 'b', generic],
  [{ enum: ['a', 1, null] }, null],

  // formats
  [{ format: 'email' }, 'nonsense', '4000040 {"value":"nonsense"}'],
  [{ format: 'email' }, '', generic],
  [{ format: 'email' }, 5, generic],
  [{ format: 'tel' }, '12', '4000041 {"value":"12"}'],
  [{ format: 'tel' }, '', generic],
  [{ format: 'date' }, '31.01.2026', generic],
  [{ format: 'uuid' }, 'no uuid'],
  [{ format: 'email', minLength: 3 }, 'x', '4000040 {"value":"x"}', '4000003 {"min_length":3,"actual_length":1}'],

  // lists
  [{ minItems: 1 }, [], '4000024 {"min_items":1,"actual_items":0}'],
  [{ maxItems: 3 }, [1, 2, 3, 4], '4000023 {"max_items":3,"actual_items":4}'],
  [
    { maxItems: 3, uniqueItems: true },
    ['aa', 'bb', 'aa', 'bb'],
    '4000023 {"max_items":3,"actual_items":4}',
    '4000025 {"index_a":0,"index_b":2}',
    '4000025 {"index_a":1,"index_b":3}',
  ],
  [
    { uniqueItems: true },
    [0, 0, 0],
    '4000025 {"index_a":0,"index_b":1}',
    '4000025 {"index_a":0,"index_b":2}',
    '4000025 {"index_a":1,"index_b":2}',
  ],
  [{ uniqueItems: true }, [1, '1', [1], { a: 1 }, { a: '1' }, true, null]],
  [
    { uniqueItems: true },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    '4000025 {"index_a":0,"index_b":1}',
  ],
  [{ items: { type: 'string' } }, ['a', 1], `${wrongType(['string'], 'number')} @traits.t.1`],
  [
    { items: [{ type: 'string' }, { type: 'integer' }], additionalItems: false },
    ['a', 'b'],
    `${wrongType(['integer'], 'string')} @traits.t.1`,
  ],
  [{ items: [{ type: 'string' }, { type: 'integer' }], additionalItems: false }, ['a', 1, 2], generic],
  [
    { items: [{ type: 'string' }], additionalItems: { type: 'integer' } },
    ['a', 1, 'b'],
    `${wrongType(['integer'], 'string')} @traits.t.2`,
  ],
  [{ items: [{ type: 'string' }] }, []],
  [{ items: { type: 'string' }, additionalItems: false }, ['a', 'b']],
  [{ contains: { const: 'x' } }, ['y'], `${constant('"x"')} @traits.t.0`],
  [{ contains: { const: 'x' } }, ['y', 'x']],
  [{ contains: { const: 'x' } }, [], generic],

  // objects
  [{ required: ['a', 'b'] }, {}, '4000002 {"property":"a"} @traits.t.a', '4000002 {"property":"b"} @traits.t.b'],
  [{ required: ['a'], minProperties: 1 }, {}, generic, '4000002 {"property":"a"} @traits.t.a'],
  [{ required: ['toString'] }, {}, '4000002 {"property":"toString"} @traits.t.toString'],
  [{ required: ['a.b'] }, {}, '4000002 {"property":"a.b"} @traits.t.a\\.b'],
  [{ maxProperties: 1 }, { a: 1, b: 1 }, generic],
  [{ properties: { a: { type: 'string' } } }, { a: 1 }, `${wrongType(['string'], 'number')} @traits.t.a`],
  [
    { properties: { 'a.b': { minLength: 3 } } },
    { 'a.b': 'ab' },
    '4000003 {"min_length":3,"actual_length":2} @traits.t.a\\.b',
  ],
  [{ properties: { a: {} }, additionalProperties: false }, { a: 1, b: 1, c: 1 }, generic],
  [{ additionalProperties: { type: 'integer' } }, { b: 'x' }, `${wrongType(['integer'], 'string')} @traits.t.b`],
  [
    { patternProperties: { '^x-': { type: 'string' } }, additionalProperties: { type: 'integer' } },
    { 'x-a': 1, count: 'two' },
    `${wrongType(['string'], 'number')} @traits.t.x-a`,
    `${wrongType(['integer'], 'string')} @traits.t.count`,
  ],
  [{ patternProperties: { '^x-': true }, additionalProperties: false }, { 'x-a': 1 }],
  [{ propertyNames: { pattern: '^[a-z]+$' } }, { A: 1 }, '4000004 {"pattern":"^[a-z]+$"} @traits.t.A'],
  [{ propertyNames: false }, { A: 1 }, `${generic} @traits.t.A`],
  [{ dependencies: { a: ['b', 'c'] } }, { a: 1 }, generic, generic],
  [{ dependencies: { a: ['b'] } }, { c: 1 }],
  [{ dependencies: { a: { required: ['b'] } } }, { a: 1 }, '4000002 {"property":"b"} @traits.t.b'],

  // combinations
  [{ not: { type: 'string' } }, 'text', generic],
  [{ not: {} }, 1, generic],
  [
    { allOf: [{ minLength: 3 }, { pattern: '^z' }] },
    'a',
    '4000003 {"min_length":3,"actual_length":1}',
    '4000004 {"pattern":"^z"}',
  ],
  [{ allOf: [{ type: 'integer' }, { minimum: 5 }] }, 3, '4000018 {"minimum":5,"actual":3}'],
  [
    { anyOf: [{ type: 'string', minLength: 3 }, { type: 'integer' }] },
    'ab',
    '4000003 {"min_length":3,"actual_length":2}',
    wrongType(['integer'], 'string'),
  ],
  [{ anyOf: [{ type: 'string', minLength: 3 }, { type: 'integer' }] }, 4],
  [
    { oneOf: [{ multipleOf: 3 }, { multipleOf: 5 }] },
    7,
    '4000022 {"base":3,"actual":7}',
    '4000022 {"base":5,"actual":7}',
  ],
  [{ oneOf: [{ multipleOf: 3 }, { multipleOf: 5 }] }, 15, generic],
  [{ oneOf: [{ multipleOf: 3 }, { multipleOf: 5 }] }, 9],
  [
    { if: { const: 'long' }, then: { minLength: 10 }, else: { maxLength: 3 } },
    'long',
    '4000003 {"min_length":10,"actual_length":4}',
  ],
  [
    { if: { const: 'long' }, then: { minLength: 10 }, else: { maxLength: 3 } },
    'short',
    '4000017 {"max_length":3,"actual_length":5}',
  ],
  [{ if: { const: 1 } }, 1],
  [{ then: false, else: false }, 1],
  [false, 1, generic],
  [
    { minLength: 9, const: 'c', enum: ['e'], format: 'email', not: { minLength: 1 } },
    'x',
    constant('"c"'),
    generic,
    '4000040 {"value":"x"}',
    generic,
    '4000003 {"min_length":9,"actual_length":1}',
  ],
]

for (const [schema, value, ...expected] of cases) {
  const verdict = expected.length === 0 ? 'is right' : `shows ${expected.map((m) => m.slice(0, 7)).join(' ')}`
  test(`${JSON.stringify(value)} ${verdict} with ${JSON.stringify(schema)}`, async () => {
    assert.deepEqual(
      await messages(schema, value),
      expected.map((message) => (message.includes('@') ? message : `${message} @traits.t`)),
    )
  })
}

test('a trait without a value is not judged', async () => {
  const schema = await compile({ properties: { a: { type: 'string', minLength: 3 } } })
  assert.deepEqual(schema.validate({}).errors, [])
})

test('what the traits themselves lack stands on the traits', async () => {
  const schema = await compile({
    properties: { a: {} },
    additionalProperties: false,
    required: ['a'],
    dependencies: { b: ['c'] },
  })
  const problems = problemsOf(schema.validate({ b: 1 }).errors)
  assert.deepEqual(
    problems.map(({ node, message }) => [node, message.id]),
    [
      ['traits.a', 4000002],
      ['traits', 4000001],
      ['traits', 4000001],
    ],
  )
})

test('a rule about the whole document has no node', async () => {
  const schema = await compileIdentitySchema('{"properties":{"traits":{}},"maxProperties":0}')
  assert.deepEqual(
    problemsOf(schema.validate({}).errors).map(({ node }) => node),
    [undefined],
  )
  assert.deepEqual(schema.validateTraits({}), [])
})

test('constants are shown as the schema spells them', async () => {
  const schema = await compileIdentitySchema('{"properties":{"traits":{"properties":{"a":{"const":7.0}}}}}')
  assert.deepEqual(problemsOf(schema.validate({ a: 8 }).errors)[0]?.message.context, { expected: '"7.0"' })
  assert.deepEqual(schema.validate({ a: 7 }).errors, [])
})

test('errors come in the order of the schema, whatever the order of the values', async () => {
  const text =
    '{"properties":{"traits":{"properties":{"b":{"type":"string"},"10":{"type":"string"},"a":{"type":"string"}}}}}'
  const schema = await compileIdentitySchema(text)
  assert.deepEqual(
    schema.validate({ a: 1, b: 1, 10: 1 }).errors.map((error) => error.instancePointer),
    ['#/traits/b', '#/traits/10', '#/traits/a'],
  )
})

test('errors say where the value and the rule are', async () => {
  const schema = await compile(
    {
      properties: {
        'a/b~c': { $ref: '#/definitions/short' },
        n: { type: 'object', properties: { x: { minimum: 1 } } },
      },
    },
    { definitions: { short: { maxLength: 1 } } },
  )
  assert.deepEqual(
    schema.validate({ 'a/b~c': 'xx', n: { x: 0 } }).errors.map((e) => [e.instancePointer, e.schemaPointer]),
    [
      ['#/traits/a~1b~0c', '#/definitions/short/maxLength'],
      ['#/traits/n/x', '#/properties/traits/properties/n/properties/x/minimum'],
    ],
  )
})

test('members called __proto__ are members', async () => {
  const schema = await compile({ additionalProperties: false })
  assert.equal(schema.validate(JSON.parse('{"__proto__":1}')).errors.length, 1)
  assert.equal(schema.validate({}).errors.length, 0)
})

test('a long list of errors is cut off', async () => {
  const schema = await compile({ properties: { l: { items: { type: 'string' } }, u: { uniqueItems: true } } })
  const { errors } = schema.validate({
    l: Array.from({ length: 5000 }, () => 1),
    u: Array.from({ length: 100_000 }, () => 1),
  })
  assert.ok(errors.length >= 100 && errors.length <= 300, String(errors.length))
})

test('a schema that multiplies its own work is stopped', async () => {
  const definitions: Record<string, unknown> = { d0: { type: 'string' } }
  for (let i = 1; i <= 20; i++)
    definitions[`d${i}`] = { allOf: [{ $ref: `#/definitions/d${i - 1}` }, { $ref: `#/definitions/d${i - 1}` }] }
  const schema = await compile({ properties: { a: { $ref: '#/definitions/d20' } } }, { definitions })
  assert.ok(schema.validate({ a: 'x' }).errors.some(({ keyword }) => keyword === 'limit'))
})

test('drafts differ in what they know', async () => {
  const as = (draft: string) => ({ $schema: `http://json-schema.org/draft-0${draft}/schema#` })
  const ids = async (schema: unknown, value: unknown, draft: string) =>
    (await messages(schema, value, as(draft))).map((m) => Number(m.slice(0, 7)))
  assert.deepEqual(await ids({ const: 1 }, 2, '4'), [])
  assert.deepEqual(await ids({ exclusiveMinimum: 1 }, 1, '4'), [])
  assert.deepEqual(await ids({ minimum: 1, exclusiveMinimum: true }, 1, '4'), [4000019])
  assert.deepEqual(await ids({ maximum: 1, exclusiveMaximum: false }, 1, '4'), [])
  assert.deepEqual(await ids({ contains: {}, propertyNames: false, if: {}, then: false }, [], '4'), [])
  assert.deepEqual(await ids({ const: 1 }, 2, '6'), [4000029])
  assert.deepEqual(await ids({ exclusiveMinimum: 1 }, 1, '6'), [4000019])
  assert.deepEqual(await ids({ if: true, then: false }, 1, '6'), [])
  assert.deepEqual(await ids({ if: { const: 5 }, then: false }, 5, '7'), [4000001])
})

test('marks are found in the order of the schema, on branches that match', async () => {
  const mark = { 'ory.sh/kratos': { credentials: { password: { identifier: true } } } }
  const schema = await compile(
    {
      properties: {
        choice: {
          anyOf: [
            { format: 'email', ...mark },
            { ...mark, minLength: 2 },
          ],
        },
        one: {
          oneOf: [
            { type: 'integer', ...mark },
            { type: 'string', ...mark },
          ],
        },
        list: { type: 'array', items: { $ref: '#/definitions/marked' } },
        pair: { type: 'array', items: [{}, mark] },
        map: { patternProperties: { '^p': mark }, additionalProperties: mark },
        cond: { if: mark, then: mark, else: false },
        no: { not: { type: 'object', ...mark } },
        has: { contains: mark },
        none: mark,
        every: { allOf: [mark] },
      },
    },
    { definitions: { marked: mark } },
  )
  const traits = {
    every: 'e',
    none: null,
    has: ['h'],
    no: 'n',
    cond: 'c',
    map: { q: 'm2', p: 'm1' },
    pair: ['x', 'p'],
    list: ['l1', 'l2'],
    one: 's',
    choice: 'user',
  }
  const { errors, hits } = schema.validate(traits)
  assert.deepEqual(errors, [])
  assert.deepEqual(
    hits.map(({ pointer, value }) => `${pointer}=${String(value)}`),
    [
      '#/traits/choice=user',
      '#/traits/one=s',
      '#/traits/list/0=l1',
      '#/traits/list/1=l2',
      '#/traits/pair/1=p',
      '#/traits/map/q=m2',
      '#/traits/map/p=m1',
      '#/traits/cond=c',
      '#/traits/every=e',
    ],
  )
})

test('a schema that is broken names the place', async () => {
  await assert.rejects(
    compile({ properties: { a: { minLength: -1 } } }),
    (error) => error instanceof SchemaProblem && error.pointer === '#/properties/traits/properties/a/minLength',
  )
})
