import type { Micros } from '../lib/clock.ts'
import type { Session } from './session.ts'

/**
 * A session with a whole lifespan from now on; the same session when it is too early for that.
 * Sessions that have expired or were revoked are extended too; the latter stay revoked.
 */
export function extended(
  session: Session,
  { lifespanMicros, earliestPossibleExtendMicros }: { lifespanMicros: Micros; earliestPossibleExtendMicros: Micros },
  now: Micros,
): Session {
  const tooEarly = session.expiresAt - earliestPossibleExtendMicros >= now
  return tooEarly ? session : { ...session, expiresAt: now + lifespanMicros, updatedAt: now }
}
