import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileIdentitySchema } from '../../identities/schema/schema.ts'
import { RawJson } from '../../lib/json.ts'
import { accountNameOf } from './account-name.ts'

const marked = { 'ory.sh/kratos': { credentials: { totp: { account_name: true } } } }
const schema = await compileIdentitySchema(
  JSON.stringify({
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { traits: { type: 'object', properties: { b: marked, a: marked, other: { type: 'string' } } } },
  }),
)
const nameOf = (traits: object) => accountNameOf(schema, { id: 'the-id', traits: RawJson.of(traits) })

test('the last of the marked traits names the account', () => {
  assert.equal(nameOf({ a: 'A', b: 'B', other: 'C' }), 'A')
  assert.equal(nameOf({ b: 'B' }), 'B')
})

test('a number is a name, too', () => assert.equal(nameOf({ a: 4711 }), '4711'))

test('without any the id does', () => {
  for (const traits of [{}, { other: 'C' }, { a: '' }]) assert.equal(nameOf(traits), 'the-id')
})
