import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstJsonText, memberTexts, OrderedObject, parseOrdered, unordered } from './ordered-json.ts'

test('members keep their order, also those that look like numbers', () => {
  const value = parseOrdered('{"b":1,"10":{"2":0,"1":0},"a":[true,null]}') as OrderedObject
  assert.deepEqual([...value.keys()], ['b', '10', 'a'])
  assert.deepEqual([...(value.get('10') as OrderedObject).keys()], ['2', '1'])
  assert.deepEqual(unordered(value), { b: 1, 10: { 1: 0, 2: 0 }, a: [true, null] })
})

test('every kind of value is read as JSON.parse reads it', () => {
  for (const text of [
    '0',
    '-1.5e+3',
    '" \\u00e4\\n\\"x"',
    ' [ ] ',
    '{ }',
    '[1,[2,{"a":{"b":[]}}]]',
    'true',
    'null',
    '{"__proto__":1}',
  ]) {
    assert.deepEqual(unordered(parseOrdered(text)), JSON.parse(text), text)
  }
})

test('what JSON.parse refuses is refused', () => {
  for (const text of [
    '',
    '{',
    '[1,]',
    '{"a":}',
    '{"a" 1}',
    '{a:1}',
    "'a'",
    '01',
    '1.',
    '"\t"',
    '"\\x"',
    'tru',
    'nulll',
    '{} {}',
    '[1 2]',
    'undefined',
    '+1',
  ]) {
    assert.throws(() => JSON.parse(text), SyntaxError)
    assert.throws(() => parseOrdered(text), SyntaxError, text)
  }
})

test('the last of two values of one key counts', () => {
  assert.deepEqual(unordered(parseOrdered('{"a":1,"b":2,"a":3}')), { a: 3, b: 2 })
})

test('numbers remember their spelling', () => {
  const value = parseOrdered('{"a":7.0,"b":1e2,"c":3}') as OrderedObject
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => value.spelling(key)),
    ['7.0', '1e2', '3'],
  )
})

test('deep nesting is an error, not a crash', () => {
  assert.throws(() => parseOrdered('['.repeat(100_000)), SyntaxError)
  assert.throws(() => parseOrdered('[[[]]]', { maxDepth: 1 }), /deeper than 1/)
  assert.equal(firstJsonText(`${'['.repeat(600)}${']'.repeat(600)}`), undefined)
})

test('the first value of a text ends where it ends', () => {
  const cases: [string, string | undefined][] = [
    [' {"a":"}\\"{"} trailing', '{"a":"}\\"{"}'],
    ['[1,[2]]]', '[1,[2]]'],
    ['"a b"c', '"a b"'],
    ['12 13', '12'],
    ['null', 'null'],
    ['', undefined],
    [' \n', undefined],
    ['{"a":1', undefined],
    ['"open', undefined],
  ]
  for (const [text, first] of cases) assert.equal(firstJsonText(text), first, text)
})

test('members are cut out as they are written', () => {
  const text = '{ "a" : 1.50 , "b":{"x": [1, "}"]},"\\u0063":"t,\\"", "d":[ ] ,"e":null}'
  assert.deepEqual(memberTexts(text), [
    ['a', '1.50'],
    ['b', '{"x": [1, "}"]}'],
    ['c', '"t,\\""'],
    ['d', '[ ]'],
    ['e', 'null'],
  ])
  assert.deepEqual(memberTexts('{}'), [])
})

test('a text that does not end is noticed at once', () => {
  const start = performance.now()
  assert.throws(() => parseOrdered(`{"a":"${'x'.repeat(100_000)}`), SyntaxError)
  assert.throws(() => parseOrdered(`"${'x\\"'.repeat(100_000)}`), SyntaxError)
  assert.ok(performance.now() - start < 1000)
})
