import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CompileOptions } from './compile.ts'
import { SchemaProblem } from './problem.ts'
import { compileIdentitySchema } from './schema.ts'

const text = (traits: unknown, rest: object = {}) => JSON.stringify({ properties: { traits }, ...rest })

const refused = (document: string, pointer: string | RegExp, options?: CompileOptions) =>
  assert.rejects(compileIdentitySchema(document, options), (error) => {
    assert.ok(error instanceof SchemaProblem, String(error))
    if (typeof pointer === 'string') assert.equal(error.pointer, pointer, error.message)
    else assert.match(error.message, pointer)
    return true
  })

test('a schema is of draft 4, 6 or 7, and says so with the number sign', async () => {
  for (const name of ['schema', 'draft-07/schema', 'draft-06/schema', 'draft-04/schema']) {
    await compileIdentitySchema(text({}, { $schema: `http://json-schema.org/${name}#` }))
    await refused(text({}, { $schema: `http://json-schema.org/${name}` }), '#/$schema')
    await refused(text({}, { $schema: `https://json-schema.org/${name}#` }), '#/$schema')
  }
  await refused(text({}, { $schema: 'https://json-schema.org/draft/2020-12/schema' }), '#/$schema')
  await refused(text({}, { $schema: 7 }), '#/$schema')
})

/** What breaks the rules of drafts: the schema of the trait `a`, and where in it. */
const broken: [schema: unknown, at: string, drafts?: number[]][] = [
  [5, ''],
  [null, ''],
  [true, '', [4]],
  [{ type: 'text' }, '/type'],
  [{ type: [] }, '/type'],
  [{ type: ['string', 'string'] }, '/type'],
  [{ enum: 'a' }, '/enum'],
  [{ enum: [] }, '/enum', [4, 6]],
  [{ enum: [1, 1.0] }, '/enum', [4, 6]],
  [{ minLength: -1 }, '/minLength'],
  [{ maxLength: 1.5 }, '/maxLength'],
  [{ minimum: '1' }, '/minimum'],
  [{ exclusiveMinimum: true }, '/exclusiveMinimum', [6, 7]],
  [{ exclusiveMinimum: true }, '/exclusiveMinimum', [4]],
  [{ multipleOf: 0 }, '/multipleOf'],
  [{ uniqueItems: 1 }, '/uniqueItems'],
  [{ required: 'a' }, '/required'],
  [{ required: [] }, '/required', [4]],
  [{ required: ['a', 'a'] }, '/required'],
  [{ required: [1] }, '/required'],
  [{ pattern: '(' }, '/pattern'],
  [{ pattern: '(?=a)' }, '/pattern'],
  [{ pattern: '(a)\\1' }, '/pattern'],
  [{ patternProperties: { '(': {} } }, '/patternProperties'],
  [{ properties: [] }, '/properties'],
  [{ properties: { b: { type: 1 } } }, '/properties/b/type'],
  [{ items: 5 }, '/items'],
  [{ items: [{ minLength: 'x' }] }, '/items/0/minLength'],
  [{ items: [] }, '/items', [4]],
  [{ allOf: [] }, '/allOf'],
  [{ anyOf: {} }, '/anyOf'],
  [{ oneOf: [1] }, '/oneOf/0'],
  [{ additionalProperties: 'no' }, '/additionalProperties'],
  [{ dependencies: { a: [1] } }, '/dependencies/a'],
  [{ dependencies: { a: [] } }, '/dependencies/a', [4]],
  [{ contains: 1 }, '/contains', [6, 7]],
  [{ if: 1 }, '/if', [7]],
  [{ title: 1 }, '/title'],
  [{ readOnly: 'yes' }, '/readOnly', [7]],
  [{ definitions: { unused: { pattern: '(' } } }, '/definitions/unused/pattern'],
]

for (const [schema, at, only = [4, 6, 7]] of broken) {
  test(`${JSON.stringify(schema)} breaks draft ${only.join(', ')}`, async () => {
    for (const draft of only) {
      const document = text(
        { properties: { a: schema } },
        { $schema: `http://json-schema.org/draft-0${draft}/schema#` },
      )
      await refused(document, `#/properties/traits/properties/a${at}`)
    }
  })
}

test('what a draft does not know may be anything in it', async () => {
  await compileIdentitySchema(
    text(
      { properties: { a: { if: 1, contains: 1, readOnly: 1, $id: 1 } } },
      { $schema: 'http://json-schema.org/draft-04/schema#' },
    ),
  )
  await compileIdentitySchema(
    text(
      { properties: { a: { if: 1, myOwn: { pattern: '(' }, default: { type: 7 } } } },
      { $schema: 'http://json-schema.org/draft-06/schema#' },
    ),
  )
})

test("the server's own keyword has no members but its own", async () => {
  const at = (value: unknown) => text({ properties: { a: { type: 'array', items: { 'ory.sh/kratos': value } } } })
  const where = '#/properties/traits/properties/a/items/ory.sh~1kratos'
  await refused(at('x'), where)
  await refused(at({ foo: 1 }), `${where}/foo`)
  await refused(at({ credentials: { password: { identifier: 'yes' } } }), `${where}/credentials/password/identifier`)
  await refused(at({ credentials: { oidc: {} } }), `${where}/credentials/oidc`)
  await refused(at({ verification: { via: 'pigeon' } }), `${where}/verification/via`)
  await refused(at({ recovery: true }), `${where}/recovery`)
  await compileIdentitySchema(
    at({ credentials: { code: { identifier: true, via: 'sms' } }, organizations: { matcher: 'email_domain' } }),
  )
})

test('what is no schema document is refused', async () => {
  await refused('', /no JSON/)
  await refused('{', /no JSON/)
  await refused('[]', /object/)
  await refused('true', /object/)
  await refused(`{"a":"${'x'.repeat(1024 * 1024)}"}`, /larger/)
  await refused('{"properties":'.repeat(70) + '{}' + '}'.repeat(70), /deeper/)
})

// -- references ------------------------------------------------------------------------------------------------------

/** Compiles a schema whose trait `a` refers to something, and says whether it takes a value. */
async function takes(reference: string, value: unknown, rest: object = {}, options?: CompileOptions): Promise<boolean> {
  const schema = await compileIdentitySchema(
    text({ properties: { a: { $ref: reference, type: 'object' } } }, rest),
    options,
  )
  return schema.validate({ a: value }).errors.length === 0
}

test('references inside of the document are followed, keywords beside them ignored', async () => {
  const definitions = { short: { maxLength: 2 }, 'a/b~c d': { maxLength: 2 }, list: [{ maxLength: 2 }] }
  for (const reference of ['#/definitions/short', '#/definitions/a~1b~0c%20d', '#/x/list/0']) {
    const rest = {
      definitions: { short: definitions.short, 'a/b~c d': definitions['a/b~c d'] },
      x: { list: definitions.list },
    }
    assert.equal(await takes(reference, 'ab', rest), true, reference)
    assert.equal(await takes(reference, 'abc', rest), false, reference)
  }
})

test('a part with an address of its own is found by it', async () => {
  const definitions = {
    short: { $id: '#short', maxLength: 2 },
    far: { $id: 'far.json', maxLength: 3, definitions: { x: { maxLength: 1 } } },
  }
  const rest = { $id: 'https://example.test/person.json', definitions }
  assert.equal(await takes('#short', 'abc', rest), false)
  assert.equal(await takes('far.json', 'abcd', rest), false)
  assert.equal(await takes('https://example.test/far.json', 'abc', rest), true)
  assert.equal(await takes('far.json#/definitions/x', 'ab', rest), false)
  assert.equal(await takes('person.json#/definitions/short', 'abc', rest), false)
  const old = {
    $schema: 'http://json-schema.org/draft-04/schema#',
    definitions: { short: { id: '#short', maxLength: 2 } },
  }
  assert.equal(await takes('#short', 'abc', old), false)
})

test('other documents are loaded once, from where the first one came', async () => {
  const asked: string[] = []
  const loadRef = async (url: string) => {
    asked.push(url)
    return JSON.stringify(
      url.endsWith('b.json') ? { $ref: 'c.json#/definitions/short' } : { definitions: { short: { maxLength: 2 } } },
    )
  }
  assert.equal(await takes('b.json', 'abc', {}, { url: 'https://example.test/schemas/a.json', loadRef }), false)
  assert.deepEqual(asked, ['https://example.test/schemas/b.json', 'https://example.test/schemas/c.json'])
  asked.length = 0
  assert.equal(await takes('sub/b.json#', 'ab', {}, { url: 'file://./schemas/a.json', loadRef }), true)
  assert.deepEqual(asked, ['file://./schemas/sub/b.json', 'file://./schemas/sub/c.json'])
})

test('with references switched off only base64:// leads out of the document', async () => {
  const inline = `base64://${Buffer.from('{"maxLength":2}').toString('base64')}`
  const loadRef = async (url: string) =>
    url.startsWith('base64://') ? Buffer.from(url.slice(9), 'base64').toString() : '{"maxLength":2}'
  assert.equal(await takes(inline, 'abc', {}, { loadRef, disallowRefs: true }), false)
  assert.equal(await takes('#/definitions/x', 'abc', { definitions: { x: {} } }, { loadRef, disallowRefs: true }), true)
  assert.equal(await takes('https://example.test/x', 'abc', {}, { loadRef }), false)
  await assert.rejects(takes('https://example.test/x', 'abc', {}, { loadRef, disallowRefs: true }), SchemaProblem)
  await assert.rejects(takes('file:///etc/passwd', 'abc', {}, { loadRef, disallowRefs: true }), SchemaProblem)
})

test('references that lead nowhere are refused', async () => {
  const to = (reference: string, rest: object = {}) => text({ properties: { a: { $ref: reference } } }, rest)
  const at = '#/properties/traits/properties/a'
  await refused(to('#/definitions/missing'), at)
  await refused(to('#/properties/traits/properties/a/%zz'), /relative reference/)
  await refused(to('#missing'), at)
  await refused(to('#/x', { x: 5 }), '#/x')
  await refused(to('#/x', { x: { minLength: -1 } }), '#/x/minLength')
  await refused(to('other.json'), /no way to read/)
  await refused(to('https://kim:secret@example.test/x?signature=abc'), /https:\/\/example\.test\/x,/, {
    loadRef: async () => {
      throw new Error('not there')
    },
  })
  await refused(to('other.json'), /draft|array|object/i, { loadRef: async () => '[]' })
  await refused(to('other.json'), 'other.json#/minLength', { loadRef: async () => '{"minLength":-1}' })
})

test('a reference that is not needed may lead anywhere', async () => {
  await compileIdentitySchema(text({}, { definitions: { unused: { $ref: '#/nowhere' } } }))
})

test('an endless row of documents is refused', async () => {
  let count = 0
  await refused(text({ $ref: '0.json' }), /more than/, { loadRef: async () => `{"$ref":"${++count}.json"}` })
})

test('schemas that come back to themselves at one place are refused', async () => {
  await refused(text({ properties: { a: { $ref: '#/properties/traits/properties/a' } } }), /circle/)
  await refused(
    text(
      { properties: { a: { $ref: '#/definitions/x' } } },
      { definitions: { x: { $ref: '#/definitions/y' }, y: { $ref: '#/definitions/x' } } },
    ),
    /circle/,
  )
  await refused(
    text(
      { properties: { a: { $ref: '#/definitions/x' } } },
      { definitions: { x: { allOf: [{ anyOf: [{ not: { $ref: '#/definitions/x' } }] }] } } },
    ),
    /circle/,
  )
})

test('schemas that come back to themselves further inside are fine', async () => {
  const tree = {
    type: 'object',
    properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#/definitions/tree' } } },
  }
  const rest = { definitions: { tree } }
  assert.equal(await takes('#/definitions/tree', { children: [{ children: [{ name: 'x' }] }] }, rest), true)
  assert.equal(await takes('#/definitions/tree', { children: [{ children: [{ name: 1 }] }] }, rest), false)
})
