import { ApiError, errors } from '../../errors.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import { nilUuid, parseUuid } from '../../lib/uuid.ts'
import { clientOf, isJson, type Client } from '../../http/negotiate.ts'
import { redirect } from '../../http/respond.ts'
import type { Request, Response } from '../../http/types.ts'
import { atLeast } from '../../sessions/assurance.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import { messages } from '../../ui/messages.ts'
import { answerError, answerReplaced, isFormError, leave, showForm } from '../answer.ts'
import { checkCrossSite } from '../cross-site.ts'
import { decodeBody, validateBody, type BodyInput, type BodySpec } from '../decode.ts'
import { isExpired, type Flow, type Ui } from '../flow.ts'
import { problemsIn } from '../hook.ts'
import { problemsFrom, withProblems, withoutMessages, type Problem } from '../form.ts'
import { withLoginRequest } from '../oauth2.ts'
import { retry, type Advance, type Leaving } from '../outcome.ts'
import { findFlow, updateFlow } from '../store.ts'
import { loginFlow, type FlowExtras } from '../wire.ts'
import { completeLogin, OutdatedProof } from './complete.ts'
import type { LoginDeps } from './deps.ts'
import { sorted, withBrowserToken, withToken } from './form.ts'
import type { Claim, LoginFields, LoginMethod, LoginOutcome } from './method.ts'
import { LinkRefused } from './linking.ts'
import { replaceExpired } from './start.ts'

export type Attempt = { request: Request; client: Client; flow: Flow; current: Authenticated | undefined }

/** What a submission leads to. `method` and `fields` are those of the method that took it on. */
type Decision =
  | { kind: 'leave'; to: string }
  | { kind: 'replace' }
  | { kind: 'nobody'; problem: Problem }
  | {
      kind: 'decided'
      outcome: LoginOutcome
      method: LoginMethod
      fields: LoginFields
      /** Has the method decide anew, by what is true now. */
      again(): Promise<Decision>
    }

/** Takes a login form. */
export async function submitLogin(deps: LoginDeps, request: Request): Promise<Response> {
  const { authenticate, db, forward } = deps
  const id = parseUuid(request.query.get('flow'))
  if (!id || id === nilUuid) return forward(request, errors.badRequest('The address has to name a flow: ?flow=<id>.'))
  const [flow, current] = await Promise.all([findFlow(db, 'login', id), authenticate(request)])
  if (!flow) return forward(request, errors.notFound())

  const attempt: Attempt = { request, client: clientOf(request, flow.type), flow, current }
  try {
    return await answer(deps, attempt, await decide(deps, attempt))
  } catch (error) {
    if (isFormError(error)) return await showAgain(deps, attempt, flow.ui, problemsIn(error, problemOf))
    return answerError(forward, request, flow.type, error)
  }
}

/** The order of these checks is the order in which they win. */
async function decide(deps: LoginDeps, attempt: Attempt): Promise<Decision> {
  const { client, current, flow } = attempt
  if (flow.testContext) {
    checkTest(flow, deps.clock.now())
    return dispatch(deps, attempt)
  }
  const requestedAal = flow.requestedAal ?? 'aal1'
  if (current && !flow.refresh && atLeast(current.session.aal, requestedAal)) {
    // compat: `return_to` does not count here – selfservice/flow/login/handler.go
    return client === 'browser' ? { kind: 'leave', to: deps.settings.defaultReturnUrl } : signedInAlready()
  }
  if (!current && requestedAal === 'aal2') throw errors.sessionAal1Required()
  // compat: nothing can replace a flow of somebody who is signed in – selfservice/flow/login/error.go
  if (isExpired(flow, deps.clock.now())) return current ? signedInAlready() : { kind: 'replace' }
  return dispatch(deps, attempt)
}

/** A provider is tried out once in a flow, and nothing takes the place of such a flow. */
function checkTest({ expiresAt, testContext }: Flow, now: Micros): void {
  if (testContext?.debug_payload) throw errors.conflict('The provider was tried out already. Begin a new test.')
  if (isExpired({ expiresAt }, now))
    throw new ApiError({
      id: 'self_service_flow_expired',
      status: 410,
      reason: 'This test was open for too long. Begin a new one.',
      message: 'This flow has expired.',
    })
}

const nobody = (message: Problem['message']): Decision => ({ kind: 'nobody', problem: { node: undefined, message } })

const signedInAlready = (): Decision => nobody(messages.generic({ reason: errors.sessionAlreadyAvailable().message }))

const claimSpec: BodySpec = {
  fields: (['method', 'provider', 'address', 'passkey_login', 'webauthn_login'] as const).map((name) => ({
    name,
    type: 'string',
  })),
  allowGet: true,
  mergesQuery: true,
}

async function dispatch(
  { crossSite, methods, schemas }: LoginDeps,
  { request, flow, current }: Attempt,
): Promise<Decision> {
  const input = await bodyOf(request)
  const claim = decode(input, claimSpec) as Claim
  const method = methods.find((row) => (!flow.testContext || row.takesTests) && row.claims(claim, flow))
  if (!method && input.method === 'GET' && flow.type === 'browser')
    return nobody(messages.generic({ reason: 'A login form is sent with POST.' }))
  if (!method) return nobody(messages.noLoginMethod())
  if (!method.enabled) throw errors.notFound('This way to sign in is not offered here.')

  const traits = method.readsTraits ? await schemas.get(flow.identitySchema ?? schemas.defaultId) : undefined
  const fields = decode(input, traits ? { ...method.body, traits } : method.body)
  const decided = (outcome: LoginOutcome): Decision => ({ kind: 'decided', outcome, method, fields, again: ask })
  const broken = [...problemsFrom(validateBody(fields, method.body)), ...(method.check?.(fields) ?? [])]
  if (broken.length > 0) return decided(retry(broken))
  return ask()

  async function ask(): Promise<Decision> {
    try {
      if (!method!.unprotected)
        checkCrossSite(crossSite, request, flow.type, fields['csrf_token'] as string | undefined)
      const session = current?.session
      const inUse = methods.filter(({ enabled }) => enabled)
      return decided(await method!.submit({ flow, fields, session, methods: inUse, request }))
    } catch (error) {
      if (isFormError(error)) return decided(retry([problemOf(error)]))
      throw error
    }
  }
}

/** `HEAD` runs what `GET` runs. */
async function bodyOf(request: Request): Promise<BodyInput> {
  const isGet = request.method === 'GET' || request.method === 'HEAD'
  return {
    method: isGet ? 'GET' : request.method,
    contentType: request.headers['content-type'],
    body: isGet ? Buffer.alloc(0) : await request.body(),
    query: request.query,
  }
}

function decode(input: BodyInput, spec: BodySpec): Record<string, unknown> {
  const decoded = decodeBody(input, spec)
  if (decoded.kind === 'bad') throw errors.badRequest(decoded.reason)
  return decoded.value
}

/** How often a method decides anew because somebody else was faster. */
const maxTries = 5

async function answer(deps: LoginDeps, attempt: Attempt, decision: Decision, tries = 1): Promise<Response> {
  const { request, client, flow, current } = attempt
  switch (decision.kind) {
    case 'leave':
      return redirect(request, 303, decision.to)
    case 'replace': {
      const replacement = await replaceExpired(deps, request, flow)
      return answerReplaced(request, client, {
        expired: flow,
        replacement,
        uiUrl: deps.settings.uiUrl,
        now: deps.clock.now(),
      })
    }
    case 'nobody':
      return showAgain(deps, attempt, flow.ui, [decision.problem])
  }
  const { outcome, method, fields } = decision
  switch (outcome.kind) {
    case 'retry':
      return showAgain(
        deps,
        { ...attempt, flow: { ...flow, state: outcome.state ?? flow.state } },
        renewToken(attempt, fields, outcome.ui ?? method.keep(flow.ui, fields, flow)),
        outcome.problems,
      )
    case 'advance':
      return showNext(deps, attempt, outcome, fields)
    case 'leave':
      return leaveFor(deps, attempt, outcome)
    case 'switch':
      return outcome.answer({ request, client })
    case 'refresh':
      throw new Error('a login cannot wait for another login')
    case 'done': {
      const used: Flow = { ...flow, active: method.name, state: outcome.result.state ?? flow.state }
      try {
        return await completeLogin(deps, {
          request,
          client,
          flow: used,
          method: method.name,
          current,
          result: outcome.result,
          transientPayload: (fields['transient_payload'] ?? {}) as Json,
        })
      } catch (error) {
        if (error instanceof OutdatedProof) {
          if (tries === maxTries) throw errors.conflict('Too many sign-ins of one person at once.', { cause: error })
          return answer(deps, attempt, await decision.again(), tries + 1)
        }
        if (isFormError(error))
          return showAgain(
            deps,
            { ...attempt, flow: used },
            renewToken(attempt, fields, used.ui),
            problemsIn(error, problemOf),
          )
        throw error
      }
    }
  }
}

/** The same form, with what is wrong; the texts of earlier submissions are gone. */
export async function showAgain(
  deps: LoginDeps,
  { request, client, flow }: Attempt,
  form: Ui,
  problems: readonly Problem[],
): Promise<Response> {
  const { clock, db } = deps
  const shown = { ...flow, ui: sorted(withProblems(withoutMessages(form), problems)), updatedAt: clock.now() }
  await db.batch([updateFlow(shown)])
  return showStored(deps, request, client, shown)
}

/** Pages read the form themselves; programs get it with what belongs to it. */
async function showStored(
  deps: LoginDeps,
  request: Request,
  client: Client,
  flow: Flow,
  extras: FlowExtras = {},
): Promise<Response> {
  const view = client === 'browser' ? undefined : loginFlow(flow, await withLoginRequest(deps, flow, extras))
  return showForm(request, client, { flow, view, uiUrl: deps.settings.uiUrl })
}

/** A browser that proved that it may use the form can also read it from now on; any other learns nothing by submitting. */
const renewToken = ({ request, flow }: Attempt, { csrf_token: token }: LoginFields, form: Ui): Ui =>
  request.csrf.verify(typeof token === 'string' ? token : '') ? withToken(form, flow, request.csrf.token) : form

/** The next screen. It is negotiated for native flows too, and answered with 400 although nothing went wrong. */
async function showNext(
  deps: LoginDeps,
  { request, flow }: Attempt,
  { ui, state = flow.state, active, internal = flow.internal, statements = [], onStored }: Advance,
  { transient_payload: transientPayload = {} }: LoginFields,
): Promise<Response> {
  const { clock, db } = deps
  const shown = {
    ...flow,
    ui: withBrowserToken(ui, flow, request.csrf.token),
    state,
    internal,
    ...(active ? { active } : {}),
    updatedAt: clock.now(),
  }
  await db.batch([updateFlow(shown), ...statements])
  onStored?.()
  const client = isJson(request) ? 'spa' : 'browser'
  return showStored(deps, request, client, shown, { transientPayload: transientPayload as never })
}

/** Sends the browser away, to a page or to a provider, once it is noted with what. */
async function leaveFor({ clock, db }: LoginDeps, { request, flow }: Attempt, leaving: Leaving): Promise<Response> {
  const { ui, active, internal = flow.internal } = leaving
  if (ui || active || internal !== flow.internal) {
    const shown = ui ? withBrowserToken(ui, flow, request.csrf.token) : flow.ui
    const next = { ...flow, ui: shown, internal, ...(active ? { active } : {}), updatedAt: clock.now() }
    await db.batch([updateFlow(next)])
  }
  return leave(request, leaving)
}

/** An error as a text on the form. */
export const problemOf = (error: ApiError): Problem => ({ node: undefined, message: textOf(error) })

function textOf(error: ApiError): Problem['message'] {
  const { id, reason, message } = error.body
  if (error instanceof LinkRefused) return messages.linkMismatch()
  if (id === 'address_not_verified') return messages.addressNotVerified()
  return id === 'identity_disabled' ? messages.accountDisabled() : messages.generic({ reason: reason ?? message })
}
