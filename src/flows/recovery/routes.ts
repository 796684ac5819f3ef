import { errors } from '../../errors.ts'
import { acceptsJson } from '../../http/negotiate.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { flowPage, requestUrlOf, type Flow } from '../flow.ts'
import { runHooksBefore } from '../hook.ts'
import { newToken } from '../mailed.ts'
import { readFlow } from '../read.ts'
import { insertFlow } from '../store.ts'
import { recoveryFlow } from '../wire.ts'
import { answerSignedIn } from './answer.ts'
import type { RecoveryDeps } from './deps.ts'
import { beginRecovery } from './start.ts'
import { submitRecovery } from './submit.ts'

/** The public endpoints of the recovery flow. */
export const recoveryRoutes = (deps: RecoveryDeps): Route[] => [
  {
    method: 'GET',
    path: '/self-service/recovery/browser',
    operationId: 'createBrowserRecoveryFlow',
    handler: (request) => createInBrowser(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/recovery/api',
    operationId: 'createNativeRecoveryFlow',
    handler: (request) => createNative(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/recovery/flows',
    operationId: 'getRecoveryFlow',
    handler: (request) => readRecovery(deps, request),
  },
  {
    method: 'POST',
    path: '/self-service/recovery',
    operationId: 'updateRecoveryFlow',
    handler: (request) => submitRecovery(deps, request),
  },
  // Where a link from a mail leads.
  { method: 'GET', path: '/self-service/recovery', handler: (request) => submitRecovery(deps, request) },
]

const recoveryDisabled = () => errors.badRequest('Recovery of accounts is switched off here.')

async function createInBrowser(deps: RecoveryDeps, request: Request): Promise<Response> {
  const { authenticate, db, forward, settings } = deps
  if (!settings.enabled) return forward(request, recoveryDisabled())
  if (await authenticate.evenIfDisabled(request)) return answerSignedIn(deps, request)
  let flow: Flow
  try {
    deps.returnTo(request.query.get('return_to') ?? undefined, settings.defaultReturnUrl)
    flow = beginRecovery(deps, {
      type: 'browser',
      requestUrl: requestUrlOf(request),
      csrfToken: newToken(request, { type: 'browser' }),
    })
  } catch (error) {
    return forward(request, error)
  }
  // compat: a hook's failure is answered with JSON, to browsers too – selfservice/flow/recovery/handler.go
  await runHooksBefore(deps.hooksBefore, { request, flow: recoveryFlow(flow) })
  await db.batch([insertFlow(flow)])
  return acceptsJson(request)
    ? json(200, recoveryFlow(flow))
    : redirect(request, 303, flowPage(settings.uiUrl, flow.id))
}

async function createNative(deps: RecoveryDeps, request: Request): Promise<Response> {
  const { authenticate, db, forward, settings } = deps
  if (!settings.enabled) return forward(request, recoveryDisabled())
  if (await authenticate.evenIfDisabled(request)) throw errors.sessionAlreadyAvailable()
  deps.returnTo(request.query.get('return_to') ?? undefined, settings.defaultReturnUrl)
  const flow = beginRecovery(deps, { type: 'api', requestUrl: requestUrlOf(request), csrfToken: '' })
  await runHooksBefore(deps.hooksBefore, { request, flow: recoveryFlow(flow) })
  await db.batch([insertFlow(flow)])
  return json(200, recoveryFlow(flow))
}

/** A browser's flow is read by that browser alone – unless an operator made it, for a person whose browser nobody knows. */
async function readRecovery(deps: RecoveryDeps, request: Request): Promise<Response> {
  if (!deps.settings.enabled) return deps.forward(request, recoveryDisabled())
  const flow = await readFlow(deps, 'recovery', request, request.query.get('id'), {
    anyBrowser: isFromOperator,
    expiredId: ({ type }) => (type === 'api' ? 'self_service_flow_expired' : undefined),
  })
  return json(200, recoveryFlow(flow))
}

/** Whether a flow was made through the admin API, so that no browser is known that it belongs to. */
export const isFromOperator = ({ internal }: Flow): boolean => internal.from_operator === true
