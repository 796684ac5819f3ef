import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testDatabases } from '../../../test/support/databases.ts'
import { storedIdentity } from '../../../test/support/sessions.ts'
import { newUuid } from '../../lib/uuid.ts'
import type { Via } from '../identity.ts'
import { findRecoveryAddress, findVerifiableAddress } from './store.ts'

const moments = { createdAt: 1, updatedAt: 1 }
const recovery = (value: string, via: Via = 'email') => ({ id: newUuid(), value, via, ...moments })
const verifiable = (value: string, via: Via = 'email') => ({
  ...recovery(value, via),
  verified: false,
  status: 'pending' as const,
})

for (const database of testDatabases()) {
  describe(`addresses, on ${database.name}`, () => {
    test('nobody owns an address while there is nobody', async () => {
      const db = await database.open()
      assert.equal(await findRecoveryAddress(db, 'email', ['ada@example.test', 'ada@example.test']), undefined)
    })

    test('an address leads to its owner and to nobody else', async () => {
      const db = await database.open()
      const people = await Promise.all(
        ['ada', 'grace', 'lin'].map((name, index) =>
          storedIdentity(db, {
            recoveryAddresses: [recovery(`${name}@example.test`)],
            verifiableAddresses: [verifiable(`${name}@example.test`), verifiable(`+4930${index}`, 'sms')],
          }),
        ),
      )
      for (const person of people) {
        for (const [find, [address]] of [
          [findRecoveryAddress, person.recoveryAddresses],
          [findVerifiableAddress, person.verifiableAddresses],
        ] as const) {
          const found = await find(db, 'email', [address!.value, address!.value])
          assert.equal(found?.identity.id, person.id)
          assert.equal(found?.address.id, address!.id)
        }
      }
      for (const find of [findRecoveryAddress, findVerifiableAddress]) {
        assert.equal(await find(db, 'email', ['nobody@example.test', 'nobody@example.test']), undefined)
        // The same text by another way is another address.
        assert.equal(await find(db, 'sms', ['ada@example.test', 'ada@example.test']), undefined)
      }
    })

    test('of two spellings that two people have, the first counts', async () => {
      const db = await database.open()
      const [upper, lower] = await Promise.all(
        ['Ada@example.test', 'ada@example.test'].map((value) =>
          storedIdentity(db, { recoveryAddresses: [recovery(value)] }),
        ),
      )
      const owner = async (...spellings: [string, string]) =>
        (await findRecoveryAddress(db, 'email', spellings))?.identity.id
      assert.equal(await owner('Ada@example.test', 'ada@example.test'), upper!.id)
      assert.equal(await owner('ada@example.test', 'Ada@example.test'), lower!.id)
      assert.equal(await owner('ADA@example.test', 'ada@example.test'), lower!.id)
    })
  })
}
