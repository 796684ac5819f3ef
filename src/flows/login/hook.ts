import type { Statement } from '../../db/db.ts'
import type { Flow } from '../flow.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Session } from '../../sessions/session.ts'

/** A login that has succeeded, just before its session is stored. */
export type LoginEvent = { flow: Flow; method: string; identity: IdentityWithCredentials; session: Session }

/**
 * What happens after a login. Its statements are run together with the one that stores the session – and also when a
 * later hook refuses the login.
 * @throws ApiError to refuse the login; with status 400 it is shown on the form
 */
export type LoginHook = (event: LoginEvent) => Promise<{ statements?: readonly Statement[] } | void>
