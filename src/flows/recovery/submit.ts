import { errors } from '../../errors.ts'
import { clientOf } from '../../http/negotiate.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Request, Response } from '../../http/types.ts'
import { nilUuid, parseUuid } from '../../lib/uuid.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { answerError, showForm } from '../answer.ts'
import { flowPage, isExpired, type Flow } from '../flow.ts'
import { withMessages, withoutMessages, withProblems } from '../form.ts'
import { isLookAhead, newToken } from '../mailed.ts'
import { findFlow, insertFlow, updateFlow } from '../store.ts'
import { recoveryFlow } from '../wire.ts'
import { answerExpired, answerSignedIn } from './answer.ts'
import { completeRecovery } from './complete.ts'
import type { RecoveryDeps } from './deps.ts'
import type { RecoveryOutcome, RecoverySubmission } from './method.ts'
import { restart } from './restart.ts'
import { beginRecovery } from './start.ts'

/** `POST /self-service/recovery?flow=`, and `GET` for links that were mailed. */
export async function submitRecovery(deps: RecoveryDeps, request: Request): Promise<Response> {
  const { authenticate, clock, db, forward, settings } = deps
  const id = parseUuid(request.query.get('flow'))
  if (!id || id === nilUuid)
    return forward(request, errors.badRequest('The parameter flow has to be the id of a recovery flow.'))
  const flow = await findFlow(db, 'recovery', id)
  if (!flow) return forward(request, errors.notFound('There is no such recovery flow.'))
  // Scanners and browsers that look ahead are shown the page, but use nothing up.
  if (isLookAhead(request)) return redirect(request, 303, flowPage(settings.uiUrl, flow.id))

  const client = clientOf(request, flow.type)
  const submission: RecoverySubmission = {
    request,
    client,
    flow,
    isSignedIn: async () => (await authenticate.evenIfDisabled(request)) !== undefined,
  }
  try {
    if (isExpired(flow, clock.now())) return await replaceExpired(deps, request, flow)
    for (const method of deps.methods) {
      const outcome = await method.submit(submission)
      if (outcome.kind !== 'pass') return await answer(deps, submission, outcome)
    }
    // compat: a flow that nobody felt responsible for belongs to no method any more – selfservice/flow/recovery/error.go
    return await refuse(deps, submission, [{ node: undefined, message: messages.noRecoveryMethod() }], 'default')
  } catch (error) {
    return answerError(forward, request, flow.type, error)
  }
}

async function answer(
  deps: RecoveryDeps,
  submission: RecoverySubmission,
  outcome: Exclude<RecoveryOutcome, { kind: 'pass' }>,
): Promise<Response> {
  const { request, client } = submission
  switch (outcome.kind) {
    case 'refuse':
      return refuse(deps, submission, outcome.problems, outcome.active)
    case 'show':
      return show(deps, submission, outcome)
    case 'signed_in':
      return answerSignedIn(deps, request)
    case 'restart':
      return restart(deps, request, client, outcome)
    case 'recovered':
      return completeRecovery(deps, submission, outcome.recovered)
  }
}

/** The same form again, with what has to be mended. */
async function refuse(
  { clock, db, settings }: RecoveryDeps,
  { request, client, flow }: RecoverySubmission,
  problems: Extract<RecoveryOutcome, { kind: 'refuse' }>['problems'],
  active = flow.active,
): Promise<Response> {
  const shown: Flow = {
    ...flow,
    ...(active === undefined ? {} : { active }),
    ui: withProblems(withoutMessages(flow.ui), problems),
    updatedAt: clock.now(),
  }
  await db.batch([updateFlow(shown)])
  return showForm(request, client, { flow: shown, view: recoveryFlow(shown), uiUrl: settings.uiUrl })
}

async function show(
  { clock, db, outbox, settings }: RecoveryDeps,
  { request, client }: RecoverySubmission,
  { flow, statements = [], transientPayload }: Extract<RecoveryOutcome, { kind: 'show' }>,
): Promise<Response> {
  const shown: Flow = { ...flow, updatedAt: clock.now() }
  await db.batch([updateFlow(shown), ...statements])
  if (statements.length > 0) outbox.notify()
  if (client === 'browser') return redirect(request, 303, flowPage(settings.uiUrl, shown.id))
  return json(200, recoveryFlow(shown, transientPayload === undefined ? {} : { transientPayload }))
}

/** An expired flow is replaced by a fresh one that began with the same address. */
async function replaceExpired(deps: RecoveryDeps, request: Request, expired: Flow): Promise<Response> {
  // compat: what links lead to is a page – selfservice/flow/recovery/error.go
  const type = expired.active === 'link' ? 'browser' : expired.type
  const fresh = beginRecovery(deps, {
    type,
    requestUrl: expired.requestUrl,
    csrfToken: request.method === 'GET' ? newToken(request, { type }) : type === 'api' ? '' : request.csrf.token(),
  })
  const replacement: Flow = {
    ...fresh,
    ui: withMessages(fresh.ui, [messages.recoveryExpired(expiredContext(expired.expiresAt))]),
  }
  await deps.db.batch([insertFlow(replacement)])
  return answerExpired(deps, request, { expired, replacement })
}
