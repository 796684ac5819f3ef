import type { Statement } from '../db/db.ts'
import type { Micros } from '../lib/clock.ts'
import { withAddress } from './address.ts'
import { markAddressVerified } from './addresses/store.ts'
import type { Identity, Via } from './identity.ts'

/**
 * What follows when the owner of an identity has shown that an address is theirs, as by a code that was sent there:
 * the address counts as verified, if it is one that is to be verified.
 */
export function withProvenAddress<I extends Identity>(
  identity: I,
  { via, address }: { via: Via; address: string },
  now: Micros,
): { identity: I; statements: Statement[] } {
  const which = { via, value: address }
  const known = identity.verifiableAddresses.find((a) => a.via === via && a.value === address)
  if (!known || (known.verified && known.status === 'completed')) return { identity, statements: [] }
  return {
    identity: withAddress(identity, which, { verified: true, status: 'completed', verifiedAt: now, updatedAt: now }),
    statements: [markAddressVerified({ identityId: identity.id, ...which }, now)],
  }
}
