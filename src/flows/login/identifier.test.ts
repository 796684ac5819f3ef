import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileIdentitySchema } from '../../identities/schema/schema.ts'
import { identifierLabel, spellingsOf } from './identifier.ts'

const marked = (title: string | undefined, credentials: unknown = { password: { identifier: true } }) => ({
  type: 'string',
  ...(title === undefined ? {} : { title }),
  'ory.sh/kratos': { credentials },
})
const schemaOf = (properties: unknown) =>
  compileIdentitySchema(JSON.stringify({ type: 'object', properties: { traits: { type: 'object', properties } } }))
const labelOf = async (properties: unknown) => {
  const { id, context } = identifierLabel(await schemaOf(properties))
  return { id, context }
}

test('the field is called like the one trait that identifies people', async () => {
  const expected = { id: 1070002, context: { name: 'traits.contact.mail', title: 'Mail' } }
  assert.deepEqual(await labelOf({ contact: { type: 'object', properties: { mail: marked('Mail') } } }), expected)
})

test('with several such traits, or none with a title, it has a name that fits all', async () => {
  const general = { id: 1070004, context: undefined }
  assert.deepEqual(await labelOf({ mail: marked('Mail'), name: marked('Name') }), general)
  assert.deepEqual(await labelOf({ mail: marked(undefined) }), general)
  assert.deepEqual(await labelOf({ mail: { type: 'string', title: 'Mail' } }), general)
})

test('traits for other methods count as well', async () => {
  for (const credentials of [
    { code: { identifier: true, via: 'email' } },
    { passkey: { display_name: true } },
    { totp: { account_name: true } },
  ]) {
    assert.equal((await labelOf({ mail: marked('Mail', credentials) })).id, 1070002)
  }
})

test('an identifier is looked for as it was typed, then in its one spelling', () => {
  const normalise = (text: string) => text.trim().toLowerCase()
  assert.deepEqual(spellingsOf(' Ada', normalise), [' Ada', 'ada'])
  assert.deepEqual(spellingsOf('ada', normalise), ['ada'])
  assert.deepEqual(spellingsOf('', normalise), [])
  assert.deepEqual(spellingsOf('a\0', normalise), [])
})
