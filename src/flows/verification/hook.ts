import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { Flow } from '../flow.ts'

/** A verification that has succeeded and is stored. */
export type VerificationEvent = {
  request: Request
  /** In the state `passed_challenge`. */
  flow: Flow
  identity: IdentityWithCredentials
  /** What the client gave along with this submission. */
  transientPayload: Json
}

/**
 * What happens after a verification.
 * @throws ApiError to object; with status 400 it is shown on a new flow. The address stays verified.
 */
export type VerificationHook = (event: VerificationEvent) => Promise<void>
