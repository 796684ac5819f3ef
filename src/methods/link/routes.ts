import { errors } from '../../errors.ts'
import { newFlow, requestUrlOf, type Flow } from '../../flows/flow.ts'
import { withCsrf, withNodes } from '../../flows/form.ts'
import { insertFlow } from '../../flows/store.ts'
import type { RecoveryLinkForIdentity } from '../../flows/wire-schema.ts'
import { json } from '../../http/respond.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { findIdentity } from '../../identities/store.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { readOperatorRequest } from '../recovery-admin.ts'
import { linkNodes } from './nodes.ts'
import { recoveryLink, type LinkDeps } from './recovery.ts'
import { issueLinkToken } from './tokens.ts'

export type LinkAdminDeps = Pick<LinkDeps, 'db' | 'clock' | 'publicBaseUrl' | 'enabled' | 'linkLifespanMicros'> & {
  returnTo: ReturnTo
  defaultReturnUrl: string
}

/** Lets operators make a link that signs in whoever opens it first; how it gets to its person is up to them. */
export const linkAdminRoutes = (deps: LinkAdminDeps): Route[] => [
  {
    method: 'POST',
    path: '/admin/recovery/link',
    operationId: 'createRecoveryLinkForIdentity',
    handler: (request) => createLink(deps, request),
  },
]

async function createLink(deps: LinkAdminDeps, request: Request): Promise<Response> {
  const { clock, db, linkLifespanMicros, publicBaseUrl } = deps
  if (!deps.enabled) throw errors.notFound('The method link is not switched on here.')
  const { identityId, lifespanMicros } = readOperatorRequest(
    request.headers['content-type'],
    (await request.body()).toString('utf8'),
    linkLifespanMicros,
  )
  deps.returnTo(request.query.get('return_to') ?? undefined, deps.defaultReturnUrl)
  const identity = identityId && (await findIdentity(db, identityId))
  // compat: 400 here, but 404 for a code – selfservice/strategy/link/strategy_recovery.go
  if (!identity) throw errors.badRequest('There is no such identity.')

  const empty = newFlow({
    name: 'recovery',
    type: 'browser',
    requestUrl: requestUrlOf(request),
    state: 'choose_method',
    lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
  })
  const flow: Flow = {
    ...empty,
    active: 'link',
    internal: { from_operator: true },
    ui: withNodes(withCsrf(empty.ui, ''), linkNodes()),
  }
  const { token, expiresAt, statement } = issueLinkToken(deps, {
    flowId: flow.id,
    purpose: 'recovery',
    identityId: identity.id,
    via: 'email',
    address: '',
    byOperator: true,
    lifespanMicros,
  })
  await db.batch([insertFlow(flow), statement])
  return json(200, {
    recovery_link: recoveryLink(publicBaseUrl, flow.id, token),
    expires_at: rfc3339(expiresAt),
  } satisfies RecoveryLinkForIdentity)
}
