import { UnexpectedRowCount, UniqueViolation } from '../../db/db.ts'
import { json, redirect } from '../../http/respond.ts'
import type { Response } from '../../http/types.ts'
import { insertIdentity } from '../../identities/store.ts'
import { applySchema, type Applied } from '../../identities/update.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Identity, IdentityWithCredentials } from '../../identities/identity.ts'
import { withQuery } from '../../http/urls.ts'
import { answerExchange } from '../../sessions/exchange/exchange.ts'
import { openSession, type OpenedSession } from '../../sessions/issue.ts'
import { sessionObject } from '../../sessions/wire.ts'
import { messages } from '../../ui/messages.ts'
import { returnToOf, type Flow } from '../flow.ts'
import { problemsFrom, type Problem } from '../form.ts'
import { afterStored } from '../hook.ts'
import { updateFlow } from '../store.ts'
import { awaitsVerification } from '../verification/oauth2.ts'
import type { ContinueWith } from '../wire.ts'
import type { SuccessfulNativeRegistration } from '../wire-schema.ts'
import type { RegistrationDeps } from './deps.ts'
import { contributionsOf } from '../contribution.ts'
import type { RegistrationContribution } from './hook.ts'
import type { Registered, RegistrationMethod } from './method.ts'
import type { Submission } from './submit.ts'

export type Completion =
  | { kind: 'stored'; response: Response }
  /** `byHook` when it is what a hook made of the identity that cannot be stored. */
  | { kind: 'refused'; problems: readonly Problem[]; byHook?: true }
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
  const { returnUrl, beforeStoring, hooks, afterStoring } = deps.after(method.name)
  const event = { request, flow, client, transientPayload: submission.transientPayload ?? {} }
  const fitted = await fit(deps, registered.identity, async (derived) => {
    let changed = derived
    for (const hook of beforeStoring) changed = (await hook({ ...event, identity: changed })) ?? changed
    return changed
  })
  if (fitted.kind === 'refused') return fitted
  const { identity } = fitted
  const returnTo = deps.returnTo(returnToOf(flow), returnUrl)
  if (identity.state !== 'active') return storeAsleep(deps, registered, identity)

  // compat: there is a session even when nobody gets it – selfservice/flow/registration/hook.go
  const opened = openSession(deps, { identity, methods: registered.factors, request })
  const undoRotations = request.csrf.snapshot()
  const contribution: RegistrationContribution = await contributionsOf(hooks, {
    ...event,
    identity,
    session: opened.session,
  })
  const stored = contribution.identity ?? identity
  const target = targetOf(deps, submission, contribution)
  const handover = submission.byExchange
    ? answerExchange(deps, flow.id, contribution.signsIn ? opened : undefined)
    : undefined
  try {
    await deps.db.batch([
      ...(registered.statements ?? []),
      ...insertIdentity(stored),
      ...opened.statements,
      ...(contribution.statements ?? []),
      // Who has to show first that an address is theirs goes back to the OAuth2 server after that.
      ...(target.kind === 'verification' ? [awaitsVerification(target.flow, opened.session)] : []),
      ...(handover ? [handover.statement] : []),
      ...(registered.state === undefined ? [] : [updateFlow({ ...flow, updatedAt: deps.clock.now() })]),
    ])
  } catch (error) {
    // Nothing came of it: forms that are open stay good.
    undoRotations()
    if (error instanceof UniqueViolation) return { kind: 'taken', identity }
    const isProofUsed = error instanceof UnexpectedRowCount && error.index < (registered.statements ?? []).length
    if (!isProofUsed) throw error
    const reason = 'This form was used already. Please begin again.'
    return { kind: 'refused', problems: [{ node: undefined, message: messages.generic({ reason }) }] }
  }
  contribution.onStored?.()
  try {
    for (const hook of afterStoring) await hook({ ...event, identity: stored, session: opened.session })
  } catch (error) {
    throw afterStored(error, 'Your account exists now, but not everything that follows could be done.')
  }
  if (handover) {
    const back = withQuery(returnTo, { code: handover.returnToCode.reveal() })
    return { kind: 'stored', response: redirect(request, 303, back) }
  }
  const result = { identity: stored, opened, contribution, returnTo, target }
  return { kind: 'stored', response: await answer(deps, submission, result) }
}

/** Where somebody goes on who signs up for an OAuth2 server. */
type Target = { kind: 'here' } | { kind: 'verification'; flow: Flow } | { kind: 'server'; challenge: string }

function targetOf(
  { oauth2 }: RegistrationDeps,
  { client, flow: { loginChallenge: challenge } }: Submission,
  { signsIn = false, pageUrl, verification, continueWith = [] }: RegistrationContribution,
): Target {
  // compat: apps are never handed on; scripts only with a session, pages without one too – selfservice/flow/registration/hook.go
  if (!oauth2 || !challenge || client === 'native') return { kind: 'here' }
  const waits =
    client === 'browser' ? pageUrl !== undefined : continueWith.some(({ action }) => action === 'show_verification_ui')
  if (waits && verification) return { kind: 'verification', flow: verification.flow }
  return client === 'browser' || signsIn ? { kind: 'server', challenge } : { kind: 'here' }
}

type Fitted = { kind: 'fits'; identity: IdentityWithCredentials } | Extract<Completion, { kind: 'refused' }>

/** The identity as its schema and then hooks make it; what hooks change has to fit the schema, too. */
async function fit(
  deps: RegistrationDeps,
  draft: IdentityWithCredentials,
  change: (identity: IdentityWithCredentials) => Promise<IdentityWithCredentials>,
): Promise<Fitted> {
  const first = await applySchema(deps, draft)
  const problems = problemsOf(first)
  if (problems.length > 0) return { kind: 'refused', problems }
  const changed = await change(first.identity)
  if (changed === first.identity) return { kind: 'fits', identity: changed }
  // Identifiers follow from the traits anew.
  const second = await applySchema(deps, { ...changed, credentials: draft.credentials })
  const left = problemsOf(second)
  return left.length > 0
    ? { kind: 'refused', problems: left, byHook: true }
    : { kind: 'fits', identity: second.identity }
}

const problemsOf = ({ errors, emptyIdentifier }: Applied): readonly Problem[] =>
  errors.length === 0 && emptyIdentifier
    ? [{ node: undefined, message: messages.noIdentifier() }]
    : problemsFrom(errors)

/** Somebody whom a hook wants to exist, but not to sign in. */
async function storeAsleep(
  { db }: RegistrationDeps,
  { statements = [] }: Registered,
  identity: IdentityWithCredentials,
): Promise<Completion> {
  try {
    await db.batch([...statements, ...insertIdentity(identity)])
  } catch (error) {
    if (error instanceof UniqueViolation) return { kind: 'taken', identity }
    throw error
  }
  return { kind: 'refused', problems: [{ node: undefined, message: messages.accountDisabled() }], byHook: true }
}

type Result = {
  identity: Identity
  opened: OpenedSession
  contribution: RegistrationContribution
  returnTo: string
  target: Target
}

/** Apps get the session's token; browsers get a cookie, with which the forms that were opened before come to an end. */
async function answer(deps: RegistrationDeps, { request, client }: Submission, result: Result): Promise<Response> {
  const { identity, opened, contribution, target } = result
  const { signsIn = false, continueWith = [], pageUrl } = contribution
  const cookies = signsIn && client !== 'native' ? [deps.cookies.write(opened.token, opened.session.expiresAt)] : []
  if (cookies.length > 0) request.csrf.rotate()
  let returnTo = result.returnTo
  if (target.kind === 'server') {
    try {
      returnTo = await deps.oauth2!.acceptLogin(target.challenge, opened.session)
    } catch (error) {
      // The account and its session are there, and another try can go on with them.
      return { ...(await deps.forward(request, error)), cookies }
    }
  }
  if (client === 'browser') return { ...redirect(request, 303, pageUrl ?? returnTo), cookies }

  const token = opened.token.reveal()
  const onwards = client === 'spa' ? [{ action: 'redirect_browser_to' as const, redirect_browser_to: returnTo }] : []
  const steps: ContinueWith[] = [
    ...(target.kind === 'server' ? [...continueWith, ...onwards] : [...onwards, ...continueWith]),
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
