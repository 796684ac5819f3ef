import { errors } from '../errors.ts'
import { csrfError } from '../http/csrf.ts'
import type { Request } from '../http/types.ts'
import { parseUuid } from '../lib/uuid.ts'
import type { Clock } from '../lib/clock.ts'
import type { Db } from '../db/db.ts'
import { nodeValue } from '../ui/node.ts'
import { expiredOnRead } from './answer.ts'
import type { CrossSiteSettings } from './cross-site.ts'
import { isExpired, type Flow, type FlowName } from './flow.ts'
import { findNode } from './form.ts'
import { findFlow } from './store.ts'

/** Where flows differ in how they are read. */
export type ReadRules = {
  /** Whether any browser may read a flow. */
  anyBrowser?(flow: Flow): boolean
  /** The id of the error that tells of a flow's expiry; undefined: it has none. */
  expiredId?(flow: Flow): string | undefined
}

export type ReadDeps = { db: Db; clock: Clock; crossSite: CrossSiteSettings; publicBaseUrl: string }

/**
 * A flow that nobody has to be signed in for, as it is; those of browsers only for the browser that began them.
 * @throws errors.notFound; errors.csrf (403) in another browser; 410, by default with the id `self_service_flow_expired`
 */
export async function readFlow(
  { db, clock, crossSite, publicBaseUrl }: ReadDeps,
  name: Exclude<FlowName, 'settings'>,
  request: Request,
  wanted: string | null,
  { anyBrowser = () => false, expiredId = () => 'self_service_flow_expired' }: ReadRules = {},
): Promise<Flow> {
  const id = parseUuid(wanted)
  const flow = id && (await findFlow(db, name, id))
  if (!flow) throw errors.notFound()
  const token = findNode(flow.ui, 'csrf_token')
  if (flow.type === 'browser' && !anyBrowser(flow) && !request.csrf.verify(String((token && nodeValue(token)) ?? '')))
    throw csrfError(request, crossSite.csrf, { inForm: false })
  if (isExpired(flow, clock.now())) {
    const errorId = expiredId(flow)
    throw expiredOnRead(flow, publicBaseUrl, errorId === undefined ? {} : { id: errorId })
  }
  return flow
}
