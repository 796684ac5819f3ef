import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { errors } from '../../errors.ts'
import type { Secret } from '../secret.ts'
import { type Argon2Cost, argon2Hash, argon2Prefix, parseArgon2 } from './argon2.ts'
import { bcryptCost, bcryptHash, bcryptMaxPasswordBytes } from './bcrypt.ts'
import { encodeBase64Raw } from './encoding.ts'
import { compareEncoded } from './index.ts'
import { giveWayToRequests } from './priority.ts'

/** The part `hashers` of the configuration. */
export type HashersConfig = {
  algorithm: 'argon2' | 'bcrypt'
  bcrypt: { cost: number }
  /** `memory` is a size such as `128MB`; `parallelism` is twice the number of cores unless given; lengths are in bytes. */
  argon2: {
    memory: string
    iterations: number
    parallelism?: number | undefined
    salt_length: number
    key_length: number
  }
}

/** Makes and compares password hashes, as many at once as there are cores. All of them may throw `errors.tooManyRequests`. */
export type Hashing = {
  /** @throws errors.badRequest for a password of more than `maxPasswordBytes`. */
  hash(password: Secret): Promise<string>
  /** Whether the hash is of this password; false for hashes that cannot be computed. */
  compare(password: Secret, encoded: string): Promise<boolean>
  /** Whether a password that fits this hash deserves a new one: by another algorithm, or by the same one with more work. */
  needsRehash(encoded: string): boolean
  /**
   * Takes as long as `compare` with a hash of the configured kind. To be called where there is no hash to compare with, so
   * that the time of the answer does not tell whether somebody exists.
   */
  spendLikeACompare(password: Secret): Promise<void>
  /** undefined: any length. */
  maxPasswordBytes: number | undefined
}

const leastCost = 12

/**
 * @param dev allows bcrypt costs below 12, and leaves hashes of the configured algorithm as they are, so that fixtures
 * stay what they were.
 * @param concurrency how many are computed at once; the thread pool of Node should have some threads more.
 * @param maxWaiting how many may wait for that; whoever comes later is sent away with 429.
 */
export function createHashing({
  config,
  dev,
  concurrency = availableParallelism(),
  maxWaiting = 128,
}: {
  config: HashersConfig
  dev: boolean
  concurrency?: number
  maxWaiting?: number
}): Hashing {
  const queue = createQueue({ concurrency, maxWaiting })
  const { prefix, decoy, maxPasswordBytes, make, isWeaker } =
    config.algorithm === 'argon2' ? argon2(config) : bcrypt(config, dev)
  const compare = (password: Secret, encoded: string) =>
    queue(() => compareEncoded(password, encoded, encoded.startsWith(prefix)))

  return {
    maxPasswordBytes,
    compare,
    async hash(password) {
      const bytes = Buffer.from(password.reveal())
      if (maxPasswordBytes !== undefined && bytes.length > maxPasswordBytes) {
        throw errors.badRequest(`The password must not have more than ${maxPasswordBytes} bytes.`)
      }
      return queue(() => make(bytes))
    },
    needsRehash(encoded) {
      const weaker = isWeaker(encoded)
      return weaker === 'other' || (weaker && !dev)
    },
    async spendLikeACompare(password) {
      await compare(password, decoy)
    },
  }
}

type Algorithm = {
  /** What hashes with the configured parameters begin with. */
  prefix: string
  /** A hash with the configured parameters that nobody has the password of: its digest is drawn by lot. */
  decoy: string
  maxPasswordBytes: number | undefined
  make(password: Buffer): Promise<string>
  /** `other`: not of this algorithm. */
  isWeaker(encoded: string): boolean | 'other'
}

function bcrypt({ bcrypt: { cost: configured } }: HashersConfig, dev: boolean): Algorithm {
  const cost = dev ? configured : Math.max(configured, leastCost)
  const prefix = `$2a$${String(cost).padStart(2, '0')}$`
  return {
    prefix,
    decoy: `${prefix}${randomBytes(39).toString('base64').replaceAll('+', '.').slice(0, 21)}u${randomBytes(24).toString('base64').replaceAll('+', '.').slice(0, 30)}u`,
    maxPasswordBytes: bcryptMaxPasswordBytes,
    make: (password) => bcryptHash(password, cost),
    isWeaker(encoded) {
      const stored = bcryptCost(encoded)
      return stored === undefined ? 'other' : stored < cost
    },
  }
}

function argon2({
  argon2: { memory, iterations, parallelism, salt_length: saltBytes, key_length: keyBytes },
}: HashersConfig): Algorithm {
  const p = Math.min(parallelism ?? 2 * availableParallelism(), 255)
  // Argon2 needs 8 KiB for each lane.
  const cost: Argon2Cost = { m: Math.max(Math.floor(parseSize(memory) / 1024), 8 * p), t: iterations, p }
  const prefix = argon2Prefix(cost)
  return {
    prefix,
    decoy: `${prefix}${encodeBase64Raw(randomBytes(saltBytes))}$${encodeBase64Raw(randomBytes(keyBytes))}`,
    maxPasswordBytes: undefined,
    make: (password) => argon2Hash(password, cost, { saltBytes, keyBytes }),
    isWeaker(encoded) {
      const stored = parseArgon2(encoded)
      if (stored?.variant !== 'argon2id') return 'other'
      // Less of one and more of the other is another taste, not a weaker hash. Lanes do not count: they depend on the machine.
      return stored.m <= cost.m && stored.t <= cost.t && (stored.m < cost.m || stored.t < cost.t)
    },
  }
}

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB', 'EB']

/**
 * Bytes of a size such as `128MB`; each unit is 1024 times the one before.
 * @throws errors.invalidConfiguration for any other text.
 */
export function parseSize(text: string): number {
  const match = /^(\d{1,15})\s*([KMGTPE]?B)$/i.exec(text.trim())
  if (!match) throw errors.invalidConfiguration(`${JSON.stringify(text)} is not a size such as 128MB.`)
  return Number(match[1]) * 1024 ** units.indexOf(match[2]!.toUpperCase())
}

/**
 * Runs tasks in the order in which they come, so many at once.
 * @throws errors.tooManyRequests when too many are waiting already.
 */
function createQueue({
  concurrency,
  maxWaiting,
}: {
  concurrency: number
  maxWaiting: number
}): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []

  return async (task) => {
    if (running < concurrency) running++
    else if (waiting.length < maxWaiting) await new Promise<void>((resolve) => waiting.push(resolve))
    else throw errors.tooManyRequests('Too many passwords are being checked right now. Try again in a few seconds.', 5)
    try {
      const work = task()
      giveWayToRequests()
      return await work
    } finally {
      // The place goes straight to the next one, so that nobody who comes in between can take it.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
