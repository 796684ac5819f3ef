import { errors } from '../../errors.ts'
import { clientOf, isJson } from '../../http/negotiate.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Request, Response } from '../../http/types.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import { nilUuid, parseUuid } from '../../lib/uuid.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { nodeId, withValue } from '../../ui/node.ts'
import { answerError, showForm } from '../answer.ts'
import { flowPage, isExpired, type Flow } from '../flow.ts'
import { mapNodes, withMessages, withoutMessages, withProblems } from '../form.ts'
import { isLookAhead, tokenOf } from '../mailed.ts'
import { findFlow, insertFlow, updateFlow } from '../store.ts'
import { verificationFlow } from '../wire.ts'
import { completeVerification } from './complete.ts'
import type { VerificationDeps } from './deps.ts'
import type { VerificationOutcome, VerificationSubmission } from './method.ts'
import { restart } from './restart.ts'
import { beginVerification } from './start.ts'

/** `POST /self-service/verification?flow=`, and `GET` for links that were mailed. */
export async function submitVerification(deps: VerificationDeps, request: Request): Promise<Response> {
  const { clock, db, forward, settings } = deps
  const id = parseUuid(request.query.get('flow'))
  if (!id || id === nilUuid)
    return forward(request, errors.badRequest('The parameter flow has to be the id of a verification flow.'))
  const flow = await findFlow(db, 'verification', id)
  if (!flow) return forward(request, errors.notFound('There is no such verification flow.'))
  // Scanners and browsers that look ahead are shown the page, but use nothing up.
  if (isLookAhead(request)) return redirect(request, 303, flowPage(settings.uiUrl, flow.id))

  // Whoever began in an app may go on in a browser, where the link of the message leads.
  const client = isJson(request) ? clientOf(request, flow.type) : 'browser'
  const rules = client === 'browser' && tokenOf(flow) !== '' ? 'browser' : flow.type
  const submission: VerificationSubmission = { request, client, flow, rules }
  try {
    if (isExpired(flow, clock.now())) return await replaceExpired(deps, request, flow)
    let email: string | undefined
    for (const method of deps.methods) {
      const outcome = await method.submit(submission)
      if (outcome.kind !== 'pass') return await answer(deps, submission, outcome)
      email ??= outcome.email
    }
    return await refuseAll(deps, submission, email)
  } catch (error) {
    return answerError(forward, request, rules, error)
  }
}

async function answer(
  deps: VerificationDeps,
  submission: VerificationSubmission,
  outcome: Exclude<VerificationOutcome, { kind: 'pass' }>,
): Promise<Response> {
  const { request, client, flow } = submission
  switch (outcome.kind) {
    case 'refuse':
      return refuse(deps, submission, { ...flow, ui: outcome.ui ?? flow.ui }, outcome.problems)
    case 'show':
      return show(deps, submission, outcome)
    case 'page':
      await deps.db.batch([updateFlow({ ...outcome.flow, updatedAt: deps.clock.now() })])
      return redirect(request, 303, flowPage(deps.settings.uiUrl, flow.id))
    case 'restart':
      return restart(deps, request, client, outcome)
    case 'verified':
      return completeVerification(deps, submission, outcome.verified)
  }
}

/** No method felt responsible: the form keeps the address. */
function refuseAll(
  deps: VerificationDeps,
  submission: VerificationSubmission,
  email: string | undefined,
): Promise<Response> {
  const { flow } = submission
  const ui =
    email === undefined || flow.state !== 'choose_method'
      ? flow.ui
      : mapNodes(flow.ui, (node) => (nodeId(node) === 'email' ? withValue(node, email) : node))
  // compat: such a flow belongs to no method any more – selfservice/flow/verification/error.go
  return refuse(deps, submission, { ...flow, active: 'default', ui }, [
    { node: undefined, message: messages.noVerificationMethod() },
  ])
}

/** The same form again, with what has to be mended; the texts of earlier submissions are gone. */
async function refuse(
  { clock, db, settings }: VerificationDeps,
  { request, rules }: VerificationSubmission,
  flow: Flow,
  problems: Extract<VerificationOutcome, { kind: 'refuse' }>['problems'],
): Promise<Response> {
  const shown: Flow = { ...flow, ui: withProblems(withoutMessages(flow.ui), problems), updatedAt: clock.now() }
  await db.batch([updateFlow(shown)])
  // compat: what no method understands is answered by the kind of the form alone – selfservice/flow/verification/error.go
  const client = clientOf(request, rules)
  return showForm(request, client, { flow: shown, view: verificationFlow(shown), uiUrl: settings.uiUrl })
}

async function show(
  { clock, db, outbox, settings }: VerificationDeps,
  { request, client }: VerificationSubmission,
  { flow, statements = [], transientPayload }: Extract<VerificationOutcome, { kind: 'show' }>,
): Promise<Response> {
  const shown: Flow = { ...flow, updatedAt: clock.now() }
  await db.batch([updateFlow(shown), ...statements])
  if (statements.length > 0) outbox.notify()
  if (client === 'browser') return redirect(request, 303, flowPage(settings.uiUrl, shown.id))
  return json(200, verificationFlow(shown, transientPayload === undefined ? {} : { transientPayload }))
}

/**
 * An expired flow is replaced by a fresh one that began with the same address.
 * compat: always a browser's, to which programs are redirected – selfservice/flow/verification/error.go
 */
async function replaceExpired(deps: VerificationDeps, request: Request, expired: Flow): Promise<Response> {
  request.csrf.rotate()
  const fresh = beginVerification(deps, {
    type: 'browser',
    requestUrl: expired.requestUrl,
    csrfToken: request.csrf.token(),
  })
  const replacement: Flow = {
    ...fresh,
    ui: withMessages(fresh.ui, [messages.verificationExpired(expiredContext(expired.expiresAt))]),
  }
  await deps.db.batch([insertFlow(replacement)])
  const target = isJson(request)
    ? withQuery(joinPath(deps.publicBaseUrl, 'self-service/verification/flows'), { id: replacement.id })
    : flowPage(deps.settings.uiUrl, replacement.id)
  return redirect(request, 303, target)
}
