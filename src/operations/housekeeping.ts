import { randomInt } from 'node:crypto'
import type { Db } from '../db/db.ts'
import type { Clock, Micros } from '../lib/clock.ts'
import { durationMicros, durationMs } from '../lib/duration.ts'
import type { Static } from '../lib/shape.ts'
import type { database } from './config.ts'
import { expiring, removeExpired } from './store.ts'

export type HousekeepingDeps = {
  db: Db
  clock: Clock
  log: { debug(what: object, text: string): void; warn(what: object, text: string): void }
  settings: HousekeepingSettings
}

export type HousekeepingSettings = {
  enabled: boolean
  /** How many rows of a table are removed in one go. */
  batchSize: number
  /** The pause between two rounds, when there is nothing more to do. */
  pauseMs: number
  /** For how long rows are kept at least after their time is over. */
  keepMicros: Micros
}

export const housekeepingSettings = ({
  cleanup: { enabled, batch_size: batchSize, sleep, older_than: olderThan },
}: Static<typeof database>): HousekeepingSettings => ({
  enabled,
  batchSize,
  pauseMs: durationMs(sleep.tables),
  keepMicros: durationMicros(olderThan),
})

export type Housekeeping = {
  start(): void
  /** Resolves once the round under way has ended. */
  stop(): Promise<void>
}

/** While there is more, rounds follow each other at this distance: requests of people come first. */
const backlogPauseMs = 500

/**
 * Removes what nobody needs any more, a few rows at a time while the server serves. Any number of processes may do so.
 */
export function createHousekeeping({ db, clock, log, settings }: HousekeepingDeps): Housekeeping {
  const { batchSize, pauseMs, keepMicros } = settings
  let timer: NodeJS.Timeout | undefined
  let round = Promise.resolve()
  let stopped = false

  function next(ms: number): void {
    if (!stopped) timer = setTimeout(() => void (round = tidy()), ms).unref()
  }

  async function tidy(): Promise<void> {
    let isMore = false
    try {
      const removed = await removeRound(
        { db, clock },
        { batchSize, keepAtLeastMicros: keepMicros, isOver: () => stopped },
      )
      isMore = Object.values(removed).includes(batchSize)
      if (Object.keys(removed).length > 0) log.debug({ removed }, 'Removed what had expired.')
    } catch (error) {
      log.warn({ error }, 'What has expired could not be removed. Trying again later.')
    }
    next(isMore ? Math.min(backlogPauseMs, pauseMs) : around(pauseMs))
  }

  return {
    // Processes that were started together do not work together.
    start() {
      if (settings.enabled) next(Math.min(randomInt(Math.max(1, Math.floor(pauseMs))), maxTimeoutMs))
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await round
    },
  }
}

/** Half as long to one and a half times as long. */
const around = (ms: number): number =>
  Math.min(Math.floor(ms / 2) + randomInt(Math.max(1, Math.floor(ms))), maxTimeoutMs)
const maxTimeoutMs = 2 ** 31 - 1

type RoundRules = {
  batchSize: number
  /** For how long rows are kept at least; each table has a time of its own besides. */
  keepAtLeastMicros?: Micros
  /** The same for all tables whose rows have an end, whatever they have of their own. */
  keepMicros?: Micros
  isOver?(): boolean
  /** Waited for after each table. */
  between?(): Promise<void>
}

/**
 * Removes one batch of each table.
 * @returns how many rows, by table, without those that had none
 */
export async function removeRound(
  { db, clock }: { db: Db; clock: Clock },
  { batchSize, keepAtLeastMicros = 0, keepMicros, isOver = () => false, between = async () => {} }: RoundRules,
): Promise<Record<string, number>> {
  const removed: Record<string, number> = {}
  for (const row of expiring) {
    if (isOver()) break
    const now = clock.now()
    const kept =
      keepMicros !== undefined && row.since === 'expires_at' ? keepMicros : Math.max(row.keepMicros, keepAtLeastMicros)
    const count = await removeExpired(db, row, { before: now - kept, now, limit: batchSize })
    if (count > 0) removed[row.table] = count
    await between()
  }
  return removed
}
