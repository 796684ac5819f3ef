import type { Queryable, Statement } from '../../db/db.ts'
import type { Credential } from '../../identities/identity.ts'

/** The time step of the last code that was accepted; -1 when there was none. */
export async function findLastTotpStep(db: Queryable, identityId: string): Promise<number> {
  const [row] = await db.query<{ last_used_step: number | null }>(
    `select last_used_step from identity_credentials where identity_id = $1 and type = 'totp'`,
    [identityId],
  )
  return row?.last_used_step ?? -1
}

/**
 * Uses a time step up, with all before it. It fails with `UnexpectedRowCount` when somebody was faster, or when the app
 * that the code was compared with was replaced or removed meanwhile.
 */
export const spendTotpStep = (identityId: string, { config }: Pick<Credential, 'config'>, step: number): Statement => ({
  sql: `update identity_credentials set last_used_step = $2
         where identity_id = $1 and type = 'totp' and config = $3 and (last_used_step is null or last_used_step < $2)`,
  params: [identityId, step, JSON.stringify(config)],
  expect: 1,
})
