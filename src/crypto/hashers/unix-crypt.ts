import { Worker } from 'node:worker_threads'
import type { CryptJob } from './crypt.ts'
import { type Encoding, equalBytes, outOfBounds } from './encoding.ts'

// The work grows with the square of the password's length; crypt(3) itself takes 512 bytes at most.
const maxPasswordBytes = 512

/** A million rounds are about two seconds of a core. */
const bounds = { rounds: [0, 1_000_000] } as const
const defaultRounds = 5000
const leastRounds = 1000

const saltCharacters = '([^$]*)'
const layouts = {
  md5: new RegExp(`^\\$md5-crypt\\$${saltCharacters}\\$([./A-Za-z0-9]{22})$`),
  sha256: new RegExp(`^\\$sha256-crypt\\$(?:rounds=(\\d{1,10})\\$)?${saltCharacters}\\$([./A-Za-z0-9]{43})$`),
  sha512: new RegExp(`^\\$sha512-crypt\\$(?:rounds=(\\d{1,10})\\$)?${saltCharacters}\\$([./A-Za-z0-9]{86})$`),
}
const saltLength = { md5: 8, sha256: 16, sha512: 16 }

type Parsed = { kind: CryptJob['kind']; rounds: number; salt: string; digest: string }

function parse(kind: CryptJob['kind'], encoded: string): Parsed | undefined {
  const match = layouts[kind].exec(encoded)
  if (!match) return undefined
  const [salt, digest] = match.slice(-2) as [string, string]
  const rounds = kind === 'md5' || match[1] === undefined ? defaultRounds : Number(match[1])
  return { kind, rounds, salt: salt.slice(0, saltLength[kind]), digest }
}

const row = (kind: CryptJob['kind']): Encoding => ({
  prefix: new RegExp(`^\\$${kind}-crypt\\$`),
  // compat: taken on the prefix alone, a text that goes on wrongly fits no password – hash/validate.go
  check(encoded) {
    const parsed = parse(kind, encoded)
    return parsed && outOfBounds({ rounds: parsed.rounds }, bounds)
  },
  async compare(password, encoded) {
    const parsed = parse(kind, encoded)
    if (!parsed || password.length > maxPasswordBytes || outOfBounds({ rounds: parsed.rounds }, bounds)) return false
    const { salt, rounds, digest } = parsed
    const computed = await inWorker({ kind, password, salt, rounds: Math.max(rounds, leastRounds) })
    return equalBytes(Buffer.from(computed), Buffer.from(digest))
  },
})

export const md5CryptEncoding = row('md5')
export const sha256CryptEncoding = row('sha256')
export const sha512CryptEncoding = row('sha512')

type Waiting = { resolve: (digest: string) => void; reject: (error: Error) => void }

let worker: Worker | undefined
let lastId = 0
const waiting = new Map<number, Waiting>()

// One worker for the process, started when the first such hash is met. It does not keep the process alive while idle.
function startWorker(): Worker {
  const file = new URL(import.meta.url.endsWith('.ts') ? './crypt-worker.ts' : './crypt-worker.js', import.meta.url)
  const started = new Worker(file)
  started.on('message', ({ id, digest }: { id: number; digest: string }) => {
    waiting.get(id)?.resolve(digest)
    waiting.delete(id)
    if (waiting.size === 0) started.unref()
  })
  started.on('error', (error: Error) => fail(started, error))
  started.on('exit', () => fail(started, new Error('The worker for crypt(3) hashes has ended.')))
  return started
}

function fail(failed: Worker, error: Error): void {
  // The end of a worker is told twice, and by then another one may be at work.
  if (worker !== failed) return
  worker = undefined
  for (const { reject } of waiting.values()) reject(error)
  waiting.clear()
}

function inWorker(job: CryptJob): Promise<string> {
  return new Promise((resolve, reject) => {
    worker ??= startWorker()
    waiting.set(++lastId, { resolve, reject })
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage({ id: lastId, job })
  })
}
