import type { Db, Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Identity, RecoveryAddress, VerifiableAddress, Via } from '../identity.ts'
import { identityColumns, identityFrom } from '../store.ts'

const tables = { recovery: 'recovery_addresses', verifiable: 'verifiable_addresses' } as const

/**
 * One round trip, as long for an address that nobody has as for any other: then somebody else is read in the owner's place.
 * Of two spellings the first counts more.
 */
async function findOwner(
  db: Db,
  table: keyof typeof tables,
  via: Via,
  spellings: readonly [string, string],
): Promise<{ identity: Identity; addressId: string } | undefined> {
  const addresses = tables[table]
  const [row] = await db.query(
    `select a.id as a_id, a.via as a_via, a.value as a_value, ${identityColumns(db.dialect)}
       from ${addresses} a join identities i on i.id = a.identity_id
      where a.id = coalesce(
              (select w.id from ${addresses} w where w.via = $1 and w.value in ($2, $3)
                order by case when w.value = $2 then 0 else 1 end limit 1),
              (select s.id from ${addresses} s order by s.id limit 1))`,
    [via, ...spellings],
  )
  if (!row) return undefined
  const owner = { identity: identityFrom(row), addressId: row.a_id as string }
  return row.a_via === via && spellings.includes(row.a_value as string) ? owner : undefined
}

/** Who can be recovered through an address, and the address as it is stored. */
export async function findRecoveryAddress(
  db: Db,
  via: Via,
  spellings: readonly [string, string],
): Promise<{ identity: Identity; address: RecoveryAddress } | undefined> {
  const found = await findOwner(db, 'recovery', via, spellings)
  const address = found?.identity.recoveryAddresses.find(({ id }) => id === found.addressId)
  return found && address && { identity: found.identity, address }
}

/** Whose address it is that is to be verified, and the address as it is stored. */
export async function findVerifiableAddress(
  db: Db,
  via: Via,
  spellings: readonly [string, string],
): Promise<{ identity: Identity; address: VerifiableAddress } | undefined> {
  const found = await findOwner(db, 'verifiable', via, spellings)
  const address = found?.identity.verifiableAddresses.find(({ id }) => id === found.addressId)
  return found && address && { identity: found.identity, address }
}

/** Something that proves an address is on its way to it. An address that is verified already stays so. */
export const markAddressSent = (addressId: string, now: Micros): Statement => ({
  sql: `update verifiable_addresses set status = 'sent', updated_at = $2 where id = $1`,
  params: [addressId, now],
})

/** An address has been proven to be its owner's. */
export const markAddressVerified = (
  { identityId, via, value }: { identityId: string; via: Via; value: string },
  now: Micros,
): Statement => ({
  sql: `update verifiable_addresses set verified = $4, status = 'completed', verified_at = $5, updated_at = $5
         where identity_id = $1 and via = $2 and value = $3`,
  params: [identityId, via, value, true, now],
})
