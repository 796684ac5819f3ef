import type { Db, Statement } from '../../db/db.ts'
import type { Via } from '../../identities/identity.ts'
import type { Micros } from '../../lib/clock.ts'
import type { CodePurpose } from './codes.ts'

/** A code as the database knows it: by its hash, and by whom and what it is good for. */
export type StoredCode = {
  id: string
  flowId: string
  purpose: CodePurpose
  /** Null when nobody has the address (yet). */
  identityId: string | null
  via: Via
  /** Where the code was sent to; empty when an operator handed it out. */
  address: string
  /** Made through the admin API: nobody has proved with it that an address is theirs. */
  byOperator: boolean
  codeHash: string
  expiresAt: Micros
  usedAt: Micros | null
  createdAt: Micros
}

export const insertCode = (code: StoredCode): Statement => ({
  sql: `insert into one_time_codes
          (id, flow_id, purpose, identity_id, via, address, by_operator, code_hash, expires_at, used_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
  params: [
    code.id,
    code.flowId,
    code.purpose,
    code.identityId,
    code.via,
    code.address,
    code.byOperator,
    code.codeHash,
    code.expiresAt,
    code.usedAt,
    code.createdAt,
  ],
})

export const deleteCodes = (flowId: string, purpose: CodePurpose): Statement => ({
  sql: 'delete from one_time_codes where flow_id = $1 and purpose = $2',
  params: [flowId, purpose],
})

export const resetTries = (flowId: string): Statement => ({
  sql: 'update flows set code_tries = 0 where id = $1',
  params: [flowId],
})

/** Takes one of the tries that a flow has. @returns whether there was one left */
export const takeTry = (db: Db, flowId: string, maxTries: number): Promise<boolean> =>
  changesOne(db, {
    sql: 'update flows set code_tries = code_tries + 1 where id = $1 and code_tries < $2',
    params: [flowId, maxTries],
  })

/** @returns whether the code was unused until now: of several at once one gets true */
export const markUsed = (db: Db, id: string, usedAt: Micros): Promise<boolean> =>
  changesOne(db, {
    sql: 'update one_time_codes set used_at = $2 where id = $1 and used_at is null',
    params: [id, usedAt],
  })

/** Uses up what is out for somebody, whatever the flow. */
export const useUpCodesOf = (identityId: string, purpose: CodePurpose, usedAt: Micros): Statement => ({
  sql: 'update one_time_codes set used_at = $3 where identity_id = $1 and purpose = $2 and used_at is null',
  params: [identityId, purpose, usedAt],
})

const changesOne = async (db: Db, statement: Statement): Promise<boolean> => {
  const [result] = await db.batch([statement])
  return result!.count === 1
}

export async function findCodes(db: Db, flowId: string, purpose: CodePurpose): Promise<StoredCode[]> {
  const rows = await db.query<{
    id: string
    identity_id: string | null
    via: string
    address: string
    by_operator: boolean | number
    code_hash: string
    expires_at: number
    used_at: number | null
    created_at: number
  }>(
    `select id, identity_id, via, address, by_operator, code_hash, expires_at, used_at, created_at
       from one_time_codes where flow_id = $1 and purpose = $2 order by created_at, id`,
    [flowId, purpose],
  )
  return rows.map((row) => ({
    id: row.id,
    flowId,
    purpose,
    identityId: row.identity_id,
    via: row.via as Via,
    address: row.address,
    byOperator: Boolean(row.by_operator),
    codeHash: row.code_hash,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    createdAt: row.created_at,
  }))
}
