import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goQuote } from './go-quote.ts'
import { nodeOfPointer, operatorReport } from './report.ts'
import { compileIdentitySchema } from './schema.ts'

test('operators get a line for each error, causes below it', async () => {
  const schema = await compileIdentitySchema(
    JSON.stringify({
      properties: {
        traits: {
          properties: { a: { anyOf: [{ type: 'integer' }, { minLength: 3 }] }, b: { type: 'string' } },
          required: ['c'],
        },
      },
    }),
  )
  assert.equal(
    operatorReport(schema.validate({ a: 'x', b: 1 }).errors),
    [
      'I[#/traits] S[#/properties/traits/required] "c" is missing.',
      'I[#/traits/a] S[#/properties/traits/properties/a/anyOf] This matches none of the forms that are allowed.',
      '  I[#/traits/a] S[#/properties/traits/properties/a/anyOf/0/type] This has to be integer, not string.',
      '  I[#/traits/a] S[#/properties/traits/properties/a/anyOf/1/minLength] This needs 3 characters or more, not 1.',
      'I[#/traits/b] S[#/properties/traits/properties/b/type] This has to be string, not number.',
    ].join('\n'),
  )
})

test('nothing to report is an empty text', () => {
  assert.equal(operatorReport([]), '')
})

test('pointers of web hooks lead to nodes', () => {
  const cases: [string, string | undefined][] = [
    ['#/traits/name/first', 'traits.name.first'],
    ['#/traits/dot.ted', 'traits.dot\\.ted'],
    ['#/traits/a~1b~0c', 'traits.a/b~c'],
    ['#/traits/with%20space', 'traits.with space'],
    ['#/traits/broken%zz', 'traits.broken%zz'],
    ['#/password', 'password'],
    ['#/', undefined],
    ['#', undefined],
    ['', undefined],
    ['traits', undefined],
  ]
  for (const [pointer, node] of cases) assert.equal(nodeOfPointer(pointer), node, pointer)
})

test('texts are quoted as Go does', () => {
  const cases: [string, string][] = [
    ['plain text', '"plain text"'],
    ['"\\', '"\\"\\\\"'],
    ['\u0007\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
    ['\u0001\u007f', '"\\x01\\x7f"'],
    ['ä😀', '"ä😀"'],
    ['\u00a0\u200b\u{e0001}', '"\\u00a0\\u200b\\U000e0001"'],
  ]
  for (const [text, quoted] of cases) assert.equal(goQuote(text), quoted)
})
