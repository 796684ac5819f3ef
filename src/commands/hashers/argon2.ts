import { availableParallelism } from 'node:os'
import { hashers } from '../../crypto/config.ts'
import { createHashing, parseSize } from '../../crypto/hashers/hashing.ts'
import { Secret } from '../../crypto/secret.ts'
import { durationMs } from '../../lib/duration.ts'
import { configSection } from '../config-section.ts'
import { printItem, printList, type Item, type OutputOptions } from '../output.ts'
import { CommandError, UsageError } from '../problem.ts'
import { duration, loadTest, timeOf, type Load } from './load.ts'

/** Flags that take the place of keys below `hashers.argon2`. */
export type Argon2Options = OutputOptions & {
  config?: string[]
  memory?: string
  iterations?: string
  parallelism?: string
  saltLength?: string
  keyLength?: string
  minDuration?: string
  expectedDeviation?: string
  dedicatedMemory?: string
}

type Settings = {
  memoryBytes: number
  iterations: number
  parallelism: number
  saltLength: number
  keyLength: number
  expectedDurationMs: number
  expectedDeviationMs: number
  dedicatedMemoryBytes: number
}

const MiB = 1024 * 1024

export type HashOptions = Argon2Options & { parallel?: true }

/** Hashes passwords and shows how long each took. */
export async function argon2Hashes(passwords: readonly string[], options: HashOptions): Promise<number> {
  const hash = hasherOf(await settingsOf(options))
  const timed = async (password: string) => {
    const started = performance.now()
    await hash(password)
    return performance.now() - started
  }
  const times = options.parallel ? await Promise.all(passwords.map(timed)) : []
  if (!options.parallel) for (const password of passwords) times.push(await timed(password))
  await printList(
    { header: ['DURATION'], rows: times.map((ms) => [duration(ms)]), value: times.map(duration) },
    options,
  )
  return 0
}

export type LoadTestOptions = Argon2Options & { sampleTime: string }

/** Shows how long people would wait, if so many of them signed in a minute. */
export async function argon2LoadTest(perMinute: string, options: LoadTestOptions): Promise<number> {
  const settings = await settingsOf(options)
  const load = await loadTest(() => hasherOf(settings)('password'), {
    perMinute: positive('the requests a minute', perMinute),
    sampleMs: durationMs(options.sampleTime),
  })
  await printItem(loadItem(load), options)
  return 0
}

const loadItem = (load: Load): Item => ({
  header: [
    'TOTAL SAMPLE TIME',
    'MEDIAN REQUEST TIME',
    'STANDARD DEVIATION',
    'MIN REQUEST TIME',
    'MAX REQUEST TIME',
    'MEMORY USED',
  ],
  row: [
    ...[load.totalMs, load.medianMs, load.deviationMs, load.minMs, load.maxMs].map(duration),
    megabytes(load.residentBytes),
  ],
  value: {
    total_time: duration(load.totalMs),
    median_request_time: duration(load.medianMs),
    std_deviation: duration(load.deviationMs),
    min_request_time: duration(load.minMs),
    max_request_time: duration(load.maxMs),
    mem_used: megabytes(load.residentBytes),
  },
})

export type CalibrateOptions = Argon2Options & {
  startMemory?: string
  maxMemory: string
  adjustMemoryBy: string
  startIterations: string
  probeRuns: string
  sampleTime: string
}

const maxLoadTests = 5

/**
 * Looks for parameters with which a hash takes as long as is wanted on this machine, also while so many people sign in a
 * minute, and shows them. What is measured on the way goes to standard error.
 */
export async function argon2Calibrate(perMinute: string, options: CalibrateOptions): Promise<number> {
  const given = await settingsOf(options)
  const rate = positive('the requests a minute', perMinute)
  const runs = positive('--probe-runs', options.probeRuns)
  const limit = /^0B?$/i.test(options.maxMemory) ? given.dedicatedMemoryBytes : parseSize(options.maxMemory)
  const least = 8 * 1024 * given.parallelism
  let current: Settings = {
    ...given,
    memoryBytes: Math.min(
      options.startMemory === undefined ? given.memoryBytes : parseSize(options.startMemory),
      limit,
    ),
    iterations: positive('--start-iterations', options.startIterations),
  }
  const measured: { settings: Settings; ms: number }[] = []
  const takes = async (settings: Settings): Promise<number> => {
    const ms = await timeOf(() => hasherOf(settings)('password'), runs)
    measured.push({ settings, ms })
    say(`${megabytes(settings.memoryBytes)}, ${settings.iterations} iterations: ${duration(ms)}`)
    return ms
  }

  say(`Looking for a hash that takes ${duration(given.expectedDurationMs)}.`)
  let step = parseSize(options.adjustMemoryBy)
  while ((await takes(current)) < given.expectedDurationMs && current.memoryBytes < limit)
    current = { ...current, memoryBytes: Math.min(current.memoryBytes + step, limit) }
  while (measured.at(-1)!.ms > given.expectedDurationMs && current.memoryBytes > least) {
    while (current.memoryBytes - step < least && step > MiB) step = Math.floor(step / 2)
    current = { ...current, memoryBytes: Math.max(current.memoryBytes - step, least) }
    await takes(current)
  }
  while (measured.at(-1)!.ms < given.expectedDurationMs && current.iterations < maxIterations) {
    current = { ...current, iterations: current.iterations + 1 }
    await takes(current)
  }
  while (measured.at(-1)!.ms > given.expectedDurationMs && current.iterations > 1) {
    current = { ...current, iterations: current.iterations - 1 }
    await takes(current)
  }

  for (let attempt = 1; attempt <= maxLoadTests; attempt++) {
    say(`Load test ${attempt}: ${megabytes(current.memoryBytes)}, ${current.iterations} iterations`)
    const load = await loadTest(() => hasherOf(current)('password'), {
      perMinute: rate,
      sampleMs: durationMs(options.sampleTime),
    })
    measured.push({ settings: current, ms: load.medianMs })
    say(
      `  median ${duration(load.medianMs)}, deviation ${duration(load.deviationMs)}, ${megabytes(load.residentBytes)}`,
    )
    const next = adjusted(current, load, { limit, least })
    if (next === undefined) {
      await printItem(settingsItem(current), options)
      return 0
    }
    current = next
  }
  say('No parameters were found with which all of that holds. These were tried:')
  await printList(
    {
      header: ['MEMORY', 'ITERATIONS', 'DURATION'],
      rows: measured.map(({ settings, ms }) => [
        megabytes(settings.memoryBytes),
        String(settings.iterations),
        duration(ms),
      ]),
      value: measured.map(({ settings, ms }) => ({
        memory: megabytes(settings.memoryBytes),
        iterations: settings.iterations,
        duration: duration(ms),
      })),
    },
    options,
  )
  return 0
}

/** More than this is refused when such a hash is imported elsewhere. */
const maxIterations = 10

/** The parameters to try after a load test, undefined when they are good as they are. */
export function adjusted(
  now: Settings,
  load: Pick<Load, 'medianMs' | 'deviationMs' | 'residentBytes'>,
  { limit, least }: { limit: number; least: number },
): Settings | undefined {
  const less: Settings =
    now.iterations > 1
      ? { ...now, iterations: now.iterations - 1 }
      : { ...now, memoryBytes: Math.max(now.memoryBytes - 64 * MiB, least) }
  if (load.residentBytes > now.dedicatedMemoryBytes)
    return { ...now, memoryBytes: Math.max(now.memoryBytes - 64 * MiB, least) }
  if (load.medianMs > now.expectedDurationMs + now.expectedDeviationMs) return less
  if (load.deviationMs > now.expectedDeviationMs) return less
  if (load.medianMs < now.expectedDurationMs - now.expectedDeviationMs) {
    return now.memoryBytes + 64 * MiB <= limit
      ? { ...now, memoryBytes: now.memoryBytes + 64 * MiB }
      : { ...now, iterations: now.iterations + 1 }
  }
  return undefined
}

const settingsItem = (s: Settings): Item => ({
  header: [
    'MEMORY',
    'ITERATIONS',
    'PARALLELISM',
    'SALT LENGTH',
    'KEY LENGTH',
    'EXPECTED DURATION',
    'EXPECTED DEVIATION',
    'DEDICATED MEMORY',
  ],
  row: [
    megabytes(s.memoryBytes),
    ...[s.iterations, s.parallelism, s.saltLength, s.keyLength].map(String),
    duration(s.expectedDurationMs),
    duration(s.expectedDeviationMs),
    megabytes(s.dedicatedMemoryBytes),
  ],
  value: {
    memory: megabytes(s.memoryBytes),
    iterations: s.iterations,
    parallelism: s.parallelism,
    salt_length: s.saltLength,
    key_length: s.keyLength,
    minimal_duration: duration(s.expectedDurationMs),
    expected_deviation: duration(s.expectedDeviationMs),
    dedicated_memory: megabytes(s.dedicatedMemoryBytes),
  },
})

/** As the configuration takes it. */
const megabytes = (bytes: number): string =>
  bytes % MiB === 0 || bytes > 10 * MiB ? `${Math.round(bytes / MiB)}MB` : `${Math.round(bytes / 1024)}KB`

/** @throws CommandError for a configuration that is refused, UsageError for flags that are no numbers or sizes */
async function settingsOf(options: Argon2Options): Promise<Settings> {
  const { argon2 } = await configSection(options.config ?? [], 'hashers', hashers)
  try {
    return {
      memoryBytes: parseSize(options.memory ?? argon2.memory),
      iterations: positive('--iterations', options.iterations ?? argon2.iterations),
      parallelism: positive('--parallelism', options.parallelism ?? argon2.parallelism ?? 2 * availableParallelism()),
      saltLength: positive('--salt-length', options.saltLength ?? argon2.salt_length),
      keyLength: positive('--key-length', options.keyLength ?? argon2.key_length),
      expectedDurationMs: durationMs(options.minDuration ?? argon2.expected_duration),
      expectedDeviationMs: durationMs(options.expectedDeviation ?? argon2.expected_deviation),
      dedicatedMemoryBytes: parseSize(options.dedicatedMemory ?? argon2.dedicated_memory),
    }
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new UsageError((error as Error).message)
  }
}

function positive(name: string, value: string | number): number {
  const number = Number(value)
  if (!Number.isInteger(number) || number < 1) throw new UsageError(`${name} has to be a number of 1 or more`)
  return number
}

function hasherOf(settings: Settings): (password: string) => Promise<string> {
  const { memoryBytes, iterations, parallelism, saltLength, keyLength } = settings
  const hashing = createHashing({
    config: {
      algorithm: 'argon2',
      bcrypt: { cost: 12 },
      argon2: {
        memory: `${Math.floor(memoryBytes / 1024)}KB`,
        iterations,
        parallelism,
        salt_length: saltLength,
        key_length: keyLength,
      },
    },
    dev: true,
    maxWaiting: Number.POSITIVE_INFINITY,
  })
  return (password) => hashing.hash(new Secret(password))
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)
