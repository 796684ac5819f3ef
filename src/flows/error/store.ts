import type { Db, Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'

/** An error that waits for the error page to fetch it. `body` is the bare error object as JSON. */
export type StoredError = { id: string; body: string; createdAt: Micros }

export const insertError = ({ id, body, createdAt }: StoredError): Statement => ({
  sql: 'insert into self_service_errors (id, body, created_at) values ($1, $2, $3)',
  params: [id, body, createdAt],
})

export async function findError(db: Db, id: string): Promise<StoredError | undefined> {
  const [row] = await db.query<{ body: string; created_at: number }>(
    'select body, created_at from self_service_errors where id = $1',
    [id],
  )
  return row && { id, body: row.body, createdAt: row.created_at }
}
