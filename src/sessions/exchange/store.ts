import type { Db, Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'

/** What the database knows of a pair of codes whose two halves both fit. */
export type StoredExchange = {
  flowId: string
  /** Null until somebody has signed in. */
  session: { id: string; sealedToken: string; redeemableUntil: Micros } | null
}

export const insertExchange = (e: { flowId: string; initCodeHash: string; createdAt: Micros }): Statement => ({
  sql: 'insert into session_token_exchanges (init_code_hash, flow_id, created_at) values ($1, $2, $3)',
  params: [e.initCodeHash, e.flowId, e.createdAt],
})

/** The flow goes on as another one, and its codes with it. */
export const moveExchange = (fromFlowId: string, toFlowId: string): Statement => ({
  sql: 'update session_token_exchanges set flow_id = $2 where flow_id = $1',
  params: [fromFlowId, toFlowId],
})

/** A new second half, and the session if there is one by now. */
export const updateExchange = (
  flowId: string,
  returnToCodeHash: string,
  session: { id: string; sealedToken: string; redeemableUntil: Micros } | undefined,
): Statement => ({
  sql: `update session_token_exchanges set return_to_code_hash = $2, session_id = $3, sealed_token = $4, redeemable_until = $5
         where flow_id = $1`,
  params: [
    flowId,
    returnToCodeHash,
    session?.id ?? null,
    session?.sealedToken ?? null,
    session?.redeemableUntil ?? null,
  ],
  expect: 1,
})

/** After the first use, the codes are good only for as long as a lost answer needs to be asked for again. */
export const shortenExchange = (flowId: string, redeemableUntil: Micros): Statement => ({
  sql: 'update session_token_exchanges set redeemable_until = $2 where flow_id = $1 and redeemable_until > $2',
  params: [flowId, redeemableUntil],
})

export async function findExchange(
  db: Db,
  initCodeHash: string,
  returnToCodeHash: string,
): Promise<StoredExchange | undefined> {
  const [row] = await db.query(
    `select flow_id, session_id, sealed_token, redeemable_until from session_token_exchanges
      where init_code_hash = $1 and return_to_code_hash = $2`,
    [initCodeHash, returnToCodeHash],
  )
  return (
    row && {
      flowId: row.flow_id as string,
      session:
        row.session_id === null
          ? null
          : {
              id: row.session_id as string,
              sealedToken: row.sealed_token as string,
              redeemableUntil: row.redeemable_until as number,
            },
    }
  )
}

export async function existsExchange(db: Db, flowId: string): Promise<boolean> {
  const rows = await db.query('select 1 as one from session_token_exchanges where flow_id = $1', [flowId])
  return rows.length > 0
}
