import { UniqueViolation, UnexpectedRowCount } from '../../db/db.ts'
import { isJson } from '../../http/negotiate.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Response } from '../../http/types.ts'
import { withAddress } from '../../identities/address.ts'
import { markAddressVerified } from '../../identities/addresses/store.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'
import type { Micros } from '../../lib/clock.ts'
import { messages } from '../../ui/messages.ts'
import { csrfNode, type UiNode } from '../../ui/node.ts'
import { isFormError, showForm } from '../answer.ts'
import { flowPage, returnToOf, type Flow } from '../flow.ts'
import { withMessages, withoutMessages } from '../form.ts'
import { afterStored, problemsIn } from '../hook.ts'
import { updateFlow } from '../store.ts'
import { verificationFlow } from '../wire.ts'
import type { AwaitedChange, VerificationDeps } from './deps.ts'
import type { VerificationSubmission, Verified } from './method.ts'
import { leadingTo, serverAfter } from './oauth2.ts'
import { restart } from './restart.ts'

/** Notes that an address is its owner's – or makes the change that was waiting for this –, and shows where to go on. */
export async function completeVerification(
  deps: VerificationDeps,
  submission: VerificationSubmission,
  verified: Verified,
): Promise<Response> {
  const { clock, db } = deps
  const { flow } = submission
  const found = await findIdentityWithCredentials(db, verified.identityId)
  if (!found) return object(deps, submission, verified)
  const now = clock.now()
  const change = await deps.awaitedChange(submission.request, flow, found, verified)
  const outcome = change.kind === 'none' ? inPlace(found, verified, now) : change
  if (outcome.kind === 'outdated') return object(deps, submission, verified)

  const passed = passedFlow(deps, submission, verified, now)
  try {
    await db.batch([...outcome.statements, updateFlow(passed)])
  } catch (error) {
    if (error instanceof UniqueViolation)
      return object(deps, submission, { ...verified, objection: messages.identifierTaken() })
    if (error instanceof UnexpectedRowCount) return object(deps, submission, verified)
    throw error
  }
  outcome.onStored()

  const { request, client } = submission
  const { transientPayload } = verified
  try {
    for (const hook of deps.hooksAfter)
      await hook({ request, flow: passed, identity: outcome.identity, transientPayload })
  } catch (error) {
    if (!isFormError(error)) {
      // compat: the browser gets a new secret – selfservice/flow/verification/error.go
      request.csrf.rotate()
      throw afterStored(error, 'The address is verified, but not everything that follows could be done.')
    }
    const problems = problemsIn(error, ({ body }) => ({
      node: undefined,
      message: messages.generic({ reason: body.reason ?? body.message }),
    }))
    return restart(deps, request, client, { problems, type: flow.type, error })
  }
  const seesPage = verified.answers === 'link' ? !isJson(request) : client === 'browser'
  let to: string | undefined
  try {
    to = await serverAfter(deps, passed, verified.identityId)
  } catch (error) {
    throw afterStored(error, 'The address is verified.')
  }
  if (to !== undefined && seesPage) return redirect(request, 303, to)
  if (to !== undefined) {
    const leading = leadingTo(passed, to)
    await db.batch([updateFlow(leading)])
    return json(200, verificationFlow(leading))
  }
  return seesPage ? redirect(request, 303, flowPage(deps.settings.uiUrl, flow.id)) : json(200, verificationFlow(passed))
}

/** The address as the identity has it; outdated when it has it no more. */
function inPlace(
  identity: IdentityWithCredentials,
  { via, address }: Verified,
  now: Micros,
): Exclude<AwaitedChange, { kind: 'none' }> {
  const which = { via, value: address }
  if (!identity.verifiableAddresses.some((known) => known.via === via && known.value === address))
    return { kind: 'outdated' }
  return {
    kind: 'ready',
    identity: withAddress(identity, which, { verified: true, status: 'completed', verifiedAt: now, updatedAt: now }),
    statements: [markAddressVerified({ identityId: identity.id, ...which }, now)],
    onStored: () => undefined,
  }
}

function passedFlow(
  { returnTo, settings }: VerificationDeps,
  { flow }: VerificationSubmission,
  { via, csrfToken }: Verified,
  now: Micros,
): Flow {
  const target = continueUrl({ returnTo, settings }, flow)
  const text = via === 'email' ? messages.emailVerified() : messages.phoneVerified()
  return {
    ...flow,
    state: 'passed_challenge',
    ui: {
      action: target,
      method: 'GET',
      nodes: [csrfNode(csrfToken), continueAnchor(flow.active === 'link' ? 'link' : 'code', target)],
      messages: [text],
    },
    updatedAt: now,
  }
}

/** Where a person goes on: where the flow says, if that is still allowed. */
function continueUrl({ returnTo, settings }: Pick<VerificationDeps, 'returnTo' | 'settings'>, flow: Flow): string {
  const asked = returnToOf(flow)
  if (asked === '') return settings.returnUrlAfter
  try {
    return returnTo(asked, settings.defaultReturnUrl)
  } catch {
    return settings.returnUrlAfter
  }
}

function continueAnchor(group: 'code' | 'link', href: string): UiNode {
  const label = messages.labelContinue()
  return {
    type: 'a',
    group,
    attributes: { href, title: label, id: 'continue', node_type: 'a' },
    messages: [],
    meta: { label },
  }
}

/** The proof was right, but it proves nothing any more: answered like a wrong one. */
async function object(
  deps: VerificationDeps,
  { request, client, flow }: VerificationSubmission,
  { answers, objection, transientPayload }: Verified,
): Promise<Response> {
  if (answers === 'link') return restart(deps, request, client, { message: objection, type: 'browser' })
  const shown: Flow = {
    ...flow,
    ui: withMessages(withoutMessages(flow.ui), [objection]),
    updatedAt: deps.clock.now(),
  }
  await deps.db.batch([updateFlow(shown)])
  const view = verificationFlow(shown, { transientPayload })
  return showForm(request, client, { flow: shown, view, uiUrl: deps.settings.uiUrl, status: 200 })
}
