import { randomAlphanumeric, tokenHash } from '../../crypto/tokens.ts'
import { Secret } from '../../crypto/secret.ts'
import type { Db, Statement } from '../../db/db.ts'
import type { Via } from '../../identities/identity.ts'
import type { Clock, Micros } from '../../lib/clock.ts'
import { findLinkToken, insertLinkToken, markLinkTokenUsed, type LinkPurpose, type StoredLinkToken } from './store.ts'

const tokenLength = 32

/**
 * A token to be sent as a link, and the statement that stores it. Links that were sent before stay good: whoever asks
 * twice may click on either.
 */
export function issueLinkToken(
  { clock }: { clock: Clock },
  token: {
    flowId: string
    purpose: LinkPurpose
    /** Null when nobody has the address. */
    identityId: string | null
    via: Via
    /** Where the link is sent; empty when an operator hands it out. */
    address: string
    byOperator?: boolean
    lifespanMicros: Micros
  },
): { token: Secret; expiresAt: Micros; statement: Statement } {
  const { lifespanMicros, byOperator = false, ...bound } = token
  const secret = new Secret(randomAlphanumeric(tokenLength))
  const createdAt = clock.now()
  const expiresAt = createdAt + lifespanMicros
  // 190 random bits: a plain hash of them cannot be searched.
  const row = { ...bound, byOperator, tokenHash: tokenHash(secret), expiresAt, createdAt }
  return { token: secret, expiresAt, statement: insertLinkToken(row) }
}

/** What became of a link that somebody opened. */
export type LinkUse =
  /** It was good, and is used up now: nobody gets this answer for it again. */
  | { kind: 'accepted'; token: StoredLinkToken & { identityId: string } }
  /** It was never sent, not for this flow, or it was opened before. */
  | { kind: 'invalid' }
  | { kind: 'expired'; expiresAt: Micros }

/** Uses a link up when it is good. */
export async function useLinkToken(
  { db, clock }: { db: Db; clock: Clock },
  { flowId, purpose, token }: { flowId: string; purpose: LinkPurpose; token: Secret },
): Promise<LinkUse> {
  const found = await findLinkToken(db, { flowId, purpose, tokenHash: tokenHash(token) })
  if (!found || found.used || found.identityId === null) return { kind: 'invalid' }
  const now = clock.now()
  if (found.expiresAt <= now) return { kind: 'expired', expiresAt: found.expiresAt }
  if (!(await markLinkTokenUsed(db, found.tokenHash, now))) return { kind: 'invalid' }
  return { kind: 'accepted', token: { ...found, identityId: found.identityId } }
}
