import { errors } from '../../errors.ts'
import { parseUuid } from '../../lib/uuid.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import { expiredOnRead } from '../answer.ts'
import { flowPage, isExpired, type Flow } from '../flow.ts'
import { findFlow } from '../store.ts'
import { isAssured, stepUpUrl } from './assured.ts'
import type { SettingsDeps } from './deps.ts'

/**
 * A settings flow for its owner. The identity is asked for before the expiry, so that nobody learns about another
 * person's flows.
 * @throws errors.notFound, errors.identityMismatch, errors.sessionAal2Required; 410 for an expired one
 */
export async function getSettings(
  deps: SettingsDeps,
  authenticated: Authenticated,
  wanted: string | null,
): Promise<Flow> {
  const { db, clock, publicBaseUrl, uiUrl } = deps
  const id = parseUuid(wanted)
  const flow = id && (await findFlow(db, 'settings', id))
  if (!flow) throw errors.notFound()
  if (flow.identityId !== authenticated.identity.id) throw errors.identityMismatch()
  if (!(await isAssured(deps, authenticated)))
    throw errors.sessionAal2Required(stepUpUrl(publicBaseUrl, flowPage(uiUrl, flow.id)))
  if (isExpired(flow, clock.now())) throw expiredOnRead(flow, publicBaseUrl)
  return flow
}
