import type { Statement } from '../db/db.ts'
import type { Micros } from '../lib/clock.ts'
import type { Identity, Via } from './identity.ts'
import { completeVerification } from './store.ts'

/**
 * What follows when the owner of an identity has shown that an address is theirs, as by a code that was sent there:
 * the address counts as verified, if it is one that is to be verified.
 */
export function withProvenAddress<I extends Identity>(
  identity: I,
  { via, address }: { via: Via; address: string },
  now: Micros,
): { identity: I; statements: Statement[] } {
  const proven = identity.verifiableAddresses.find((a) => a.via === via && a.value === address)
  if (!proven || (proven.verified && proven.status === 'completed')) return { identity, statements: [] }
  const completed = { ...proven, verified: true, status: 'completed' as const, verifiedAt: now, updatedAt: now }
  return {
    identity: {
      ...identity,
      verifiableAddresses: identity.verifiableAddresses.map((a) => (a === proven ? completed : a)),
    },
    statements: [completeVerification(proven.id, now)],
  }
}
