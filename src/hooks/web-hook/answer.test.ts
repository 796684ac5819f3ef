import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HookRefusal } from '../../flows/hook.ts'
import * as normalisers from '../../identities/normalise.ts'
import { DecodeError } from '../../lib/decode.ts'
import { RawJson } from '../../lib/json.ts'
import { identityOf } from '../../../test/support/sessions.ts'
import { readChange, readRefusal, withChange } from './answer.ts'

const text = (value: unknown) => JSON.stringify(value)

test('texts stand where their pointers lead, in order; whatever is no error informs', () => {
  const { problems } = readRefusal(
    text({
      messages: [
        { instance_ptr: '#/traits/name/first', messages: [{ id: 1, text: 'a', type: 'error', context: { b: 1 } }] },
        { instance_ptr: '#/', messages: [{ id: 2, text: 'c', type: 'success' }] },
        { messages: [{ id: 3, text: 'd' }] },
        { instance_ptr: '#/password' },
      ],
    }),
  )
  assert.deepEqual(problems, [
    { node: 'traits.name.first', message: { id: 1, text: 'a', type: 'error', context: { b: 1 } } },
    { node: undefined, message: { id: 2, text: 'c', type: 'info' } },
    { node: undefined, message: { id: 3, text: 'd', type: 'info' } },
  ])
})

for (const body of [
  '',
  'no',
  '[]',
  '{}',
  '{"messages":[]}',
  '{"messages":[{"messages":[{"id":"1"}]}]}',
  '{"messages":[]} x',
])
  test(`${JSON.stringify(body)} says nothing to anybody`, () => {
    assert.throws(() => readRefusal(body))
  })

const change = (changes: Record<string, unknown>, before = identityOf()) =>
  withChange(
    { schemas: { has: (id) => id === 'person' || id === 'customer' }, normalisers, clock: { now: () => 7 } },
    before,
    readChange(text({ identity: changes }))!,
  )

test('an answer that says nothing about the identity changes nothing', () => {
  assert.equal(readChange('{}'), undefined)
  assert.equal(readChange('{"identity":null}'), undefined)
  assert.throws(() => readChange(''), DecodeError)
  assert.throws(() => readChange('{"identity":{"verifiable_addresses":[{"verified":"yes"}]}}'), DecodeError)
})

test('what an answer names takes the place of what was there; empty and null are no values', () => {
  const before = { ...identityOf(), externalId: 'x', metadataPublic: RawJson.of({ old: true }) }
  const after = change(
    { traits: { n: 1.0 }, schema_id: 'customer', metadata_public: null, metadata_admin: { a: 1 }, state: '', id: 'y' },
    before,
  )
  assert.equal(after.id, before.id)
  assert.deepEqual(after.traits.value, { n: 1 })
  assert.equal(after.schemaId, 'customer')
  assert.deepEqual(after.metadataPublic?.value, { old: true })
  assert.deepEqual(after.metadataAdmin?.value, { a: 1 })
  assert.deepEqual([after.state, after.externalId], ['active', 'x'])
  assert.equal(change({ external_id: '' }, before).externalId, undefined)
  assert.equal(change({ external_id: null }, before).externalId, undefined)
  assert.equal(change({ external_id: 'z' }, before).externalId, 'z')
})

test('an address that the identity has keeps its id when it is called verified', () => {
  const address = { id: 'a', via: 'email', value: 'ada@shop.example', verified: false, status: 'pending' } as const
  const before = { ...identityOf(), verifiableAddresses: [{ ...address, createdAt: 1, updatedAt: 1 }] }
  const known = { via: 'email', value: 'Ada@Shop.example', verified: true, status: 'completed' }
  const other = { via: 'email', value: 'eve@shop.example' }
  const after = change({ verifiable_addresses: [known, other] }, before).verifiableAddresses
  assert.deepEqual(
    after.map(({ id, value, verified, verifiedAt }) => [id === 'a', value, verified, verifiedAt]),
    [
      [true, 'ada@shop.example', true, 7],
      [false, 'eve@shop.example', false, undefined],
    ],
  )
  assert.deepEqual(change({ verifiable_addresses: [] }, before).verifiableAddresses, before.verifiableAddresses)
})

test('a schema or state that does not exist is refused on the form', () => {
  for (const changes of [{ schema_id: 'absent' }, { state: 'sleeping' }])
    assert.throws(
      () => change(changes),
      (error) => error instanceof HookRefusal && error.ofChange,
    )
  assert.deepEqual([change({ state: 'inactive' }).state, change({ state: 'inactive' }).stateChangedAt], ['inactive', 7])
})
