import { UniqueViolation, type Db } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'

/** The places that hold telephone numbers, by the names that the command has for them. */
export const places = {
  ci: {
    table: 'identity_credential_identifiers',
    column: 'identifier',
    key: `type || ':' || identifier`,
    via: undefined,
  },
  va: { table: 'verifiable_addresses', column: 'value', key: 'cast(id as text)', via: 'sms' },
  ra: { table: 'recovery_addresses', column: 'value', key: 'cast(id as text)', via: 'sms' },
} as const

export type Place = keyof typeof places

/** A number as it is stored, and the key of its row. */
export type StoredNumber = { key: string; number: string }

/** What may be numbers – they begin with a plus or a digit – behind a key, in the order of keys. */
export async function listNumbers(db: Db, place: Place, after: string, limit: number): Promise<StoredNumber[]> {
  const { table, column, key, via } = places[place]
  return db.query<StoredNumber>(
    `select ${key} as key, ${column} as number from ${table}
      where ${key} > $1 and ${column} >= '+' and ${column} < ':'${via === undefined ? '' : ` and via = '${via}'`}
      order by ${key} limit $2`,
    [after, limit],
  )
}

/** @returns false when somebody else has the number in its new spelling */
export async function changeNumber(
  db: Db,
  place: Place,
  { key: at, number }: StoredNumber,
  { spelling, now }: { spelling: string; now: Micros },
): Promise<boolean> {
  const { table, column, key } = places[place]
  try {
    if (place === 'ci')
      await db.run(`update ${table} set ${column} = $3 where ${key} = $1 and ${column} = $2`, [at, number, spelling])
    else
      await db.run(`update ${table} set ${column} = $3, updated_at = $4 where ${key} = $1 and ${column} = $2`, [
        at,
        number,
        spelling,
        now,
      ])
    return true
  } catch (error) {
    if (error instanceof UniqueViolation) return false
    throw error
  }
}
