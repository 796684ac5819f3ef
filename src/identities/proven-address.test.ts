import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testDatabases } from '../../test/support/databases.ts'
import { storedIdentity } from '../../test/support/sessions.ts'
import { newUuid } from '../lib/uuid.ts'
import type { VerifiableAddress } from './identity.ts'
import { withProvenAddress } from './proven-address.ts'
import { findIdentity } from './store.ts'

const pending = (value: string): VerifiableAddress => ({
  id: newUuid(),
  via: 'email',
  value,
  verified: false,
  status: 'pending',
  createdAt: 1,
  updatedAt: 1,
})

for (const { name, open } of testDatabases())
  test(`${name}: the address that was proved is verified, the others stay as they are`, async () => {
    const db = await open()
    const [proven, other] = [pending('ada@example.test'), pending('countess@example.test')]
    const ada = await storedIdentity(db, { verifiableAddresses: [proven, other] })
    const { identity, statements } = withProvenAddress(ada, { via: 'email', address: proven.value }, 7)
    await db.batch(statements)
    const stored = await findIdentity(db, ada.id)
    const byId = (list: readonly VerifiableAddress[]) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(byId(stored!.verifiableAddresses), byId(identity.verifiableAddresses))
    assert.deepEqual(
      identity.verifiableAddresses.map(({ verified, verifiedAt }) => ({ verified, verifiedAt })),
      [
        { verified: true, verifiedAt: 7 },
        { verified: false, verifiedAt: undefined },
      ],
    )
    assert.deepEqual(withProvenAddress(identity, { via: 'email', address: proven.value }, 8).statements, [])
    assert.deepEqual(withProvenAddress(identity, { via: 'sms', address: proven.value }, 8).statements, [])
  })
