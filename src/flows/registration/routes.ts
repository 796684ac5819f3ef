import { errors } from '../../errors.ts'
import { acceptsJson, isJson } from '../../http/negotiate.ts'
import { encodeQuery } from '../../http/query.ts'
import { errorResponse, json, redirect } from '../../http/respond.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { joinPath } from '../../http/urls.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import { openExchange } from '../../sessions/exchange/exchange.ts'
import { flowPage, type Flow } from '../flow.ts'
import { challengeOf, withLoginRequest } from '../oauth2.ts'
import { readFlow } from '../read.ts'
import { insertFlow } from '../store.ts'
import { registrationFlow, type FlowExtras } from '../wire.ts'
import type { RegistrationDeps } from './deps.ts'
import { beginningOf, openRegistration, registrationDisabled } from './start.ts'
import { submitRegistration } from './submit.ts'

/** The endpoints of the registration flow. */
export const registrationRoutes = (deps: RegistrationDeps): Route[] => [
  {
    method: 'GET',
    path: '/self-service/registration/browser',
    operationId: 'createBrowserRegistrationFlow',
    handler: (request) => createInBrowser(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/registration/api',
    operationId: 'createNativeRegistrationFlow',
    handler: (request) => createNative(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/registration/flows',
    operationId: 'getRegistrationFlow',
    handler: (request) => readRegistration(deps, request),
  },
  {
    method: 'POST',
    path: '/self-service/registration',
    operationId: 'updateRegistrationFlow',
    handler: (request) => submitRegistration(deps, request),
  },
  { method: 'GET', path: '/self-service/registration', handler: (request) => submitRegistration(deps, request) },
]

/** Whoever is signed in is sent on, but only after a wrong request was called wrong. */
async function createInBrowser(deps: RegistrationDeps, request: Request): Promise<Response> {
  const { db, authenticate, forward, returnTo, defaultReturnUrl, uiUrl } = deps
  try {
    const beginning = beginningOf(deps, request, 'browser')
    const challenge = challengeOf(deps, beginning)
    const extras = await withLoginRequest(deps, challenge)
    const current = await authenticate.evenIfDisabled(request)
    if (current && extras.loginRequest) return await remembered(deps, request, { current, ...extras })
    if (current) {
      if (isJson(request)) throw errors.sessionAlreadyAvailable()
      return redirect(request, 303, returnTo(request.query.get('return_to') ?? undefined, defaultReturnUrl))
    }
    const flow = await openRegistration(deps, request, beginning)
    await db.batch([insertFlow(flow)])
    return acceptsJson(request)
      ? json(200, registrationFlow(flow, extras))
      : redirect(request, 303, flowPage(uiUrl, flow.id))
  } catch (error) {
    return forward(request, error)
  }
}

/**
 * Nobody who is signed in has to sign up for an OAuth2 server: whom both know goes back there, anybody else shows first
 * who they are. Scripts are told where the browser goes on; Kratos answers them `null`.
 */
async function remembered(
  { oauth2, publicBaseUrl }: RegistrationDeps,
  request: Request,
  { current: { session, identity }, loginRequest }: FlowExtras & { current: Authenticated },
): Promise<Response> {
  const { challenge, skip } = loginRequest!
  const maySkip = skip && identity.state === 'active' && (await oauth2!.isEnough(session, identity))
  if (!maySkip) {
    const login = joinPath(publicBaseUrl, 'self-service/login/browser')
    return redirect(request, 302, `${login}?${encodeQuery(request.query)}`)
  }
  const to = await oauth2!.acceptLogin(challenge, session)
  return isJson(request) ? errorResponse(request, errors.locationChangeRequired(to)) : redirect(request, 303, to)
}

async function createNative(deps: RegistrationDeps, request: Request): Promise<Response> {
  if (await deps.authenticate.evenIfDisabled(request)) throw errors.sessionAlreadyAvailable()
  const flow = await openRegistration(deps, request, { ...beginningOf(deps, request, 'api'), csrfToken: '' })
  // compat: only this spelling counts here, while the login flow takes any that is true – selfservice/flow/registration/handler.go
  if (request.query.get('return_session_token_exchange_code') !== 'true') {
    await deps.db.batch([insertFlow(flow)])
    return json(200, registrationFlow(flow))
  }
  const { initCode, statement } = openExchange(deps, flow.id)
  await deps.db.batch([insertFlow(flow), statement])
  return json(200, registrationFlow(flow, { exchangeCode: initCode.reveal() }))
}

/** A browser's flow is read by that browser alone; a native one by whoever knows its id. */
async function readRegistration(deps: RegistrationDeps, request: Request): Promise<Response> {
  const { enabled, forward } = deps
  if (!enabled) return forward(request, registrationDisabled())
  const flow = await readFlow(deps, 'registration', request, request.query.get('id'), { anyBrowser })
  return json(200, registrationFlow(flow, await withLoginRequest(deps, flow)))
}

/** A form in which there is nothing to fill in has no token that could tell browsers apart. */
const anyBrowser = ({ ui }: Flow): boolean => ui.nodes === null
