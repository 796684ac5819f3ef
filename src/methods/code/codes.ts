import { createHash, createHmac, hkdfSync, randomInt } from 'node:crypto'
import { Secret } from '../../crypto/secret.ts'
import { equalInConstantTime } from '../../crypto/tokens.ts'
import type { Db, Statement } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import type { Via } from '../../identities/identity.ts'
import type { Clock, Micros } from '../../lib/clock.ts'
import { newUuid } from '../../lib/uuid.ts'
import { forgetGuesses, takeGuess, type GuessedAt } from '../../identities/guesses/store.ts'
import { deleteCodes, findCodes, insertCode, markUsed, resetTries, takeTry, type StoredCode } from './store.ts'

export type { StoredCode }

/** What a code is good for. A code of one purpose is of no use for another, even within one flow. */
export type CodePurpose = 'login' | 'registration' | 'recovery' | 'verification'

/** Keys for the hashes of codes; the first one makes, all of them check. */
export type CodeKeys = readonly Buffer[]

export type CodeDeps = {
  db: Db
  clock: Clock
  codeKeys: CodeKeys
  /** How long a code is good for, `selfservice.methods.code.config.lifespan`. */
  codeLifespanMicros: Micros
  /** How many codes may be tried in one flow, `selfservice.methods.code.config.max_submissions`. */
  maxSubmissions: number
}

/** Whom a code is for. `identityId` is null when nobody has the address, or nobody has it yet. */
export type Recipient = { via: Via; address: string; identityId: string | null }

/** A fresh code, to be sent to its recipient and shown nowhere else. */
export type IssuedCode = Recipient & { code: Secret }

const digits = 6

/**
 * Derives the keys for the hashes of codes.
 * @param secrets `secrets.cookie`; a code stays good while the secret that it was made with is still listed.
 */
export const createCodeKeys = (secrets: readonly string[]): CodeKeys => {
  if (secrets.length === 0) throw errors.invalidConfiguration('At least one secret is needed.')
  return secrets.map((secret) =>
    Buffer.from(hkdfSync('sha256', createHash('sha256').update(secret).digest(), '', 'zelos one-time codes', 32)),
  )
}

/** Six digits, each of the million possibilities as likely as any other. */
export const newCode = (): Secret => new Secret(String(randomInt(10 ** digits)).padStart(digits, '0'))

/**
 * A fresh code for each recipient, and the statements that store them; codes that the flow had for the same purpose are
 * void once these have run. The flow has to be stored already, or by an earlier statement of the same batch.
 * Issuing gives no new tries unless `resetsTries` says so.
 */
export function issueCodes(
  { clock, codeKeys, codeLifespanMicros }: Pick<CodeDeps, 'clock' | 'codeKeys' | 'codeLifespanMicros'>,
  {
    flowId,
    purpose,
    recipients,
    lifespanMicros = codeLifespanMicros,
    byOperator = false,
    resetsTries = false,
  }: {
    flowId: string
    purpose: CodePurpose
    recipients: readonly Recipient[]
    lifespanMicros?: Micros
    /** Handed out by an operator rather than sent to the address. */
    byOperator?: boolean
    /** Whether the flow has all its tries again. */
    resetsTries?: boolean
  },
): { codes: IssuedCode[]; expiresAt: Micros; statements: Statement[] } {
  const now = clock.now()
  const expiresAt = now + lifespanMicros
  const codes = recipients.map((recipient) => ({ ...recipient, code: newCode() }))
  const rows = codes.map(({ code, via, address, identityId }): StoredCode => {
    const bound = { id: newUuid(), flowId, purpose, identityId, via, address, byOperator }
    return { ...bound, codeHash: hashOf(codeKeys[0]!, bound, code), expiresAt, usedAt: null, createdAt: now }
  })
  return {
    codes,
    expiresAt,
    statements: [
      deleteCodes(flowId, purpose),
      ...(resetsTries ? [resetTries(flowId)] : []),
      ...rows.map((row) => insertCode(row)),
    ],
  }
}

/** What became of a code that somebody sent. */
export type CodeUse =
  /** It was right, and is used up now: nobody gets this answer for it again. */
  | { kind: 'accepted'; code: StoredCode }
  /** No code of this flow, not acceptable, or no longer good. */
  | { kind: 'wrong' }
  /** It was right, but somebody has used it before. */
  | { kind: 'used' }
  /** The flow has no tries left, or too many codes were guessed for the address; the code was not looked at. */
  | { kind: 'too_many' }

/**
 * Tries a code on a flow and uses it up when it is right. A try is taken from the flow's budget first, in a statement of
 * its own, so that of any number of guesses at once, on any number of processes, no more are looked at than configured.
 * @param accepts which of the flow's codes may be used, such as only those of one person; the others count as wrong.
 */
export async function useCode(
  { db, clock, codeKeys, maxSubmissions }: Omit<CodeDeps, 'codeLifespanMicros'>,
  {
    flowId,
    purpose,
    code,
    accepts = () => true,
  }: {
    flowId: string
    purpose: CodePurpose
    code: Secret
    accepts?: (code: StoredCode) => boolean
  },
): Promise<CodeUse> {
  if (!(await takeTry(db, flowId, maxSubmissions))) return { kind: 'too_many' }
  const now = clock.now()
  const stored = await findCodes(db, flowId, purpose)
  // Whoever begins flow after flow has no more guesses than this at the codes of one address.
  for (const guessedAt of addressesOf(stored)) if (!(await takeGuess(db, guessedAt, now))) return { kind: 'too_many' }
  // All are compared, so that the time tells nothing about which one came close.
  const right = stored
    .filter((row) => matches(codeKeys, row, code))
    .filter((row) => row.expiresAt > now && accepts(row))
  for (const row of right)
    if (row.usedAt === null && (await markUsed(db, row.id, now))) {
      for (const guessedAt of addressesOf([row])) await db.batch([forgetGuesses(guessedAt)])
      return { kind: 'accepted', code: row }
    }
  return { kind: right.length > 0 ? 'used' : 'wrong' }
}

/** The addresses that codes were sent to. An operator's code was sent to none, and nobody else has more of them made. */
const addressesOf = (codes: readonly StoredCode[]): GuessedAt[] =>
  codes.filter(({ byOperator }) => !byOperator).map(({ via, address }) => ({ what: 'code', via, address }))

type Bound = Pick<StoredCode, 'id' | 'flowId' | 'purpose' | 'identityId' | 'via' | 'address' | 'byOperator'>

/** A hash is good for its own row only, so that rows cannot be mixed by who can write to the database. */
const hashOf = (
  key: Buffer,
  { id, flowId, purpose, identityId, via, address, byOperator }: Bound,
  code: Secret,
): string =>
  createHmac('sha512-256', key)
    .update(JSON.stringify([id, flowId, purpose, identityId, via, address, byOperator, code.reveal()]))
    .digest('hex')

function matches(keys: CodeKeys, row: StoredCode, code: Secret): boolean {
  let found = false
  for (const key of keys) if (equalInConstantTime(hashOf(key, row, code), row.codeHash)) found = true
  return found
}
