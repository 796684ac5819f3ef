import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { base64, DecodeError, decodeJson, flag, integer, listOf, moment, objectOf, raw, text, uuid } from './decode.ts'

const person = objectOf({
  name: text,
  age: integer,
  admin: flag,
  id: uuid,
  since: moment,
  key: base64,
  extra: raw,
  friends: listOf(objectOf({ name: text }), {}),
})
const strict = (body: string) => decodeJson(body, person, { strict: true })
const lenient = (body: string) => decodeJson(body, person, { strict: false })

describe('decoding JSON', () => {
  test('members are read by their names, in any letters', () => {
    assert.deepEqual(strict('{"Name":"Ada","AGE":36,"admin":true}'), { name: 'Ada', age: 36, admin: true })
    assert.deepEqual(strict('{"\u017fince":"2026-07-01T10:00:00Z"}'), { since: 1_782_900_000_000_000 })
  })

  test('letters of names count where that is asked for', () => {
    assert.deepEqual(decodeJson('{"Name":"Ada","age":1}', person, { strict: false, exactNames: true }), { age: 1 })
  })

  test('null is as good as nothing, but for what is passed through', () => {
    assert.deepEqual(strict('{"name":null,"friends":null}'), {})
    assert.equal(strict('{"extra":null}')?.extra?.text, 'null')
    assert.equal(strict('null'), undefined)
    assert.deepEqual(strict('{"friends":[null,{"name":"Bob"}]}'), { friends: [{}, { name: 'Bob' }] })
  })

  test('what is passed through keeps the spelling of numbers and loses white space', () => {
    const body = strict('{"extra": {"big": 12345678901234567890, "list": [1.10, 1e2, -0]}}')
    assert.equal(body?.extra?.text, '{"big":12345678901234567890,"list":[1.10,1e2,-0]}')
  })

  test('unknown members are refused anywhere, or left out', () => {
    assert.throws(() => strict('{"surprise":1}'), DecodeError)
    assert.throws(
      () => strict('{"friends":[{"surprise":1}]}'),
      /"friends\.0" has a member that is unknown here: "surprise"/,
    )
    assert.deepEqual(lenient('{"surprise":1,"friends":[{"surprise":1}]}'), { friends: [{}] })
    assert.deepEqual(lenient('{"__proto__":{"name":"x"},"constructor":1}'), {})
  })

  test('other types than asked for are refused, by the name of the place and never with the value', () => {
    for (const body of [
      '{"name":"sesame","age":"sesame"}',
      '{"age":1.5}',
      '{"age":12345678901234567890}',
      '{"admin":"yes"}',
      '{"admin":0}',
      '{"name":1.10}',
      '{"id":"sesame"}',
      '{"since":"sesame"}',
      '{"since":5}',
      '{"key":"sesame!="}',
      '{"key":"abc"}',
      '{"friends":{}}',
      '{"friends":["sesame"]}',
      '{"friends":[[]]}',
      '[]',
      '"sesame"',
      '7',
      '1.10',
    ]) {
      assert.throws(
        () => strict(body),
        (error) => error instanceof DecodeError && !error.message.includes('sesame'),
        body,
      )
    }
  })

  test('identifiers may be spelt in several ways', () => {
    const spelt = strict('{"id":"{5F0E9A7D-1F1C-4A1E-8F4B-3B0A2F6C1D14}"}')
    assert.equal(spelt?.id, '5f0e9a7d-1f1c-4a1e-8f4b-3b0a2f6c1d14')
  })

  test('NUL is refused in texts that a database has to keep', () => {
    assert.throws(() => strict('{"name":"a\\u0000b"}'), DecodeError)
  })

  test('only the first value counts, unless the whole text has to be one', () => {
    assert.deepEqual(strict(' {"age":1} {"age":2} nonsense'), { age: 1 })
    assert.throws(() => decodeJson('{"age":1} {}', person, { strict: true, whole: true }), DecodeError)
  })

  test('what is no JSON is refused', () => {
    for (const body of ['', '  ', '{', '{"a"', '{"name":"x}', 'name=Ada', '{,}', "{'name':1}", '}']) {
      assert.throws(() => strict(body), DecodeError, body)
    }
  })

  test('a text that nests too deeply is refused', () => {
    assert.throws(() => strict(`{"extra":${'['.repeat(600)}${']'.repeat(600)}}`), DecodeError)
    assert.throws(() => strict('['.repeat(1_000_000)), DecodeError)
  })
})
