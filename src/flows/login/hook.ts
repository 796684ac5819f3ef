import type { Client } from '../../http/negotiate.ts'
import type { Request, Response } from '../../http/types.ts'
import type { Flow } from '../flow.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import type { Session } from '../../sessions/session.ts'
import type { Contribution } from '../contribution.ts'

/** A login that has succeeded, just before its session is stored. */
export type LoginEvent = {
  request: Request
  client: Client
  /** The session with which the request came. */
  current: Authenticated | undefined
  flow: Flow
  method: string
  identity: IdentityWithCredentials
  session: Session
  /** What the client gave along with this submission; empty when nothing. */
  transientPayload: Json
}

/**
 * What a hook adds to a login and to its answer. Its statements run with the one that stores the session – and also when a
 * later hook refuses the login.
 */
export type LoginContribution = Contribution & {
  /** Where a page load ends instead of `return_to`. */
  pageUrl?: string
  /** Ends the login: nobody is signed in, and this is the answer. */
  instead?: Response
}

/**
 * What happens after a login. Hooks run in order; each sees what the ones before contributed.
 * @throws ApiError to refuse the login; with status 400 it is shown on the form
 */
export type LoginHook = (event: LoginEvent, before: LoginContribution) => Promise<LoginContribution | void>
