import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryJson } from './gjson.ts'

const value = {
  id: 'i1',
  'dotted.name': 1,
  traits: { email: 'ada@shop.example', tags: ['a', 'b'] },
  addresses: [
    { via: 'email', value: 'ada@shop.example', verified: true, tries: 3 },
    { via: 'sms', value: '+4930', verified: false, tries: 1 },
    { via: 'email', value: 'ada@home.example', verified: false, tries: 2 },
  ],
}

const cases: [path: string, found: unknown][] = [
  ['id', 'i1'],
  ['traits.email', 'ada@shop.example'],
  ['traits.tags.1', 'b'],
  ['traits.tags.7', undefined],
  ['traits.missing.deeper', undefined],
  ['dotted\\.name', 1],
  ['tra*.em?il', 'ada@shop.example'],
  ['addresses.#', 3],
  ['addresses.#.via', ['email', 'sms', 'email']],
  ['addresses.#.missing', []],
  ['addresses.#(via=="email").value', 'ada@shop.example'],
  ['addresses.#(via=="email")#.value', ['ada@shop.example', 'ada@home.example']],
  ['addresses.#(tries>1)#|#', 2],
  ['addresses.#(tries<=1).via', 'sms'],
  ['addresses.#(value%"*@home.*").tries', 2],
  ['addresses.#(verified==true).tries', 3],
  ['addresses.#(via!="email").value', '+4930'],
  ['traits.tags.#(=="b")', 'b'],
  ['traits|@keys', ['email', 'tags']],
  ['traits.tags.@reverse.0', 'b'],
  ['toString', undefined],
  ['@this.id', 'i1'],
]

for (const [path, found] of cases)
  test(`${path} leads to ${JSON.stringify(found) ?? 'nothing'}`, () => {
    assert.deepEqual(queryJson(value, path), found)
  })
