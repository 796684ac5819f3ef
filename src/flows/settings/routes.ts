import { errors } from '../../errors.ts'
import { json, errorResponse, redirect } from '../../http/respond.ts'
import { acceptsJson, isJson } from '../../http/negotiate.ts'
import { joinPath } from '../../http/urls.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'
import { openPendingJar } from '../continuity.ts'
import { flowPage, initUrl, requestUrlOf, type FlowType } from '../flow.ts'
import { insertFlow } from '../store.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import type { SettingsDeps } from './deps.ts'
import { answerSignedOut, isAssured, stepUpUrl } from './assured.ts'
import { getSettings } from './read.ts'
import { beginSettings } from './start.ts'
import { updateSettings } from './submit.ts'
import { askHooksBefore } from './tell.ts'
import { settingsView } from './view.ts'

/** The endpoints of the settings flow. */
export const settingsRoutes = (deps: SettingsDeps): Route[] => [
  {
    method: 'GET',
    path: '/self-service/settings/browser',
    operationId: 'createBrowserSettingsFlow',
    handler: (request) => createInBrowser(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/settings/api',
    operationId: 'createNativeSettingsFlow',
    handler: (request) => createNative(deps, request),
  },
  {
    method: 'GET',
    path: '/self-service/settings/flows',
    operationId: 'getSettingsFlow',
    handler: (request) => readSettings(deps, request),
  },
  {
    method: 'POST',
    path: '/self-service/settings',
    operationId: 'updateSettingsFlow',
    handler: (request) => updateSettings(deps, request),
  },
  // Where a browser comes back after it signed in again: what was parked is carried out.
  { method: 'GET', path: '/self-service/settings', handler: (request) => updateSettings(deps, request) },
  {
    method: 'GET',
    path: '/.well-known/change-password',
    operationId: 'getWellKnownChangePassword',
    handler: (request) => changePassword(deps, request),
  },
]

async function createInBrowser(deps: SettingsDeps, request: Request): Promise<Response> {
  const { forward, publicBaseUrl, uiUrl } = deps
  const authenticated = await deps.authenticate(request)
  const returnTo = request.query.get('return_to') ?? ''
  if (!authenticated) {
    // compat: the extra member is a field of the reference's error type – session/manager.go
    if (isJson(request)) return errorResponse(request, errors.sessionInactive({ CredentialsMissing: false }))
    return redirect(request, 303, initUrl(publicBaseUrl, 'login', 'browser', { return_to: returnTo || undefined }))
  }
  if (!(await isAssured(deps, authenticated))) {
    const target = stepUpUrl(publicBaseUrl, returnTo === '' ? undefined : requestUrlOf(request))
    return isJson(request) ? errorResponse(request, errors.sessionAal2Required(target)) : redirect(request, 303, target)
  }
  try {
    const { flow, view, cookies } = await create(deps, request, authenticated, 'browser')
    const response = acceptsJson(request) ? json(200, await view()) : redirect(request, 303, flowPage(uiUrl, flow.id))
    return { ...response, cookies }
  } catch (error) {
    return forward(request, error)
  }
}

async function createNative(deps: SettingsDeps, request: Request): Promise<Response> {
  const authenticated = await deps.authenticate(request)
  if (!authenticated) throw errors.sessionInactive()
  if (!(await isAssured(deps, authenticated))) throw errors.sessionAal2Required(stepUpUrl(deps.publicBaseUrl))
  const { view, cookies } = await create(deps, request, authenticated, 'api')
  return { ...json(200, await view()), cookies }
}

async function create(deps: SettingsDeps, request: Request, authenticated: Authenticated, type: FlowType) {
  const jar = openPendingJar(deps.continuity, request)
  const identity = await findIdentityWithCredentials(deps.db, authenticated.identity.id)
  if (!identity) throw errors.sessionInactive()
  const flow = await beginSettings(deps, { request, identity, type, jar })
  await askHooksBefore(deps, { request, flow, identity, owner: authenticated })
  await deps.db.batch([insertFlow(flow)])
  const cookie = jar.cookie()
  return {
    flow,
    view: () => settingsView(deps, flow, identity),
    cookies: cookie ? [cookie] : [],
  }
}

async function readSettings(deps: SettingsDeps, request: Request): Promise<Response> {
  const authenticated = await deps.authenticate(request)
  if (!authenticated) return answerSignedOut(deps, request)
  const flow = await getSettings(deps, authenticated, request.query.get('id'))
  return json(200, await settingsView(deps, flow, authenticated.identity))
}

/** Where password managers send a person. */
const changePassword = ({ uiUrl, publicBaseUrl }: SettingsDeps, request: Request): Response =>
  redirect(request, 303, uiUrl === '' ? joinPath(publicBaseUrl, 'self-service/settings/browser') : uiUrl)
