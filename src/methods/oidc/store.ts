import type { Db, Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'

/** Somebody who is at a provider. `payload` is sealed. */
export type StoredAttempt = { id: string; payload: string; expiresAt: Micros }

export const insertAttempt = ({ id, payload, expiresAt }: StoredAttempt): Statement => ({
  sql: 'insert into oidc_attempts (id, payload, expires_at) values ($1, $2, $3)',
  params: [id, payload, expiresAt],
})

export async function findAttempt(db: Db, id: string): Promise<StoredAttempt | undefined> {
  const [row] = await db.query<{ payload: string; expires_at: number }>(
    'select payload, expires_at from oidc_attempts where id = $1',
    [id],
  )
  return row && { id, payload: row.payload, expiresAt: row.expires_at }
}

/** Of all who come back with one attempt, one is told `true`. */
export async function useAttempt(db: Db, id: string, now: Micros): Promise<boolean> {
  const used = await db.run('update oidc_attempts set used_at = $2 where id = $1 and used_at is null', [id, now])
  return used === 1
}
