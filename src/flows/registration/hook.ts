import type { ContinueWith } from '../wire.ts'
import type { Flow } from '../flow.ts'
import type { Statement } from '../../db/db.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Session } from '../../sessions/session.ts'
import type { StartedVerification } from '../verification/start.ts'

/** A registration that is about to be stored. */
export type Registration = {
  request: Request
  flow: Flow
  client: Client
  identity: IdentityWithCredentials
  session: Session
  /** What the client gave along; empty when nothing. */
  transientPayload: Json
}

/**
 * What may change an identity or keep it from being stored.
 * @returns the identity as it should be, or nothing
 * @throws HookRefusal for what the person has to mend
 */
export type HookBeforeStoring = (
  registration: Omit<Registration, 'session'>,
) => Promise<IdentityWithCredentials | undefined>

/** What is told once everything is stored. @throws ApiError to answer with that instead; what is stored stays */
export type HookAfterStoring = (registration: Registration) => Promise<unknown>

/** What a hook adds to a registration and to its answer. */
export type Contribution = {
  /** The identity with what the hook changed. */
  identity?: IdentityWithCredentials
  /** Stored in one transaction with the identity. */
  statements?: readonly Statement[]
  continueWith?: readonly ContinueWith[]
  /** Whether the session is handed out. */
  signsIn?: boolean
  /** Where a page load ends instead of `return_to`. */
  pageUrl?: string
  /** The verification that has begun, for hooks that come later. */
  verification?: StartedVerification
  /** Called once everything is stored. */
  onStored?: () => void
}

/** What happens once a method is content. Hooks run in order; each sees what the ones before contributed. */
export type RegistrationHook = (
  registration: Registration,
  before: Contribution,
) => Contribution | Promise<Contribution>

/** Runs hooks one after another and puts together what they contribute. */
export async function contributionsOf(
  hooks: readonly RegistrationHook[],
  registration: Registration,
): Promise<Contribution> {
  let all: Contribution = {}
  for (const hook of hooks) {
    const own = await hook({ ...registration, identity: all.identity ?? registration.identity }, all)
    const notified = [all.onStored, own.onStored]
    all = {
      ...all,
      ...own,
      statements: [...(all.statements ?? []), ...(own.statements ?? [])],
      continueWith: [...(all.continueWith ?? []), ...(own.continueWith ?? [])],
      onStored: () => notified.forEach((notify) => notify?.()),
    }
  }
  return all
}
