import type { Db } from '../db/db.ts'
import type { Micros } from '../lib/clock.ts'

const hour: Micros = 3_600_000_000
const day: Micros = 24 * hour

type Row = {
  table: string
  key: string
  /** How long a row stays after its time is over, unless somebody says something else. */
  keepMicros: Micros
  /** Since when it is over; an index begins with it. */
  since: string
  /** What else must hold of a row `r`; `$2` is now. */
  unless?: string
}

/**
 * TABLE of what nobody needs any more after a while, in the order in which it is removed. What belongs to a flow – codes,
 * links, used challenges, changes that wait to be proven – goes with it.
 */
export const expiring = [
  // Expired sessions show operators who was signed in; they are listed as inactive.
  { table: 'sessions', key: 'id', keepMicros: 30 * day, since: 'expires_at' },
  { table: 'continuity_containers', key: 'id', keepMicros: hour, since: 'expires_at' },
  {
    // Whoever comes back to a form that has expired is told so and led to a new one. A code or link that was sent may be
    // good for longer than the form.
    table: 'flows',
    key: 'id',
    keepMicros: day,
    since: 'expires_at',
    unless: `exists (select 1 from link_tokens t where t.flow_id = r.id and t.expires_at > $2)
          or exists (select 1 from one_time_codes c where c.flow_id = r.id and c.expires_at > $2)`,
  },
  {
    table: 'session_token_exchanges',
    key: 'init_code_hash',
    keepMicros: day,
    since: 'created_at',
    unless: 'r.redeemable_until > $2 or exists (select 1 from flows f where f.id = r.flow_id)',
  },
  { table: 'oidc_attempts', key: 'id', keepMicros: day, since: 'expires_at' },
  { table: 'guesses', key: 'subject', keepMicros: 2 * day, since: 'last_at' },
  { table: 'self_service_errors', key: 'id', keepMicros: 7 * day, since: 'created_at' },
] as const satisfies readonly Row[]

/**
 * Removes a few rows of a table whose time was over before `before`, the oldest first. Several processes may do so at
 * once: each takes others.
 * @returns how many there were
 */
export async function removeExpired(
  db: Db,
  { table, key, since, ...row }: Row,
  { before, now, limit }: { before: Micros; now: Micros; limit: number },
): Promise<number> {
  const params = row.unless === undefined ? [before] : [before, now]
  const condition = row.unless === undefined ? '' : ` and not coalesce(${row.unless}, false)`
  return db.run(
    `delete from ${table} where ${key} in (
       select r.${key} from ${table} r where r.${since} < $1${condition}
        order by r.${since} limit ${limit}${db.dialect === 'postgres' ? ' for update of r skip locked' : ''})`,
    params,
  )
}
