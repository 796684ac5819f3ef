import type { Db, Statement } from '../db/db.ts'
import type { Micros } from '../lib/clock.ts'
import type { Flow, FlowName, FlowType } from './flow.ts'

/** Everything of a flow that no query looks for. */
type FlowData = Omit<Flow, 'id' | 'name' | 'type' | 'identityId' | 'issuedAt' | 'expiresAt'>

const dataOf = ({
  id: _id,
  name: _name,
  type: _type,
  identityId: _identity,
  issuedAt: _issued,
  expiresAt: _expires,
  ...data
}: Flow): string => JSON.stringify(data satisfies FlowData)

export async function findFlow(db: Db, name: FlowName, id: string): Promise<Flow | undefined> {
  const [row] = await db.query<{
    type: string
    identity_id: string | null
    issued_at: number
    expires_at: number
    data: string
  }>('select type, identity_id, issued_at, expires_at, data from flows where id = $1 and name = $2', [id, name])
  if (!row) return undefined
  return {
    id,
    name,
    type: row.type as FlowType,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    ...(row.identity_id === null ? {} : { identityId: row.identity_id }),
    ...(JSON.parse(row.data) as FlowData),
  }
}

export const insertFlow = (flow: Flow): Statement => ({
  sql: 'insert into flows (id, name, type, identity_id, issued_at, expires_at, data) values ($1, $2, $3, $4, $5, $6, $7)',
  params: [flow.id, flow.name, flow.type, flow.identityId ?? null, flow.issuedAt, flow.expiresAt, dataOf(flow)],
})

export const updateFlow = (flow: Flow): Statement => ({
  sql: 'update flows set data = $2 where id = $1',
  params: [flow.id, dataOf(flow)],
})

/** Changes a flow that nobody has changed since it was read. Fails with `UnexpectedRowCount` when somebody has. */
export const replaceFlow = (before: Flow, after: Flow): Statement => ({
  sql: 'update flows set data = $2 where id = $1 and data = $3',
  params: [before.id, dataOf(after), dataOf(before)],
  expect: 1,
})

export const deleteFlow = (id: string): Statement => ({ sql: 'delete from flows where id = $1', params: [id] })

/** Something parked until its person comes back. `payload` is sealed. */
export type Container = { id: string; name: string; identityId: string | null; payload: string; expiresAt: Micros }

export const insertContainer = ({ id, name, identityId, payload, expiresAt }: Container): Statement => ({
  sql: 'insert into continuity_containers (id, name, identity_id, payload, expires_at) values ($1, $2, $3, $4, $5)',
  params: [id, name, identityId, payload, expiresAt],
})

/** Removes a container and returns what it held: of several at once only one gets it. */
export async function takeContainer(
  db: Db,
  id: string,
  name: string,
): Promise<Pick<Container, 'identityId' | 'payload' | 'expiresAt'> | undefined> {
  const [row] = await db.query<{ identity_id: string | null; payload: string; expires_at: number }>(
    'delete from continuity_containers where id = $1 and name = $2 returning identity_id, payload, expires_at',
    [id, name],
  )
  return row && { identityId: row.identity_id, payload: row.payload, expiresAt: row.expires_at }
}
