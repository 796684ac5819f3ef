import { Secret } from '../crypto/secret.ts'
import { errors } from '../errors.ts'
import { encodeJson } from '../lib/json.ts'
import { microsPerSecond, type Clock, type Micros } from '../lib/clock.ts'
import { parseUuid } from '../lib/uuid.ts'
import type { Db, Statement } from '../db/db.ts'
import { tokenPageHeaders } from '../http/paging.ts'
import { errorResponse, json, noContent } from '../http/respond.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import type { Request, Response, Route } from '../http/types.ts'
import type { FactorRules } from './assurance.ts'
import type { Authenticate, Authenticated } from './authenticate.ts'
import type { SessionCookies } from './cookie.ts'
import { redeemExchange, unknownCodes } from './exchange/exchange.ts'
import type { LifespanOf } from './issue.ts'
import { pageOfOne } from './list.ts'
import { meetsRequirement, type RequiredAal } from './requirement.ts'
import { devicesOf } from './session.ts'
import { listSessionsOf, revokeOtherSessions, revokeSessionOf } from './store.ts'
import type { TokenizedSession, Tokenizer } from './tokenize.ts'
import { listedSessionObject, sessionObject, type SessionObject } from './wire.ts'

/** Whether clients may keep what whoami answers, and for how long at most. */
export type CacheableSessions = { enabled: boolean; maxAgeMicros: Micros | undefined }

/** What the routes for the sessions of the person who asks need. */
export type SessionRouteDeps = {
  db: Db
  clock: Clock
  authenticate: Authenticate
  cookies: SessionCookies
  tokenizer: Pick<Tokenizer, 'tokenize'>
  publicBaseUrl: string
  rules: FactorRules
  requiredAal: RequiredAal
  cacheable: CacheableSessions
  /** The flow by that id as its owner sees it; undefined when it is gone. */
  showFlow(flowId: string): Promise<Record<string, unknown> | undefined>
}

/** What the routes for operators need. */
export type AdminSessionRouteDeps = {
  db: Db
  clock: Clock
  publicBaseUrl: string
  lifespanOf: LifespanOf
  /** A session can be extended once no more than this is left of it. */
  earliestPossibleExtendMicros: Micros
  /** Whether extending answers without the session. */
  fasterExtend: boolean
}

/** How long clients may remember that they sent no credential at all. */
const anonymousCacheSeconds = 60

/** The routes of the public port. */
export function sessionRoutes(deps: SessionRouteDeps): Route[] {
  const { db, clock, authenticate, cookies, tokenizer, publicBaseUrl, cacheable } = deps
  const secondFactorUrl = withQuery(joinPath(publicBaseUrl, 'self-service/login/browser'), { aal: 'aal2' })

  const run = ({ sql, params }: Statement) => db.run(sql, params)

  return [
    { method: 'GET', path: '/sessions/whoami', operationId: 'toSession', handler: whoami },
    // compat: every other method is answered alike, none of them changes anything – session/handler.go
    { method: '*', path: '/sessions/whoami', handler: whoami },
    { method: 'GET', path: '/sessions', operationId: 'listMySessions', handler: listOthers },
    { method: 'DELETE', path: '/sessions', operationId: 'disableMyOtherSessions', handler: revokeOthers },
    { method: 'DELETE', path: '/sessions/{id}', operationId: 'disableMySession', handler: revokeOne },
    { method: 'GET', path: '/sessions/token-exchange', operationId: 'exchangeSessionToken', handler: exchange },
  ]

  async function whoami(request: Request): Promise<Response> {
    const found = await authenticate(request)
    if (!found) return nobody(request)
    await checkAssurance(found)
    const { session, identity, token, cookie } = found
    const now = clock.now()
    const shown = sessionObject(session, { publicBaseUrl, now, identity, devices: devicesOf(session) })
    const template = request.rawQuery === '' ? null : request.query.get('tokenize_as')
    const body = template
      ? { ...shown, tokenized: await tokenizer.tokenize(template, asData(shown), asSubject(found)) }
      : shown

    const headers: Record<string, string> = { 'x-kratos-authenticated-identity-id': identity.id }
    if (cacheable.enabled && !template) headers['ory-session-cache-for'] = String(cacheSeconds(session.expiresAt - now))
    const response = json(200, body, headers)
    // A session that was extended outlives its cookie unless that is renewed. Only the cookie that led here is: another
    // one beside a token may be somebody else's.
    if (cookie && cookie.expiresAt < session.expiresAt) response.cookies = [cookies.write(token, session.expiresAt)]
    return response
  }

  function nobody(request: Request): Response {
    const response = errorResponse(request, errors.unauthorized())
    if (!cacheable.enabled || authenticate.hasCredential(request)) return response
    return { ...response, headers: { ...response.headers, 'ory-session-cache-for': String(anonymousCacheSeconds) } }
  }

  function cacheSeconds(leftMicros: Micros): number {
    const cap = cacheable.maxAgeMicros
    return Math.floor((cap ? Math.min(leftMicros, cap) : leftMicros) / microsPerSecond)
  }

  async function listOthers(request: Request): Promise<Response> {
    const found = await signedIn(request)
    await checkAssurance(found)
    const { session, identity } = found
    const now = clock.now()
    const { page, offset } = pageOfOne(request.query)
    const { sessions, total } = await listSessionsOf(
      db,
      { identityId: identity.id, exceptId: session.id, only: 'active', now },
      { limit: page.size, offset },
    )
    return json(
      200,
      sessions.map((other) => listedSessionObject(other, { publicBaseUrl, now, identity })),
      tokenPageHeaders(request, page, total),
    )
  }

  async function revokeOthers(request: Request): Promise<Response> {
    const { session, identity } = await signedIn(request)
    return json(200, { count: await run(revokeOtherSessions(identity.id, session.id, clock.now())) })
  }

  async function revokeOne(request: Request): Promise<Response> {
    const { session, identity } = await signedIn(request)
    const id = parseUuid(request.params.id)
    // The session of the request is ended by signing out, which takes the cookie along.
    if (id === undefined || id === session.id) throw errors.badRequest()
    await run(revokeSessionOf(identity.id, id, clock.now()))
    return noContent({ 'content-type': 'application/json; charset=utf-8' })
  }

  async function exchange(request: Request): Promise<Response> {
    const [initCode, returnToCode] = [request.query.get('init_code'), request.query.get('return_to_code')]
    if (!initCode || !returnToCode) throw errors.badRequest('Both init_code and return_to_code are needed.')
    const redeemed = await redeemExchange({ db, clock }, new Secret(initCode), new Secret(returnToCode))
    if (redeemed.kind === 'flow') {
      const flow = await deps.showFlow(redeemed.flowId)
      if (!flow) throw unknownCodes()
      return json(422, flow)
    }
    const { session, identity, token } = redeemed
    return json(200, {
      session_token: token.reveal(),
      session: sessionObject(session, { publicBaseUrl, now: clock.now(), identity, devices: [] }),
    })
  }

  /** A disabled person may still see and end the own sessions. */
  async function signedIn(request: Request): Promise<Authenticated> {
    const found = await authenticate.evenIfDisabled(request)
    if (!found) throw errors.unauthorized()
    return found
  }

  async function checkAssurance({ session, identity }: Authenticated): Promise<void> {
    if (!(await meetsRequirement(deps, deps.requiredAal, session, identity)))
      throw errors.sessionAal2Required(secondFactorUrl)
  }
}

/** The session as plain JSON data, which is what a claims mapper works on. */
const asData = (session: SessionObject): TokenizedSession => JSON.parse(encodeJson(session)) as TokenizedSession

const asSubject = ({ identity: { id, externalId } }: Authenticated) => ({
  id,
  ...(externalId === undefined ? {} : { external_id: externalId }),
})
