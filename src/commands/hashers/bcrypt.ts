import { createHashing } from '../../crypto/hashers/hashing.ts'
import { Secret } from '../../crypto/secret.ts'
import { durationMs } from '../../lib/duration.ts'
import { printItem, type OutputOptions } from '../output.ts'
import { UsageError } from '../problem.ts'
import { duration, loadTest, timeOf } from './load.ts'

export type BcryptOptions = OutputOptions & { minDuration: string; probeRuns: string; sampleTime: string }

const [least, most] = [4, 15]

/**
 * Looks for the highest cost with which a hash takes no longer than is wanted on this machine, also while so many people
 * sign in a minute, and shows it. Each step up takes twice as long as the one before.
 */
export async function bcryptCalibrate(perMinute: string | undefined, options: BcryptOptions): Promise<number> {
  const wantedMs = durationMs(options.minDuration)
  const runs = Number(options.probeRuns)
  const rate = perMinute === undefined ? undefined : Number(perMinute)
  if (!(runs >= 1) || (rate !== undefined && !(rate > 0))) throw new UsageError('numbers have to be 1 or more')

  let cost = least
  let ms = await timeOf(hasherOf(cost), runs)
  while (cost < most && ms * 2 <= wantedMs) {
    cost++
    ms = await timeOf(hasherOf(cost), runs)
    process.stderr.write(`cost ${cost}: ${duration(ms)}\n`)
  }
  if (rate !== undefined) {
    for (;;) {
      const { medianMs } = await loadTest(hasherOf(cost), { perMinute: rate, sampleMs: durationMs(options.sampleTime) })
      process.stderr.write(`cost ${cost} with ${rate} requests a minute: ${duration(medianMs)}\n`)
      ms = medianMs
      if (medianMs <= wantedMs || cost === least) break
      cost--
    }
  }
  await printItem(
    { header: ['COST', 'DURATION'], row: [String(cost), duration(ms)], value: { cost, duration: duration(ms) } },
    options,
  )
  return 0
}

function hasherOf(cost: number): () => Promise<string> {
  const hashing = createHashing({
    config: {
      algorithm: 'bcrypt',
      bcrypt: { cost },
      argon2: { memory: '128MB', iterations: 1, salt_length: 16, key_length: 32 },
    },
    dev: true,
    maxWaiting: Number.POSITIVE_INFINITY,
  })
  return () => hashing.hash(new Secret('password'))
}
