import { ApiError, errors } from '../../errors.ts'
import { flowNotFound, isFormError } from '../../flows/answer.ts'
import { openPendingJar } from '../../flows/continuity.ts'
import { isExpired, returnToOf, type Flow } from '../../flows/flow.ts'
import { problemOf } from '../../flows/login/submit.ts'
import { generic, reasonOf } from '../../flows/registration/submit.ts'
import type { SettingsMethod } from '../../flows/settings/method.ts'
import { settle, type Update } from '../../flows/settings/submit.ts'
import { findFlow } from '../../flows/store.ts'
import { isJson, type Client } from '../../http/negotiate.ts'
import { encodeQuery, parseQuery } from '../../http/query.ts'
import { redirect } from '../../http/respond.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import { answerExchange } from '../../sessions/exchange/exchange.ts'
import { arrive, refuseLogin } from './arrive.ts'
import {
  isByExchange,
  openState,
  refusalIn,
  resume,
  returnOf,
  wrongProvider,
  type Attempt,
  type Kind,
  type State,
} from './attempt.ts'
import { getProvider, type OidcDeps } from './deps.ts'
import { showRegistration } from './forms.ts'
import { namesSomebody } from './claims.ts'
import { codeIn } from './oauth2.ts'
import type { Arrival, Provider } from './provider.ts'
import { linked, type OidcSettingsDeps, oidcSettings } from './settings.ts'
import { useAttempt } from './store.ts'
import { endTest } from './test-login/capture.ts'

const path = '/self-service/methods/oidc/callback'

/** Where browsers come back from providers. */
export const oidcRoutes = (deps: OidcSettingsDeps): Route[] => [
  { method: 'GET', path, handler: (request) => comeBack(deps, request) },
  { method: 'GET', path: `${path}/{provider}`, handler: (request) => comeBack(deps, request) },
  { method: 'POST', path: `${path}/{provider}`, handler: (request) => bridge(deps, request) },
]

/**
 * Some providers have the browser post what they say. Posts of other sites come without the cookies that tell who is
 * meant, so the browser is sent to the same address once more by a way on which it brings them.
 */
async function bridge({ publicBaseUrl }: OidcDeps, request: Request): Promise<Response> {
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded')
  const form = isForm ? parseQuery((await request.body()).toString()) : new URLSearchParams()
  const all = new Map([...form, ...request.query])
  const query = encodeQuery(all)
  return redirect(request, 302, `${joinPath(publicBaseUrl, request.path)}${query === '' ? '' : `?${query}`}`)
}

async function comeBack(deps: OidcSettingsDeps, request: Request): Promise<Response> {
  if (!deps.enabled) throw errors.notFound('Signing in with other providers is switched off here.')
  try {
    return await process(deps, request)
  } catch (error) {
    return deps.flows().login.forward(request, error)
  }
}

/** Somebody who came back to the flow, browser and attempt that they left. */
type Returning = {
  request: Request
  client: Client
  state: State
  flow: Flow
  provider: Provider
  attempt: Attempt
  byExchange: boolean
  current: Authenticated | undefined
}

/** The order of these checks is the order in which their errors win. */
async function process(deps: OidcSettingsDeps, request: Request): Promise<Response> {
  const { clock, db } = deps
  const sealed = request.query.get('state') ?? ''
  const state = openState(deps.stateSealer, sealed)
  if (!state) throw errors.badRequest('The parameter state is missing, or it is not what was sent to the provider.')
  const flow = await findFlow(db, state.kind, state.flow)
  const isForeign = (request.params['provider'] ?? state.provider) !== state.provider
  if (isForeign && !flow?.testContext) throw wrongProvider()
  if (!flow) throw flowNotFound()
  if (isExpired(flow, clock.now())) throw expired()
  if (flow.testContext) return endTest(deps, { request, flow, sealed, state, isForeign })
  const current = await deps.flows().login.authenticate(request)
  if (state.kind === 'settings') checkOwner(flow, current)

  const byExchange = await isByExchange(deps, flow, state.kind)
  const attempt = await resume(deps, { request, flow, sealed, state, byExchange })
  const provider = getProvider(deps, state.provider)
  const client = byExchange || !isJson(request) ? 'browser' : 'spa'
  const returning: Returning = { request, client, state, flow, provider, attempt, byExchange, current }
  try {
    const refusal = refusalIn(request.query)
    if (refusal !== undefined) throw errors.badRequest(refusal)
    if (codeIn(request.query) === '') throw errors.badRequest('The provider sent no code.')
    if (current && state.kind !== 'settings' && !flow.refresh) return await signedInAlready(deps, returning, current)
    return await goOn(deps, returning)
  } catch (error) {
    return refuse(deps, returning, error)
  }
}

const expired = () =>
  new ApiError({
    id: 'self_service_flow_expired',
    status: 410,
    reason: 'The sign-in took too long. Please begin again.',
    message: 'This flow has expired.',
  })

function checkOwner(flow: Flow, current: Authenticated | undefined): void {
  if (!current) throw errors.sessionInactive()
  if (current.identity.id !== flow.identityId) throw errors.identityMismatch()
}

async function goOn(deps: OidcSettingsDeps, returning: Returning): Promise<Response> {
  const { request, state, flow, provider, attempt } = returning
  if (!(await useAttempt(deps.db, attempt.id, deps.clock.now())))
    throw errors.internal(new Error('What came back from the provider was used already.'))
  const arrival = await provider.arrive(returnOf(request, attempt))
  if (!namesSomebody(arrival.claims)) throw errors.upstream('The provider does not say who you are.')
  if (state.kind === 'settings') return link(deps, returning, arrival)
  const { kind } = state
  return arrive(deps, { ...returning, flow, kind, arrival, ...attempt })
}

/** Nobody signs in twice; an app gets the session that the browser has. */
async function signedInAlready(
  deps: OidcDeps,
  { request, flow, byExchange }: Returning,
  { session, token }: Authenticated,
): Promise<Response> {
  const { login } = deps.flows()
  const target = login.returnTo(returnToOf(flow), login.settings.returnUrlAfter('oidc'))
  if (!byExchange) return redirect(request, 303, target)
  const { returnToCode, statement } = answerExchange(deps, flow.id, { session, token })
  await deps.db.batch([statement])
  return redirect(request, 303, withQuery(target, { code: returnToCode.reveal() }))
}

async function updateOf(deps: OidcSettingsDeps, { request, client, flow, current }: Returning): Promise<Update> {
  const identity = await findIdentityWithCredentials(deps.db, flow.identityId ?? '')
  if (!current || !identity) throw errors.sessionInactive()
  const schema = await deps.flows().settings.schemas.get(identity.schemaId)
  const jar = openPendingJar(deps.continuity, request)
  return { request, client, authenticated: current, identity, schema, flow, jar }
}

async function link(deps: OidcSettingsDeps, returning: Returning, arrival: Arrival): Promise<Response> {
  const { provider, flow } = returning
  const update = await updateOf(deps, { ...returning, flow: { ...flow, active: 'oidc' } })
  return settle(deps.flows().settings, update, returnedTo(deps), {}, async (now, at) =>
    linked(deps, provider, arrival, { flow, identity: now.identity, session: now.authenticated.session, now: at }),
  )
}

/** Whoever comes back finds the texts of earlier tries on the form, too. */
const returnedTo = (deps: OidcSettingsDeps): SettingsMethod => ({ ...oidcSettings(deps), keepsMessages: true })

/** What a person can mend, or try again, is shown on the form that they left. */
async function refuse(deps: OidcSettingsDeps, returning: Returning, error: unknown): Promise<Response> {
  const { flow, state } = returning
  if (!isFormError(error)) throw state.kind === 'settings' ? asSettingsError(error, returning) : error
  switch (state.kind satisfies Kind) {
    case 'login':
      return refuseLogin(deps, { ...returning, flow: { ...flow, active: 'oidc' } }, [problemOf(error)])
    case 'registration': {
      const { schemas } = deps.flows().registration
      const schema = await schemas.get(flow.identitySchema ?? schemas.defaultId)
      return showRegistration(deps, { ...returning, schema }, [generic(reasonOf(error))])
    }
    case 'settings': {
      const update = await updateOf(deps, returning)
      return settle(deps.flows().settings, update, returnedTo(deps), {}, () => Promise.reject(error))
    }
  }
}

// compat: an error that has no id is 400 to programs here, though its body says 500 – selfservice/flow/settings/error.go
function asSettingsError(error: unknown, { client }: Returning): unknown {
  if (client !== 'spa' || !(error instanceof ApiError) || error.body.status !== 500 || error.body.id) return error
  const { reason: _, ...body } = error.body
  return new ApiError({ ...body, status: 400 }, { code: 500, cause: error })
}
