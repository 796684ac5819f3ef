import type { Db, Statement } from '../../db/db.ts'

/** Whether a challenge has been answered with success. */
export async function isUsed(db: Db, challenge: string): Promise<boolean> {
  return (await db.query('select 1 as one from used_challenges where challenge = $1', [challenge])).length > 0
}

/** Uses a challenge up. Of several at once only one is stored: the others do not touch the row that they expect. */
export const useChallenge = (challenge: string, flowId: string): Statement => ({
  sql: 'insert into used_challenges (challenge, flow_id) values ($1, $2) on conflict do nothing',
  params: [challenge, flowId],
  expect: 1,
})
