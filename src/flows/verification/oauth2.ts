import type { Db, Statement } from '../../db/db.ts'
import type { Clock } from '../../lib/clock.ts'
import { isActive, type Session } from '../../sessions/session.ts'
import { findSession } from '../../sessions/store.ts'
import type { Flow } from '../flow.ts'
import type { MaybeOAuth2Server } from '../oauth2.ts'
import { updateFlow } from '../store.ts'

// Somebody who signed up for an OAuth2 server may have to verify an address before they go back there.

const key = 'oauth2_session'

/** Notes in a verification that was just begun which session goes back to the OAuth2 server after it. */
export const awaitsVerification = (flow: Flow, { id }: Session): Statement =>
  updateFlow({ ...flow, internal: { ...flow.internal, [key]: id } })

/**
 * Where the browser goes on once the address is verified, when the OAuth2 server has waited for that and the session that
 * somebody signed up with is still good. Nobody is signed in by it who was not before.
 * @throws ApiError 500
 */
export async function serverAfter(
  { clock, db, oauth2 }: MaybeOAuth2Server & { clock: Clock; db: Db },
  { internal, loginChallenge }: Flow,
  identityId: string,
): Promise<string | undefined> {
  const sessionId = internal[key]
  if (!oauth2 || !loginChallenge || typeof sessionId !== 'string') return undefined
  const found = await findSession(db, sessionId)
  if (!found || found.identity.id !== identityId || !isActive(found.session, found.identity, clock.now()))
    return undefined
  if (!(await oauth2.isEnough(found.session, found.identity))) return undefined
  return oauth2.acceptLogin(loginChallenge, found.session)
}

/** The flow with this address as what follows. */
export const leadingTo = (flow: Flow, href: string): Flow => ({
  ...flow,
  ui: {
    ...flow.ui,
    action: href,
    nodes:
      flow.ui.nodes?.map((node) =>
        node.attributes.node_type === 'a' && node.attributes.id === 'continue'
          ? { ...node, attributes: { ...node.attributes, href } }
          : node,
      ) ?? null,
  },
})
