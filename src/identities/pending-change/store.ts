import type { Db, Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'

/** Traits that somebody wants to have, and that wait until an address among them is proven. */
export type PendingChange = {
  id: string
  identityId: string
  /** In which the change was asked for. */
  sessionId: string
  /** Which proves the address. */
  verificationFlowId: string
  settingsFlowId: string
  /** As JSON. */
  traits: string
  /** Says whether the traits are still those that the change began with. */
  originalTraitsHash: string
  createdAt: Micros
}

/** Stores a change that waits. One that waited before gives way. */
export const replacePendingChange = (change: PendingChange): Statement[] => [
  { sql: 'delete from pending_traits_changes where identity_id = $1', params: [change.identityId] },
  {
    sql: `insert into pending_traits_changes
            (id, identity_id, session_id, verification_flow_id, settings_flow_id, traits, original_traits_hash, created_at)
          values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    params: [
      change.id,
      change.identityId,
      change.sessionId,
      change.verificationFlowId,
      change.settingsFlowId,
      change.traits,
      change.originalTraitsHash,
      change.createdAt,
    ],
  },
]

/** Takes a change out; it fails with `UnexpectedRowCount` when somebody else was faster. */
export const takePendingChange = ({ id }: Pick<PendingChange, 'id'>): Statement => ({
  sql: 'delete from pending_traits_changes where id = $1',
  params: [id],
  expect: 1,
})

/** The change that waits for a verification. */
export async function findPendingChange(db: Db, verificationFlowId: string): Promise<PendingChange | undefined> {
  const [row] = await db.query<{
    id: string
    identity_id: string
    session_id: string
    settings_flow_id: string
    traits: string
    original_traits_hash: string
    created_at: number
  }>(
    `select id, identity_id, session_id, settings_flow_id, traits, original_traits_hash, created_at
       from pending_traits_changes where verification_flow_id = $1`,
    [verificationFlowId],
  )
  return (
    row && {
      id: row.id,
      identityId: row.identity_id,
      sessionId: row.session_id,
      verificationFlowId,
      settingsFlowId: row.settings_flow_id,
      traits: row.traits,
      originalTraitsHash: row.original_traits_hash,
      createdAt: row.created_at,
    }
  )
}
