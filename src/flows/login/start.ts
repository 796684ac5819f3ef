import { ApiError, errors } from '../../errors.ts'
import { parseUuid } from '../../lib/uuid.ts'
import { acceptsJson, isJson } from '../../http/negotiate.ts'
import { parseBool } from '../../http/query.ts'
import { errorResponse, json, redirect } from '../../http/respond.ts'
import type { Request, Response } from '../../http/types.ts'
import { withQuery } from '../../http/urls.ts'
import type { Aal } from '../../identities/identity.ts'
import { atLeast } from '../../sessions/assurance.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import { handOnExchange, openExchange } from '../../sessions/exchange/exchange.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { flowPage, initUrl, newFlow, queryOf, requestUrlOf, type Flow, type FlowType } from '../flow.ts'
import { withMessages } from '../form.ts'
import { runHooksBefore } from '../hook.ts'
import { challengeOf, loginChallengeIn, withLoginRequest } from '../oauth2.ts'
import type { Advance } from '../outcome.ts'
import { insertFlow } from '../store.ts'
import { loginFlow } from '../wire.ts'
import type { OAuth2LoginRequest } from '../wire-schema.ts'
import type { LoginDeps } from './deps.ts'
import { openingForm, shortcutFrom, withBrowserToken } from './form.ts'
import type { LoginScreen } from './method.ts'

/**
 * Begins a login. Who is signed in already gets no form, unless they refresh their session or add a second factor.
 * @throws ApiError
 */
export async function startLogin(deps: LoginDeps, request: Request, type: FlowType): Promise<Response> {
  const { authenticate, clock, db, settings } = deps
  const asked: Asked =
    type === 'browser' ? await askedOf(deps, request) : { query: request.query, requestUrl: requestUrlOf(request) }
  const wanted = readParameters(deps, asked.query, type)
  const current = await authenticate(request)
  if (!current && wanted.aal === 'aal2') throw errors.sessionAal1Required()
  if (current && !wanted.refresh && atLeast(current.session.aal, wanted.aal))
    return signedInAlready(deps, request, type, { ...asked, current })

  const { flow, screen } = await openFlow(deps, request, {
    ...wanted,
    type,
    requestUrl: asked.requestUrl,
    current,
  })
  const exchange = type === 'api' && wanted.exchangeCode && !current ? openExchange({ clock }, flow.id) : undefined
  const next = await shortcutFrom({
    screen,
    ui: flow.ui,
    fields: {},
    session: current?.session,
    methods: deps.methods.filter(({ enabled }) => enabled),
    request,
  })
  if (next) return goOn(deps, request, flow, next)
  await db.batch([insertFlow(flow), ...(exchange ? [exchange.statement] : [])])
  if (type === 'browser' && !acceptsJson(request)) return redirect(request, 303, flowPage(settings.uiUrl, flow.id))
  const { loginRequest } = asked
  const view = loginFlow(flow, {
    ...(loginRequest ? { loginRequest } : {}),
    ...(exchange ? { exchangeCode: exchange.initCode.reveal() } : {}),
  })
  return json(200, view)
}

/** What a request asks for. With a challenge the OAuth2 server has a say in it. */
type Asked = { query: URLSearchParams; requestUrl: string; challenge?: string; loginRequest?: OAuth2LoginRequest }

/** A browser's request, with what the OAuth2 server wants of the login that it asks for. */
async function askedOf(deps: LoginDeps, request: Request): Promise<Asked> {
  const { oauth2 } = deps
  const challenge = loginChallengeIn(deps, request.query)
  const written = requestUrlOf(request)
  if (!oauth2 || challenge === undefined) return { query: request.query, requestUrl: written }
  const loginRequest = await oauth2.getLoginRequest(challenge)
  const changes = {
    // Whom the server does not remember shows who they are, with or without a session here.
    ...(loginRequest.skip ? {} : { refresh: 'true' }),
    ...(oauth2.overridesReturnTo && loginRequest.request_url !== '' ? { return_to: loginRequest.request_url } : {}),
  }
  const requestUrl = Object.keys(changes).length === 0 ? written : withQuery(written, changes)
  return { query: queryOf({ requestUrl }), requestUrl, challenge, loginRequest }
}

/** Answers with the screen after the first. compat: that is negotiated for native flows, too – selfservice/strategy/code/strategy_login.go */
async function goOn(
  deps: LoginDeps,
  request: Request,
  opened: Flow,
  { ui, state = opened.state, active, internal = opened.internal, statements = [], onStored }: Advance,
): Promise<Response> {
  const { db, settings } = deps
  const flow: Flow = {
    ...opened,
    ui: withBrowserToken(ui, opened, request.csrf.token),
    state,
    internal,
    ...(active === undefined ? {} : { active }),
  }
  await db.batch([insertFlow(flow), ...statements])
  onStored?.()
  if (!isJson(request)) return redirect(request, 303, flowPage(settings.uiUrl, flow.id))
  return json(200, loginFlow(flow, await withLoginRequest(deps, flow)))
}

type Parameters = {
  aal: Exclude<Aal, 'aal0'>
  refresh: boolean
  organizationId: string | null
  identitySchema: string | undefined
  via: string | undefined
  exchangeCode: boolean
}

/** The order of these checks is the order in which their errors win. */
function readParameters(deps: LoginDeps, query: URLSearchParams, type: FlowType): Parameters {
  const { returnTo, schemas, settings } = deps
  returnTo(query.get('return_to') ?? undefined, settings.returnUrlAfter())
  // compat: an app's challenge is kept, but nobody is asked about it – selfservice/flow/login/flow.go
  if (type === 'api') loginChallengeIn(deps, query)
  const aal = (query.get('aal') || 'aal1').toLowerCase()
  if (aal !== 'aal1' && aal !== 'aal2') throw errors.badRequest('The parameter aal has to be aal1 or aal2.')
  const identitySchema = (aal === 'aal1' && query.get('identity_schema')) || undefined
  if (identitySchema !== undefined) {
    if (!schemas.has(identitySchema)) throw errors.badRequest('There is no identity schema of that name.')
    if (!schemas.isSelectable(identitySchema))
      throw errors.badRequest('This identity schema is not for people to choose.')
  }
  return {
    aal,
    identitySchema,
    refresh: flag(query, 'refresh'),
    organizationId: parseUuid(query.get('organization')) ?? null,
    via: query.get('via') ?? undefined,
    exchangeCode: flag(query, 'return_session_token_exchange_code'),
  }
}

const flag = (query: URLSearchParams, name: string): boolean => parseBool(query.get(name) ?? '') ?? false

async function signedInAlready(
  deps: LoginDeps,
  request: Request,
  type: FlowType,
  { query, challenge, current }: Asked & { current: Authenticated },
): Promise<Response> {
  const { returnTo, settings } = deps
  if (challenge !== undefined) return remembered(deps, request, challenge, { query, current })
  if (type === 'api' || acceptsJson(request)) throw errors.sessionAlreadyAvailable()
  // compat: the default of the login flow does not count here – selfservice/flow/login/handler.go
  return redirect(request, 303, returnTo(query.get('return_to') ?? undefined, settings.defaultReturnUrl))
}

/** Somebody whom both the OAuth2 server and we know goes back there without a form, once both factors are there. */
async function remembered(
  { oauth2, publicBaseUrl }: LoginDeps,
  request: Request,
  challenge: string,
  { query, current: { session, identity } }: Pick<Asked, 'query'> & { current: Authenticated },
): Promise<Response> {
  if (!(await oauth2!.isEnough(session, identity))) {
    const url = initUrl(publicBaseUrl, 'login', 'browser', {
      aal: 'aal2',
      login_challenge: challenge,
      return_to: query.get('return_to') || undefined,
    })
    return acceptsJson(request)
      ? errorResponse(request, errors.locationChangeRequired(url))
      : redirect(request, 303, url)
  }
  const to = await oauth2!.acceptLogin(challenge, session)
  if (!acceptsJson(request)) return redirect(request, 303, to)
  // The challenge is used up: scripts need to know where the browser goes on.
  const { body } = errors.sessionAlreadyAvailable()
  return errorResponse(request, new ApiError(body, { extra: { redirect_browser_to: to } }))
}

export type NewLogin = {
  type: FlowType
  requestUrl: string
  aal: Exclude<Aal, 'aal0'>
  refresh: boolean
  organizationId: string | null
  identitySchema: string | undefined
  via: string | undefined
  current: Authenticated | undefined
}

/**
 * A new flow with its first screen, not stored yet.
 * @throws ApiError when a hook keeps it from beginning
 */
export async function openFlow(
  deps: LoginDeps,
  request: Request,
  wanted: NewLogin,
): Promise<{ flow: Flow; screen: LoginScreen }> {
  const { clock, publicBaseUrl, settings } = deps
  const { type, requestUrl, aal, identitySchema, via, current } = wanted
  const refresh = wanted.refresh && current !== undefined
  const flow = newFlow({
    name: 'login',
    type,
    requestUrl,
    state: 'choose_method',
    requestedAal: aal,
    refresh,
    organizationId: current?.identity.organizationId ?? wanted.organizationId,
    ...(identitySchema === undefined ? {} : { identitySchema }),
    ...challengeOf(deps, { requestUrl }),
    lifespanMicros: settings.lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
  })
  const opening = { flow, session: current?.session, via, csrfToken: request.csrf.token }
  const { screen, ui } = await openingForm(deps, opening)
  const stepsUp = current !== undefined && aal === 'aal2' && !atLeast(current.session.aal, aal)
  const texts = [...(refresh ? [messages.loginRefresh()] : []), ...(stepsUp ? [messages.loginSecondFactor()] : [])]
  const opened: Flow = { ...flow, ui: withMessages(ui, texts) }
  await runHooksBefore(deps.hooksBefore, { request, flow: loginFlow(opened) })
  return { flow: opened, screen }
}

/**
 * The flow that goes on in the place of an expired one, for somebody who is signed out. Stored.
 * compat: what the old one was for – an assurance level, an organization – is lost; its address and schema are kept
 */
export async function replaceExpired(deps: LoginDeps, request: Request, expired: Flow): Promise<Flow> {
  const { flow: fresh } = await openFlow(deps, request, {
    type: expired.type,
    requestUrl: expired.requestUrl,
    aal: 'aal1',
    refresh: false,
    organizationId: null,
    identitySchema: expired.identitySchema,
    via: undefined,
    current: undefined,
  })
  const flow = { ...fresh, ui: withMessages(fresh.ui, [messages.loginExpired(expiredContext(expired.expiresAt))]) }
  await deps.db.batch([insertFlow(flow), handOnExchange(expired.id, flow.id)])
  return flow
}
