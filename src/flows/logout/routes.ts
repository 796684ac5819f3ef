import { Secret } from '../../crypto/secret.ts'
import { equalInConstantTime, logoutTokenOf, tokenHash } from '../../crypto/tokens.ts'
import { errors } from '../../errors.ts'
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/db.ts'
import { isJson } from '../../http/negotiate.ts'
import { json, noContent, redirect } from '../../http/respond.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import type { Clock } from '../../lib/clock.ts'
import { isObject } from '../../lib/json.ts'
import type { Authenticate } from '../../sessions/authenticate.ts'
import type { SessionCookies } from '../../sessions/cookie.ts'
import { findSessionByTokenHash, revokeSession } from '../../sessions/store.ts'
import type { Forward } from '../error/forward.ts'
import type { LogoutFlow } from '../wire-schema.ts'

export type LogoutSettings = {
  /** Where people go after they signed out. */
  returnUrl: string
  /** Whether browsers are asked to forget everything they keep for the site. */
  clearBrowserData: boolean
}

export type LogoutDeps = {
  db: Db
  clock: Clock
  authenticate: Authenticate
  cookies: SessionCookies
  forward: Forward
  returnTo: ReturnTo
  publicBaseUrl: string
  settings: LogoutSettings
}

/** What of the configuration rules logouts. */
export const logoutSettings = ({ selfservice }: Pick<Config, 'selfservice'>): LogoutSettings => ({
  returnUrl: selfservice.flows.logout.after.default_browser_return_url ?? selfservice.default_browser_return_url,
  clearBrowserData: selfservice.flows.logout.clear_browser_data,
})

/** The public routes of the logout flow. Disabled people may sign out like everybody else. */
export const logoutRoutes = (deps: LogoutDeps): Route[] => [
  {
    method: 'GET',
    path: '/self-service/logout/browser',
    operationId: 'createBrowserLogoutFlow',
    handler: forwarded(deps, startLogout),
  },
  { method: 'GET', path: '/self-service/logout', operationId: 'updateLogoutFlow', handler: forwarded(deps, logOut) },
  {
    method: 'DELETE',
    path: '/self-service/logout/api',
    operationId: 'performNativeLogout',
    handler: (request) => logOutNatively(deps, request),
  },
]

type Step = (deps: LogoutDeps, request: Request) => Promise<Response>

const forwarded =
  (deps: LogoutDeps, step: Step) =>
  async (request: Request): Promise<Response> => {
    try {
      return await step(deps, request)
    } catch (error) {
      return deps.forward(request, error)
    }
  }

/** Tells where a browser signs out. The token in it keeps other sites from doing that to a person. */
async function startLogout(
  { authenticate, publicBaseUrl, returnTo, settings }: LogoutDeps,
  request: Request,
): Promise<Response> {
  const current = await authenticate.evenIfDisabled(request)
  if (!current) throw errors.sessionInactive()
  const wanted = request.query.get('return_to') || undefined
  const token = logoutTokenOf(current.token).reveal()
  const url = withQuery(joinPath(publicBaseUrl, 'self-service/logout'), {
    token,
    return_to: wanted === undefined ? undefined : returnTo(wanted, settings.returnUrl),
  })
  return json(200, { logout_token: token, logout_url: url } satisfies LogoutFlow)
}

async function logOut(
  { authenticate, clock, cookies, db, returnTo, settings }: LogoutDeps,
  request: Request,
): Promise<Response> {
  const token = request.query.get('token')
  if (!token) throw errors.badRequest('The address lacks the logout token: ?token=<token>.')
  const current = await authenticate.evenIfDisabled(request)
  if (!current) throw errors.sessionInactive()
  if (!equalInConstantTime(token, logoutTokenOf(current.token).reveal()))
    throw errors.forbidden('This logout token belongs to another session.')
  // Before anything ends, so that nobody is signed out and shown an error.
  const destination = returnTo(request.query.get('return_to') ?? undefined, settings.returnUrl)

  await db.batch([revokeSession(current.session.id, clock.now())])
  request.csrf.rotate()
  const answer = isJson(request) ? noContent() : redirect(request, 303, destination)
  return {
    ...answer,
    headers: {
      ...answer.headers,
      ...(settings.clearBrowserData && isSecure(request) ? { 'clear-site-data': siteData } : {}),
    },
    ...(current.source === 'bearer' ? {} : { cookies: [cookies.clear()] }),
  }
}

const siteData = '"cookies", "storage", "cache"'

/** Browsers heed the header over HTTPS only; a proxy in front may be what speaks it. */
function isSecure({ headers, scheme }: Request): boolean {
  const forwarded = headers['x-forwarded-proto']
  return scheme === 'https' || (typeof forwarded === 'string' && forwarded.split(',', 1)[0]!.trim() === 'https')
}

/** Ends the session of the token in the body; no other credential is asked for. */
async function logOutNatively({ clock, db }: LogoutDeps, request: Request): Promise<Response> {
  const token = await readToken(request)
  const found = token === '' ? undefined : await findSessionByTokenHash(db, tokenHash(new Secret(token)))
  if (!found) throw errors.forbidden('There is no session with this token.')
  await db.batch([revokeSession(found.session.id, clock.now())])
  return noContent()
}

async function readToken(request: Request): Promise<string> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type !== 'application/json') throw errors.badRequest('The body has to be application/json.')
  const body = parseBody((await request.body()).toString('utf8'))
  if (!isObject(body)) throw errors.badRequest('The body has to be a JSON object with the member session_token.')
  const token = body['session_token'] ?? ''
  if (typeof token !== 'string') throw errors.badRequest('The member session_token has to be a text.')
  return token
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
