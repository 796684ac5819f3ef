import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compactJson } from './compact-json.ts'

test('white space between tokens goes, white space in strings stays', () => {
  assert.equal(compactJson('{\n  "a b" : [ 1,\t"c \\" : d" ]\r\n}\n'), '{"a b":[1,"c \\" : d"]}')
})

test('members keep their order and numbers their spelling', () => {
  assert.equal(
    compactJson('{ "2": 1.50, "1": 1e2, "big": 12345678901234567890 }'),
    '{"2":1.50,"1":1e2,"big":12345678901234567890}',
  )
})

test('what is no JSON is refused', () => {
  for (const text of ['', '{', '{"a":1}}', "{'a':1}", 'undefined']) assert.throws(() => compactJson(text), SyntaxError)
})

test('a very long string is no trouble', () => {
  const text = JSON.stringify({ long: 'x\\"y '.repeat(200_000) })
  assert.equal(compactJson(text), text)
})
