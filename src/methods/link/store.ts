import type { Db, Statement } from '../../db/db.ts'
import type { Via } from '../../identities/identity.ts'
import type { Micros } from '../../lib/clock.ts'

/** What a link is good for. */
export type LinkPurpose = 'recovery' | 'verification'

/** A link as the database knows it. */
export type StoredLinkToken = {
  tokenHash: string
  flowId: string
  purpose: LinkPurpose
  identityId: string | null
  via: Via
  address: string
  byOperator: boolean
  expiresAt: Micros
  used: boolean
}

export const insertLinkToken = (token: Omit<StoredLinkToken, 'used'> & { createdAt: Micros }): Statement => ({
  sql: `insert into link_tokens
          (token_hash, flow_id, purpose, identity_id, via, address, by_operator, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  params: [
    token.tokenHash,
    token.flowId,
    token.purpose,
    token.identityId,
    token.via,
    token.address,
    token.byOperator,
    token.expiresAt,
    token.createdAt,
  ],
})

export async function findLinkToken(
  db: Db,
  { flowId, purpose, tokenHash }: Pick<StoredLinkToken, 'flowId' | 'purpose' | 'tokenHash'>,
): Promise<StoredLinkToken | undefined> {
  const [row] = await db.query<{
    identity_id: string | null
    via: string
    address: string
    by_operator: boolean | number
    expires_at: number
    used_at: number | null
  }>(
    `select identity_id, via, address, by_operator, expires_at, used_at from link_tokens
      where token_hash = $1 and flow_id = $2 and purpose = $3`,
    [tokenHash, flowId, purpose],
  )
  return (
    row && {
      tokenHash,
      flowId,
      purpose,
      identityId: row.identity_id,
      via: row.via as Via,
      address: row.address,
      byOperator: Boolean(row.by_operator),
      expiresAt: row.expires_at,
      used: row.used_at !== null,
    }
  )
}

/** @returns whether it was unused until now: of several at once one gets true */
export async function markLinkTokenUsed(db: Db, tokenHash: string, usedAt: Micros): Promise<boolean> {
  const [result] = await db.batch([
    {
      sql: 'update link_tokens set used_at = $2 where token_hash = $1 and used_at is null',
      params: [tokenHash, usedAt],
    },
  ])
  return result!.count === 1
}

/** Uses up what is out for somebody, whatever the flow. */
export const useUpLinkTokensOf = (identityId: string, purpose: LinkPurpose, usedAt: Micros): Statement => ({
  sql: 'update link_tokens set used_at = $3 where identity_id = $1 and purpose = $2 and used_at is null',
  params: [identityId, purpose, usedAt],
})
