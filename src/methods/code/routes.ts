import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { flowPage, newFlow, requestUrlOf, type Flow } from '../../flows/flow.ts'
import { withNodes } from '../../flows/form.ts'
import { insertFlow } from '../../flows/store.ts'
import type { RecoveryCodeForIdentity } from '../../flows/wire-schema.ts'
import { json } from '../../http/respond.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { findIdentity } from '../../identities/store.ts'
import { rfc3339 } from '../../lib/clock.ts'
import { readOperatorRequest } from '../recovery-admin.ts'
import { issueCodes, type CodeDeps } from './codes.ts'
import { continueNode } from './nodes.ts'
import { recoveryCodeNode } from './recovery-code.ts'

export type CodeAdminDeps = CodeDeps & {
  db: Db
  publicBaseUrl: string
  enabled: boolean
  /** The page on which a code is typed. */
  recoveryUiUrl: string
}

/** Lets operators make a code with which somebody recovers an account; how it gets to that person is up to them. */
export const codeAdminRoutes = (deps: CodeAdminDeps): Route[] => [
  {
    method: 'POST',
    path: '/admin/recovery/code',
    operationId: 'createRecoveryCodeForIdentity',
    handler: (request) => createCode(deps, request),
  },
]

async function createCode(deps: CodeAdminDeps, request: Request): Promise<Response> {
  const { clock, codeLifespanMicros, db, publicBaseUrl, recoveryUiUrl } = deps
  if (!deps.enabled) throw errors.notFound('The method code is not switched on here.')
  const { identityId, lifespanMicros, flowType } = readOperatorRequest(
    request.headers['content-type'],
    (await request.body()).toString('utf8'),
    codeLifespanMicros,
  )
  const identity = identityId && (await findIdentity(db, identityId))
  if (!identity) throw errors.notFound('There is no such identity.')

  const empty = newFlow({
    name: 'recovery',
    type: flowType,
    requestUrl: requestUrlOf(request),
    state: 'sent_email',
    lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
  })
  const flow: Flow = {
    ...empty,
    active: 'code',
    internal: { from_operator: true },
    ui: withNodes(empty.ui, [recoveryCodeNode(), continueNode()]),
  }
  const { codes, expiresAt, statements } = issueCodes(deps, {
    flowId: flow.id,
    purpose: 'recovery',
    recipients: [{ via: 'email', address: '', identityId: identity.id }],
    lifespanMicros,
    byOperator: true,
  })
  await db.batch([insertFlow(flow), ...statements])
  return json(201, {
    recovery_link: flowPage(recoveryUiUrl, flow.id),
    recovery_code: codes[0]!.code.reveal(),
    expires_at: rfc3339(expiresAt),
  } satisfies RecoveryCodeForIdentity)
}
