import type { Db } from '../../db/db.ts'
import type { IdentityWithCredentials, Via } from '../../identities/identity.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'

const statements = {
  verifiable: 'select identity_id from verifiable_addresses where via = $1 and value = $2',
  recovery: 'select identity_id from recovery_addresses where via = $1 and value = $2',
}

/** The identity that an address belongs to. `value` is normalised. */
export async function findIdentityByAddress(
  db: Db,
  kind: keyof typeof statements,
  { via, value }: { via: Via; value: string },
): Promise<IdentityWithCredentials | undefined> {
  const [row] = await db.query<{ identity_id: string }>(statements[kind], [via, value])
  return row && findIdentityWithCredentials(db, row.identity_id)
}
