import { errors } from '../errors.ts'
import { parseUuid } from '../lib/uuid.ts'
import type { Statement } from '../db/db.ts'
import { findIdentity } from '../identities/store.ts'
import { tokenPageHeaders } from '../http/paging.ts'
import { json, noContent } from '../http/respond.ts'
import type { Request, Response, Route } from '../http/types.ts'
import { extended } from './extend.ts'
import { activityOf, expansionOf, keysetHeaders, keysetPage, pageOfOne } from './list.ts'
import { parseManageSessions } from './manage.ts'
import type { AdminSessionRouteDeps } from './routes.ts'
import { devicesOf } from './session.ts'
import {
  deleteSessions,
  deleteSessionsOf,
  disableSessions,
  extendSession,
  findSession,
  listSessions,
  listSessionsOf,
  revokeSession,
} from './store.ts'
import { listedSessionObject, sessionObject } from './wire.ts'

const asJson = { 'content-type': 'application/json; charset=utf-8' }

/** The routes of the admin port. */
export function adminSessionRoutes(deps: AdminSessionRouteDeps): Route[] {
  const { db, clock, publicBaseUrl, lifespanOf, earliestPossibleExtendMicros, fasterExtend } = deps

  const run = ({ sql, params }: Statement) => db.run(sql, params)

  return [
    { method: 'GET', path: '/admin/sessions', operationId: 'listSessions', handler: list },
    { method: 'POST', path: '/admin/sessions', operationId: 'manageSessions', handler: manage },
    { method: 'GET', path: '/admin/sessions/{id}', operationId: 'getSession', handler: get },
    { method: 'DELETE', path: '/admin/sessions/{id}', operationId: 'disableSession', handler: disable },
    { method: 'PATCH', path: '/admin/sessions/{id}/extend', operationId: 'extendSession', handler: extend },
    { method: 'GET', path: '/admin/identities/{id}/sessions', operationId: 'listIdentitySessions', handler: listOf },
    {
      method: 'DELETE',
      path: '/admin/identities/{id}/sessions',
      operationId: 'deleteIdentitySessions',
      handler: deleteOf,
    },
  ]

  async function list(request: Request): Promise<Response> {
    const { query } = request
    const only = activityOf(query)
    const expand = expansionOf(query)
    const { size, after } = keysetPage(query)
    const now = clock.now()
    // One row more than fits tells whether there is a next page.
    const rows = await listSessions(db, { only, now }, { limit: size + 1, after, withIdentity: expand.identity })
    const page = rows.slice(0, size)
    const next = rows.length > size ? page.at(-1)?.session : undefined
    return json(
      200,
      page.map(({ session, identity }) =>
        sessionObject(session, {
          publicBaseUrl,
          now,
          identity,
          admin: true,
          devices: expand.devices ? devicesOf(session) : null,
        }),
      ),
      keysetHeaders(request, size, next),
    )
  }

  async function manage(request: Request): Promise<Response> {
    const { action, selection } = parseManageSessions(await request.body())
    const processed = await run(
      action === 'disable' ? disableSessions(selection, clock.now()) : deleteSessions(selection),
    )
    return json(200, { processed, more: selection.kind === 'all' && processed === selection.limit })
  }

  async function get(request: Request): Promise<Response> {
    const id = idOf(request)
    const expand = expansionOf(request.query)
    const found = await findSession(db, id)
    if (!found) throw errors.notFound()
    const { session, identity } = found
    return json(
      200,
      sessionObject(session, {
        publicBaseUrl,
        now: clock.now(),
        identity: expand.identity ? identity : undefined,
        admin: true,
        devices: expand.devices ? devicesOf(session) : [],
      }),
    )
  }

  async function disable(request: Request): Promise<Response> {
    if ((await run(revokeSession(idOf(request), clock.now()))) === 0) throw errors.notFound()
    return noContent(asJson)
  }

  async function extend(request: Request): Promise<Response> {
    const id = idOf(request)
    const found = await findSession(db, id)
    if (!found) throw errors.notFound()
    const { identity } = found
    const now = clock.now()
    const session = extended(found.session, { lifespanMicros: lifespanOf(identity), earliestPossibleExtendMicros }, now)
    if (session !== found.session) await run(extendSession(id, session.expiresAt, now))
    return fasterExtend ? noContent() : json(200, sessionObject(session, { publicBaseUrl, now, identity, devices: [] }))
  }

  async function listOf(request: Request): Promise<Response> {
    const { query } = request
    const identityId = idOf(request)
    const only = activityOf(query)
    const { page, offset } = pageOfOne(query)
    const now = clock.now()
    const [identity, { sessions, total }] = await Promise.all([
      findIdentity(db, identityId),
      listSessionsOf(db, { identityId, only, now }, { limit: page.size, offset }),
    ])
    return json(
      200,
      sessions.map((session) => listedSessionObject(session, { publicBaseUrl, now, identity, admin: true })),
      tokenPageHeaders(request, page, total),
    )
  }

  async function deleteOf(request: Request): Promise<Response> {
    if ((await run(deleteSessionsOf(idOf(request)))) === 0) throw errors.notFound()
    return noContent()
  }
}

function idOf(request: Request): string {
  const id = parseUuid(request.params.id)
  if (id === undefined) throw errors.badRequest()
  return id
}
