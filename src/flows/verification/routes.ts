import { errors } from '../../errors.ts'
import { acceptsJson } from '../../http/negotiate.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { flowPage, requestUrlOf } from '../flow.ts'
import { runHooksBefore } from '../hook.ts'
import { newToken } from '../mailed.ts'
import { readFlow } from '../read.ts'
import { insertFlow } from '../store.ts'
import { verificationFlow } from '../wire.ts'
import type { VerificationDeps } from './deps.ts'
import { beginVerification } from './start.ts'
import { submitVerification } from './submit.ts'

/** The public endpoints of the verification flow. */
export const verificationRoutes = (deps: VerificationDeps): Route[] => [
  {
    method: 'GET',
    path: '/self-service/verification/browser',
    operationId: 'createBrowserVerificationFlow',
    handler: (request) => create(deps, request, 'browser'),
  },
  {
    method: 'GET',
    path: '/self-service/verification/api',
    operationId: 'createNativeVerificationFlow',
    handler: (request) => create(deps, request, 'api'),
  },
  {
    method: 'GET',
    path: '/self-service/verification/flows',
    operationId: 'getVerificationFlow',
    handler: (request) => readVerification(deps, request),
  },
  {
    method: 'POST',
    path: '/self-service/verification',
    operationId: 'updateVerificationFlow',
    handler: (request) => submitVerification(deps, request),
  },
  // Where a link from a mail leads.
  { method: 'GET', path: '/self-service/verification', handler: (request) => submitVerification(deps, request) },
]

const verificationDisabled = () => errors.badRequest('Verification of addresses is switched off here.')

/** compat: what goes wrong is answered with JSON, to browsers too – selfservice/flow/verification/handler.go */
async function create(deps: VerificationDeps, request: Request, type: 'browser' | 'api'): Promise<Response> {
  const { db, forward, settings } = deps
  if (!settings.enabled) return forward(request, verificationDisabled())
  deps.returnTo(request.query.get('return_to') ?? undefined, settings.defaultReturnUrl)
  const flow = beginVerification(deps, {
    type,
    requestUrl: requestUrlOf(request),
    csrfToken: newToken(request, { type }),
  })
  await runHooksBefore(deps.hooksBefore, { request, flow: verificationFlow(flow) })
  await db.batch([insertFlow(flow)])
  return type === 'browser' && !acceptsJson(request)
    ? redirect(request, 303, flowPage(settings.uiUrl, flow.id))
    : json(200, verificationFlow(flow))
}

async function readVerification(deps: VerificationDeps, request: Request): Promise<Response> {
  if (!deps.settings.enabled) return deps.forward(request, verificationDisabled())
  const flow = await readFlow(deps, 'verification', request, request.query.get('id'), { expiredId: () => undefined })
  return json(200, verificationFlow(flow))
}
