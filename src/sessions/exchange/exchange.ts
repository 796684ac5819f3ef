import { microsPerSecond, type Clock, type Micros } from '../../lib/clock.ts'
import { Secret } from '../../crypto/secret.ts'
import { createSealer } from '../../crypto/cipher.ts'
import { newExchangeCode, tokenHash } from '../../crypto/tokens.ts'
import { errors } from '../../errors.ts'
import type { Db, Statement } from '../../db/db.ts'
import type { Identity } from '../../identities/identity.ts'
import { existsExchange, findExchange, insertExchange, moveExchange, shortenExchange, updateExchange } from './store.ts'
import { isActive, type Session } from '../session.ts'
import { findSession } from '../store.ts'

// A native app signs a person in through a browser tab. It holds the first code, which it got with the flow; the tab
// brings the second one back on its redirect. Both together are worth the session token, either alone nothing.

/** How long an app may take to pick its session up once the browser was sent back. */
const pickUpMicros: Micros = 600 * microsPerSecond
/** How long the codes stay good after their first use, should its answer have been lost. */
const graceMicros: Micros = 60 * microsPerSecond

/** The first code of a new flow and the statement that stores it. */
export function openExchange({ clock }: { clock: Clock }, flowId: string): { initCode: Secret; statement: Statement } {
  const initCode = newExchangeCode()
  return { initCode, statement: insertExchange({ flowId, initCodeHash: tokenHash(initCode), createdAt: clock.now() }) }
}

/** Hands the codes of a flow on to the one that replaces it, as when a login becomes a registration. */
export const handOnExchange = moveExchange

/**
 * A new second code for the redirect back to the app. Earlier ones end with it.
 * @param opened the session and its token, once somebody has signed in; without it the codes lead to the flow.
 * @returns a statement that fails with `UnexpectedRowCount` when the flow has no codes.
 */
export function answerExchange(
  { clock }: { clock: Clock },
  flowId: string,
  opened?: { session: Session; token: Secret },
): { returnToCode: Secret; statement: Statement } {
  const returnToCode = newExchangeCode()
  const session = opened && {
    id: opened.session.id,
    sealedToken: sealerOf(returnToCode).seal(opened.token.reveal()),
    redeemableUntil: clock.now() + pickUpMicros,
  }
  return { returnToCode, statement: updateExchange(flowId, tokenHash(returnToCode), session) }
}

/** Whether an app waits with codes for what becomes of a flow. */
export const hasExchange = (db: Db, flowId: string): Promise<boolean> => existsExchange(db, flowId)

export type Redeemed =
  | { kind: 'session'; session: Session; identity: Identity; token: Secret }
  /** Nobody has signed in yet: the flow to go on with. */
  | { kind: 'flow'; flowId: string }

/**
 * What a pair of codes is worth.
 * @throws errors.notFound when the codes do not belong together or their time is over.
 */
export async function redeemExchange(
  { db, clock }: { db: Db; clock: Clock },
  initCode: Secret,
  returnToCode: Secret,
): Promise<Redeemed> {
  const found = await findExchange(db, tokenHash(initCode), tokenHash(returnToCode))
  if (!found) throw unknownCodes()
  if (found.session === null) return { kind: 'flow', flowId: found.flowId }

  const now = clock.now()
  const token = sealerOf(returnToCode).open(found.session.sealedToken)
  const owned = await findSession(db, found.session.id)
  if (token === undefined || found.session.redeemableUntil <= now || !owned) throw unknownCodes()
  if (!isActive(owned.session, owned.identity, now)) throw unknownCodes()

  const { sql, params } = shortenExchange(found.flowId, now + graceMicros)
  await db.run(sql, params)
  return { kind: 'session', ...owned, token: new Secret(token) }
}

export const unknownCodes = () =>
  errors.notFound('These codes do not lead to a session: they do not belong together, or their time is over.')

/** The second code is as random as a key has to be, and it is nowhere in the database. */
const sealerOf = (returnToCode: Secret) => createSealer([returnToCode.reveal()], 'session token exchange')
