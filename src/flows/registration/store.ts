import { placeholders, type Db } from '../../db/db.ts'
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

/** Whether somebody signs in with one of these identifiers already. */
export async function isTaken(db: Db, identifiers: readonly string[]): Promise<boolean> {
  const rows = await db.query(
    `select 1 as one from identity_credential_identifiers where type = 'password' and identifier in (${placeholders(identifiers.length)})`,
    identifiers,
  )
  return rows.length > 0
}
