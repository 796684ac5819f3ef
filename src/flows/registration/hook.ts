import type { Contribution } from '../contribution.ts'
import type { Flow } from '../flow.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Session } from '../../sessions/session.ts'

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
export type RegistrationContribution = Contribution & {
  /** Whether the session is handed out. */
  signsIn?: boolean
  /** Where a page load ends instead of `return_to`. */
  pageUrl?: string
}

/** What happens once a method is content. Hooks run in order; each sees what the ones before contributed. */
export type RegistrationHook = (
  registration: Registration,
  before: RegistrationContribution,
) => RegistrationContribution | Promise<RegistrationContribution>
