import type { LoginHook } from '../flows/login/hook.ts'
import type { Clock } from '../lib/clock.ts'
import { revokeOtherSessions } from '../sessions/store.ts'

/** Ends all other sessions of whoever signs in. */
export const revokeActiveSessionsAtLogin =
  ({ clock }: { clock: Clock }): LoginHook =>
  async ({ identity, session }) => ({ statements: [revokeOtherSessions(identity.id, session.id, clock.now())] })
