import { parentPort } from 'node:worker_threads'
import { crypt, type CryptJob } from './crypt.ts'

parentPort?.on('message', ({ id, job }: { id: number; job: CryptJob }) =>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage({ id, digest: crypt(job) }),
)
