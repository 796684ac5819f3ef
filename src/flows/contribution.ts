import type { Statement } from '../db/db.ts'
import type { IdentityWithCredentials } from '../identities/identity.ts'
import type { StartedVerification } from './verification/start.ts'
import type { ContinueWith } from './wire.ts'

/** What a hook adds to what is about to be stored and to its answer. */
export type Contribution = {
  /** The identity with what the hook changed. */
  identity?: IdentityWithCredentials
  /** Stored in one transaction with the identity. */
  statements?: readonly Statement[]
  continueWith?: readonly ContinueWith[]
  /** The verification that has begun, for hooks that come later. */
  verification?: StartedVerification
  /** Called once everything is stored. */
  onStored?: () => void
}

/** What hooks before and the next one contribute, together; where only one can hold, the later one does. */
export function joined<C extends Contribution>(before: C, own: C): C {
  const notified = [before.onStored, own.onStored]
  return {
    ...before,
    ...own,
    statements: [...(before.statements ?? []), ...(own.statements ?? [])],
    continueWith: [...(before.continueWith ?? []), ...(own.continueWith ?? [])],
    onStored: () => notified.forEach((notify) => notify?.()),
  }
}

/** Runs hooks one after another, each with the identity as the ones before left it. */
export async function contributionsOf<E extends { identity: IdentityWithCredentials }, C extends Contribution>(
  hooks: readonly ((event: E, before: C | Contribution) => C | Promise<C>)[],
  event: E,
): Promise<C | Contribution> {
  let all: C | Contribution = {}
  for (const hook of hooks)
    all = joined<C | Contribution>(all, await hook({ ...event, identity: all.identity ?? event.identity }, all))
  return all
}
