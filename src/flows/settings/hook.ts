import type { Statement } from '../../db/db.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Session } from '../../sessions/session.ts'
import type { Flow } from '../flow.ts'
import type { Problem } from '../form.ts'
import type { Contribution } from '../contribution.ts'
import type { Occasion } from '../hook.ts'
import type { StartedVerification } from '../verification/start.ts'

/** A change that a method is content with. */
export type SettingsEvent = {
  request: Request
  client: Client
  flow: Flow
  before: IdentityWithCredentials
  identity: IdentityWithCredentials
  session: Session
  now: Micros
}

/** What keeps a change from being stored. */
export type Held =
  | { kind: 'refused'; problem: Problem; status: 200 | 400 }
  /** It waits until the new address is verified. */
  | {
      kind: 'waiting'
      verification: StartedVerification
      statements: readonly Statement[]
      onStored(): void
    }

/**
 * What may change an identity again or keep it from being stored.
 * @returns the identity as it should be, or nothing
 * @throws HookRefusal for what the person has to mend
 */
export type HookBeforeStoring = (occasion: Occasion) => Promise<IdentityWithCredentials | undefined>

/** What is told once a change is stored. @throws ApiError to answer with that instead; what is stored stays */
export type HookAfterStoring = (occasion: Occasion) => Promise<unknown>

/** What happens with a change. Hooks run in order; each sees what the ones before contributed. */
export type SettingsHook = (event: SettingsEvent, before: Contribution) => Contribution | Promise<Contribution>
