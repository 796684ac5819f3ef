import { UnexpectedRowCount, UniqueViolation } from '../../db/db.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Response } from '../../http/types.ts'
import { insertIdentity } from '../../identities/store.ts'
import { applySchema } from '../../identities/update.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Identity, IdentityWithCredentials } from '../../identities/identity.ts'
import { withQuery } from '../../http/urls.ts'
import { answerExchange } from '../../sessions/exchange/exchange.ts'
import { openSession, type OpenedSession } from '../../sessions/issue.ts'
import { sessionObject } from '../../sessions/wire.ts'
import { messages } from '../../ui/messages.ts'
import { returnToOf } from '../flow.ts'
import { problemsFrom, type Problem } from '../form.ts'
import { updateFlow } from '../store.ts'
import type { ContinueWith } from '../wire.ts'
import type { SuccessfulNativeRegistration } from '../wire-schema.ts'
import type { RegistrationDeps } from './deps.ts'
import { contributionsOf, type Contribution } from './hook.ts'
import type { Registered, RegistrationMethod } from './method.ts'
import type { Submission } from './submit.ts'

export type Completion =
  | { kind: 'stored'; response: Response }
  | { kind: 'refused'; problems: readonly Problem[] }
  /** Somebody else has an identifier or address of this identity. */
  | { kind: 'taken'; identity: IdentityWithCredentials }

/**
 * Stores a new identity in one transaction with its credentials, its addresses, its session and whatever the hooks add,
 * and answers. The database alone decides whether an identifier is free, so that of many who want one only one gets it.
 */
export async function completeRegistration(
  deps: RegistrationDeps,
  submission: Submission,
  method: Pick<RegistrationMethod, 'name'>,
  registered: Registered,
): Promise<Completion> {
  const { request, client, flow } = submission
  const { identity, errors, emptyIdentifier } = await applySchema(deps, registered.identity)
  if (errors.length > 0) return { kind: 'refused', problems: problemsFrom(errors) }
  if (emptyIdentifier) return { kind: 'refused', problems: [{ node: undefined, message: messages.noIdentifier() }] }

  const { returnUrl, hooks } = deps.after(method.name)
  const returnTo = deps.returnTo(returnToOf(flow), returnUrl)
  // compat: there is a session even when nobody gets it – selfservice/flow/registration/hook.go
  const opened = openSession(deps, { identity, methods: registered.factors, request })
  const contribution = await contributionsOf(hooks, {
    request,
    flow,
    client,
    identity,
    session: opened.session,
    transientPayload: submission.transientPayload ?? {},
  })
  const stored = contribution.identity ?? identity
  const handover = submission.byExchange
    ? answerExchange(deps, flow.id, contribution.signsIn ? opened : undefined)
    : undefined
  try {
    await deps.db.batch([
      ...(registered.statements ?? []),
      ...insertIdentity(stored),
      ...opened.statements,
      ...(contribution.statements ?? []),
      ...(handover ? [handover.statement] : []),
      ...(registered.state === undefined ? [] : [updateFlow({ ...flow, updatedAt: deps.clock.now() })]),
    ])
  } catch (error) {
    if (error instanceof UniqueViolation) return { kind: 'taken', identity }
    const isProofUsed = error instanceof UnexpectedRowCount && error.index < (registered.statements ?? []).length
    if (!isProofUsed) throw error
    const reason = 'This form was used already. Please begin again.'
    return { kind: 'refused', problems: [{ node: undefined, message: messages.generic({ reason }) }] }
  }
  contribution.onStored?.()
  if (handover) {
    const target = withQuery(returnTo, { code: handover.returnToCode.reveal() })
    return { kind: 'stored', response: redirect(request, 303, target) }
  }
  return { kind: 'stored', response: answer(deps, submission, { identity: stored, opened, contribution, returnTo }) }
}

type Result = { identity: Identity; opened: OpenedSession; contribution: Contribution; returnTo: string }

/** Apps get the session's token; browsers get a cookie, with which the forms that were opened before come to an end. */
function answer(
  deps: RegistrationDeps,
  { request, client }: Submission,
  { identity, opened, contribution, returnTo }: Result,
): Response {
  const { signsIn = false, continueWith = [], pageUrl } = contribution
  const cookies = signsIn && client !== 'native' ? [deps.cookies.write(opened.token, opened.session.expiresAt)] : []
  if (cookies.length > 0) request.csrf.rotate()
  if (client === 'browser') return { ...redirect(request, 303, pageUrl ?? returnTo), cookies }

  const token = opened.token.reveal()
  const steps: ContinueWith[] = [
    ...(client === 'spa' ? [{ action: 'redirect_browser_to' as const, redirect_browser_to: returnTo }] : []),
    ...continueWith,
    ...(client === 'native' && signsIn ? [{ action: 'set_ory_session_token' as const, ory_session_token: token }] : []),
  ]
  const view: SuccessfulNativeRegistration = {
    ...(client === 'native' && signsIn ? { session_token: token } : {}),
    ...(signsIn ? { session: sessionView(deps, identity, opened) } : {}),
    identity: publicIdentity(identity, deps.publicBaseUrl),
    continue_with: steps.length === 0 ? null : steps,
  }
  return { ...json(200, view), cookies }
}

const sessionView = (
  { publicBaseUrl, clock }: RegistrationDeps,
  identity: Identity,
  { shown, devices }: OpenedSession,
) => sessionObject(shown, { publicBaseUrl, now: clock.now(), identity, devices })
