import type { Statement } from '../../db/db.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { Session } from '../../sessions/session.ts'
import type { Flow } from '../flow.ts'

/** A recovery that has succeeded, just before its session is stored. */
export type RecoveryEvent = {
  request: Request
  /** In the state `passed_challenge`. */
  flow: Flow
  identity: IdentityWithCredentials
  session: Session
  /** What the client gave along with this submission. */
  transientPayload: Json
}

/**
 * What happens after a recovery. Its statements are run together with the one that stores the session – and also when a
 * later hook refuses it.
 * @throws ApiError to refuse; with status 400 it is shown on a new flow
 */
export type RecoveryHook = (event: RecoveryEvent) => Promise<{ statements?: readonly Statement[] } | void>
