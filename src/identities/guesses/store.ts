import { createHash } from 'node:crypto'
import type { Db, Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Via } from '../identity.ts'

/** What is guessed at, and whose it is. */
export type GuessedAt =
  | { what: 'totp' | 'lookup_secret'; identityId: string }
  /** A code that was sent to an address, by whichever flow. */
  | { what: 'code'; via: Via; address: string }

/**
 * How many guesses in a row are looked at. Whoever can begin flows can have any number of codes sent and keep somebody out
 * by guessing wrong, so that codes allow more than what takes a first factor to get at.
 */
const inARow: Record<GuessedAt['what'], number> = { totp: 10, lookup_secret: 10, code: 50 }

const minute: Micros = 60_000_000
const day: Micros = 24 * 60 * minute
/** The pauses after the first, the second and each further row. */
const [short, middle, long] = [5 * minute, 15 * minute, 60 * minute] as const

/**
 * Counts a guess before anybody looks at it, in one statement, so that of any number at once no more are looked at. After a
 * row of guesses there is a pause; after a day without any, counting begins anew.
 * @returns whether the guess may be looked at
 */
export async function takeGuess(db: Db, guessedAt: GuessedAt, now: Micros): Promise<boolean> {
  const row = inARow[guessedAt.what]
  const counted = await db.run(
    `insert into guesses as g (subject, count, last_at) values ($1, 1, $2)
     on conflict (subject) do update
       set count = case when g.last_at + ${day} < excluded.last_at then 1 else g.count + 1 end, last_at = excluded.last_at
     where g.count % ${row} <> 0
        or g.last_at + case when g.count <= ${row} then ${short} when g.count <= ${2 * row} then ${middle} else ${long} end
           <= excluded.last_at`,
    [subjectOf(guessedAt), now],
  )
  return counted === 1
}

/** Somebody was right: there is nothing to count any more. */
export const forgetGuesses = (guessedAt: GuessedAt): Statement => ({
  sql: 'delete from guesses where subject = $1',
  params: [subjectOf(guessedAt)],
})

function subjectOf(guessedAt: GuessedAt): string {
  if (guessedAt.what !== 'code') return `${guessedAt.what}:${guessedAt.identityId}`
  const { via, address } = guessedAt
  return `code:${createHash('sha256').update(`${via}:${address}`).digest('base64url')}`
}
