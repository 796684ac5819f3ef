import { placeholders, type Db, type Param, type Row, type Statement } from '../db/db.ts'
import type { Micros } from '../lib/clock.ts'
import type { Aal, CredentialType, Identity } from '../identities/identity.ts'
import { identityColumns, identityFrom, identityOwnColumns } from '../identities/store.ts'
import type { AuthenticationMethod, Session } from './session.ts'

export const sessionColumns = `
  s.id as s_id, s.identity_id as s_identity_id, s.token_hash as s_token_hash, s.active as s_active, s.aal as s_aal,
  s.authentication_methods as s_methods, s.issued_at as s_issued_at, s.authenticated_at as s_authenticated_at, s.expires_at as s_expires_at,
  s.device_id as s_device_id, s.device_ip_address as s_device_ip_address, s.device_user_agent as s_device_user_agent,
  s.device_location as s_device_location, s.created_at as s_created_at, s.updated_at as s_updated_at`

/** A stored factor, in the spelling of the wire. */
type StoredMethod = {
  method: CredentialType
  aal: Aal
  completed_at: number
  provider?: string
  organization?: string
  upstream_acr?: string
  upstream_amr?: string[]
}

export function sessionFrom(row: Row): Session {
  return {
    id: row.s_id as string,
    identityId: row.s_identity_id as string,
    tokenHash: row.s_token_hash as string,
    active: Boolean(row.s_active),
    aal: row.s_aal as Aal,
    authenticationMethods: (JSON.parse(row.s_methods as string) as StoredMethod[]).map(methodFrom),
    issuedAt: row.s_issued_at as number,
    authenticatedAt: row.s_authenticated_at as number | null,
    expiresAt: row.s_expires_at as number,
    device:
      row.s_device_id === null
        ? null
        : {
            id: row.s_device_id as string,
            ipAddress: row.s_device_ip_address as string,
            userAgent: row.s_device_user_agent as string | null,
            location: row.s_device_location as string,
          },
    createdAt: row.s_created_at as number,
    updatedAt: row.s_updated_at as number,
  }
}

const methodFrom = ({
  method,
  aal,
  completed_at,
  provider,
  organization,
  upstream_acr,
  upstream_amr,
}: StoredMethod): AuthenticationMethod => ({
  method,
  aal,
  completedAt: completed_at,
  ...(provider ? { provider } : {}),
  ...(organization ? { organization } : {}),
  ...(upstream_acr ? { upstreamAcr: upstream_acr } : {}),
  ...(upstream_amr ? { upstreamAmr: upstream_amr } : {}),
})

const methodsText = (methods: readonly AuthenticationMethod[]): string =>
  JSON.stringify(
    methods.map(
      ({ method, aal, completedAt, provider, organization, upstreamAcr, upstreamAmr }): StoredMethod => ({
        method,
        aal,
        completed_at: completedAt,
        ...(provider ? { provider } : {}),
        ...(organization ? { organization } : {}),
        ...(upstreamAcr ? { upstream_acr: upstreamAcr } : {}),
        ...(upstreamAmr ? { upstream_amr: upstreamAmr } : {}),
      }),
    ),
  )

const bySql = new Map<Db['dialect'], string>()

/** The session of a token and its identity, whatever the state of either. One round trip. */
export async function findSessionByTokenHash(
  db: Db,
  tokenHash: string,
): Promise<{ session: Session; identity: Identity } | undefined> {
  let sql = bySql.get(db.dialect)
  if (!sql) {
    sql = `select ${sessionColumns}, ${identityColumns(db.dialect)} from sessions s join identities i on i.id = s.identity_id where s.token_hash = $1`
    bySql.set(db.dialect, sql)
  }
  const [row] = await db.query(sql, [tokenHash])
  return row && { session: sessionFrom(row), identity: identityFrom(row) }
}

export const insertSession = (s: Session): Statement => ({
  sql: `insert into sessions (id, identity_id, token_hash, active, aal, authentication_methods, issued_at, authenticated_at, expires_at,
          device_id, device_ip_address, device_user_agent, device_location, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
  params: [
    s.id,
    s.identityId,
    s.tokenHash,
    s.active,
    s.aal,
    methodsText(s.authenticationMethods),
    s.issuedAt,
    s.authenticatedAt,
    s.expiresAt,
    s.device?.id ?? null,
    s.device?.ipAddress ?? null,
    s.device?.userAgent ?? null,
    s.device?.location ?? null,
    s.createdAt,
    s.updatedAt,
  ],
})

/** Stores that a session's owner completed another factor. `issued_at` and the device stay as they were. */
export const updateContinuedSession = (s: Session): Statement => ({
  sql: `update sessions set aal = $2, authentication_methods = $3, authenticated_at = $4, expires_at = $5, updated_at = $6
         where id = $1 and active = $7`,
  params: [s.id, s.aal, methodsText(s.authenticationMethods), s.authenticatedAt, s.expiresAt, s.updatedAt, true],
  expect: 1,
})

/** Ends all sessions of an identity but one. */
export const revokeOtherSessions = (identityId: string, keepId: string, now: number): Statement => ({
  sql: 'update sessions set active = $3, updated_at = $4 where identity_id = $1 and id <> $2',
  params: [identityId, keepId, false, now],
})

export const revokeSession = (id: string, now: number): Statement => ({
  sql: 'update sessions set active = $2, updated_at = $3 where id = $1',
  params: [id, false, now],
})

/** Ends a session if it belongs to that identity. */
export const revokeSessionOf = (identityId: string, id: string, now: Micros): Statement => ({
  sql: 'update sessions set active = $3, updated_at = $4 where id = $1 and identity_id = $2',
  params: [id, identityId, false, now],
})

export const deleteSessionsOf = (identityId: string): Statement => ({
  sql: 'delete from sessions where identity_id = $1',
  params: [identityId],
})

/** Moves the end of a session. Whether it is active stays as it is. */
export const extendSession = (id: string, expiresAt: Micros, now: Micros): Statement => ({
  sql: 'update sessions set expires_at = $2, updated_at = $3 where id = $1',
  params: [id, expiresAt, now],
})

/** A session and its identity, whatever the state of either. */
export async function findSession(db: Db, id: string): Promise<{ session: Session; identity: Identity } | undefined> {
  const [row] = await db.query(
    `select ${sessionColumns}, ${identityColumns(db.dialect)} from sessions s join identities i on i.id = s.identity_id where s.id = $1`,
    [id],
  )
  return row && { session: sessionFrom(row), identity: identityFrom(row) }
}

/** `active`: only those that are on and not expired; `inactive`: only the others. */
export type ActivityFilter = { only: 'active' | 'inactive' | undefined; now: Micros }

export type SessionsOf = ActivityFilter & { identityId: string; exceptId?: string }

/** A page of an identity's sessions, newest first, and how many there are in all. */
export async function listSessionsOf(
  db: Db,
  { identityId, exceptId, only, now }: SessionsOf,
  { limit, offset }: { limit: number; offset: number },
): Promise<{ sessions: Session[]; total: number }> {
  const params: Param[] = [identityId]
  const conditions = ['s.identity_id = $1', ...activity(only, now, params)]
  if (exceptId !== undefined) conditions.push(`s.id <> $${params.push(exceptId)}`)
  const where = conditions.join(' and ')
  const [rows, [count]] = await Promise.all([
    db.query(
      `select ${sessionColumns} from sessions s where ${where}
        order by s.created_at desc, s.id desc limit $${params.length + 1} offset $${params.length + 2}`,
      [...params, limit, offset],
    ),
    db.query<{ n: number }>(`select count(*) as n from sessions s where ${where}`, params),
  ])
  return { sessions: rows.map(sessionFrom), total: Number(count!.n) }
}

/** A place in the list of all sessions: behind this one. */
export type SessionsCursor = { createdAt: Micros; id: string }

/** Everybody's sessions from a place on, newest first. Identities come without addresses, and only when asked for. */
export async function listSessions(
  db: Db,
  { only, now }: ActivityFilter,
  { limit, after, withIdentity }: { limit: number; after: SessionsCursor; withIdentity: boolean },
): Promise<{ session: Session; identity?: Identity }[]> {
  const params: Param[] = [after.createdAt, after.id]
  const where = ['(s.created_at, s.id) < ($1, $2)', ...activity(only, now, params)].join(' and ')
  const rows = await db.query(
    `select ${sessionColumns}${withIdentity ? `, ${identityOwnColumns}` : ''}
       from sessions s ${withIdentity ? 'join identities i on i.id = s.identity_id' : ''}
      where ${where} order by s.created_at desc, s.id desc limit $${params.length + 1}`,
    [...params, limit],
  )
  return rows.map((row) => ({ session: sessionFrom(row), ...(withIdentity ? { identity: identityFrom(row) } : {}) }))
}

function activity(only: ActivityFilter['only'], now: Micros, params: Param[]): string[] {
  if (only === undefined) return []
  const flag = params.push(only === 'active')
  const moment = params.push(now)
  return only === 'active'
    ? [`s.active = $${flag} and s.expires_at > $${moment}`]
    : [`(s.active = $${flag} or s.expires_at <= $${moment})`]
}

/** Which sessions an operator means: some, those of some identities, or everybody's, so many at a time. */
export type SessionSelection =
  | { kind: 'sessions'; ids: readonly string[] }
  | { kind: 'identities'; ids: readonly string[] }
  | { kind: 'all'; limit: number }

/** Ends the sessions that are active among the selected ones. */
export function disableSessions(selection: SessionSelection, now: Micros): Statement {
  const { where, params } = selected(selection, 3, 'and active = $1')
  return {
    sql: `update sessions set active = $2, updated_at = $3 where active = $1 and ${where}`,
    params: [true, false, now, ...params],
  }
}

export function deleteSessions(selection: SessionSelection): Statement {
  const { where, params } = selected(selection, 0, '')
  return { sql: `delete from sessions where ${where}`, params }
}

function selected(selection: SessionSelection, offset: number, among: string): { where: string; params: Param[] } {
  if (selection.kind === 'all') {
    const limit = `limit $${offset + 1}`
    return { where: `id in (select id from sessions where 1 = 1 ${among} ${limit})`, params: [selection.limit] }
  }
  const params = padded(selection.ids)
  const column = selection.kind === 'sessions' ? 'id' : 'identity_id'
  return { where: `${column} in (${placeholders(params.length, offset + 1)})`, params }
}

/** The same set as a list of 1, 2, 4, 8 … entries: few lengths make few statements to prepare. */
function padded(ids: readonly string[]): string[] {
  const size = 2 ** Math.ceil(Math.log2(ids.length))
  return [...ids, ...Array.from({ length: size - ids.length }, () => ids[0]!)]
}
