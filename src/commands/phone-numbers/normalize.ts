import { setTimeout as wait } from 'node:timers/promises'
import { connect } from '../../db/connect.ts'
import { hasPendingMigrations } from '../../db/migrate.ts'
import { normalisePhone } from '../../identities/normalise.ts'
import { systemClock } from '../../lib/clock.ts'
import { durationMs } from '../../lib/duration.ts'
import { dsnOf } from '../../migrate.ts'
import { CommandError, UsageError } from '../problem.ts'
import { changeNumber, listNumbers, places, type Place } from './store.ts'

export type NormalizeOptions = {
  config?: string[]
  readFromEnv?: true
  batchSize: string
  batchDelay: string
  dryRun?: true
  startAfter?: string[]
}

/**
 * Gives telephone numbers that people sign in with or are reached by the spelling of E.164. The server stores them so by
 * itself; this finds those that came into the database in another way. It can be run again and again.
 * @returns 1 when a number could not be changed, as somebody else has it
 */
export async function normalizePhoneNumbers(argument: string | undefined, options: NormalizeOptions): Promise<number> {
  const batchSize = Number(options.batchSize)
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new UsageError('the batch size has to be 1 or more')
  const starts = startsOf(options.startAfter ?? [])
  const dsn = await dsnOf({
    dsn: argument,
    readFromEnv: options.readFromEnv ?? false,
    files: options.config ?? [],
    env: process.env,
  })
  if (dsn === undefined) throw new UsageError('name the database as an argument, or use --read-from-env')

  const db = await connect(dsn)
  const clock = systemClock()
  let conflicts = 0
  try {
    if (await hasPendingMigrations(db))
      throw new CommandError('The database is not up to date. Run zelos migrate sql before.')
    for (const place of Object.keys(places) as Place[]) {
      let after = starts.get(place) ?? ''
      let changed = 0
      for (;;) {
        const numbers = await listNumbers(db, place, after, batchSize)
        for (const stored of numbers) {
          const spelling = normalisePhone(stored.number)
          if (spelling === undefined || spelling === stored.number) continue
          if (options.dryRun || (await changeNumber(db, place, stored, { spelling, now: clock.now() }))) changed++
          else {
            conflicts++
            process.stderr.write(
              `${place}=${stored.key}: another row has the number in the spelling of E.164 already.\n`,
            )
          }
        }
        if (numbers.length < batchSize) break
        after = numbers.at(-1)!.key
        process.stderr.write(`To go on from here: --start-after ${place}=${after}\n`)
        await wait(durationMs(options.batchDelay))
      }
      process.stdout.write(`${place}: ${changed} numbers ${options.dryRun ? 'would be ' : ''}changed\n`)
    }
    return conflicts === 0 ? 0 : 1
  } finally {
    await db.close()
  }
}

function startsOf(texts: readonly string[]): Map<Place, string> {
  return new Map(
    texts.map((text) => {
      const [, place = '', key = ''] = /^([a-z]+)=(.+)$/s.exec(text) ?? []
      if (!Object.hasOwn(places, place))
        throw new UsageError(`--start-after needs one of ${Object.keys(places).join(', ')} and a key, such as va=…`)
      return [place as Place, key]
    }),
  )
}
