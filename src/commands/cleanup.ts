import { setTimeout as wait } from 'node:timers/promises'
import { connect } from '../db/connect.ts'
import { hasPendingMigrations } from '../db/migrate.ts'
import { systemClock } from '../lib/clock.ts'
import { durationMicros, durationMs } from '../lib/duration.ts'
import { dsnOf } from '../migrate.ts'
import { removeRound } from '../operations/housekeeping.ts'
import { CommandError, UsageError } from './problem.ts'

export type CleanupOptions = {
  config?: string[]
  readFromEnv?: string
  'database.cleanup.batch_size': string
  'database.cleanup.sleep.tables': string
  keepLast: string
}

/**
 * Removes one batch of each table of what has expired. The server does so by itself; this is for those who have switched
 * that off, or want more to be gone.
 * @throws UsageError without a database, CommandError for one that cannot be used
 */
export async function cleanupSql(argument: string | undefined, options: CleanupOptions): Promise<number> {
  const batchSize = Number(options['database.cleanup.batch_size'])
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new UsageError('the batch size has to be 1 or more')
  const readFromEnv = argument === undefined && options.readFromEnv !== 'false'
  const dsn = await dsnOf({ dsn: argument, readFromEnv, files: options.config ?? [], env: process.env })
  if (dsn === undefined) throw new UsageError('name the database as an argument, or use --read-from-env')

  const db = await connect(dsn)
  try {
    if (await hasPendingMigrations(db))
      throw new CommandError('The database is not up to date. Run zelos migrate sql before.')
    const pauseMs = durationMs(options['database.cleanup.sleep.tables'])
    const removed = await removeRound(
      { db, clock: systemClock() },
      {
        batchSize,
        keepMicros: durationMicros(options.keepLast),
        between: () => (pauseMs > 0 ? wait(pauseMs) : Promise.resolve()),
      },
    )
    for (const [table, count] of Object.entries(removed)) process.stdout.write(`${table}: ${count}\n`)
    process.stdout.write('Successful cleanup!\n')
    return 0
  } finally {
    await db.close()
  }
}
