import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const niceness = 19
const threads = '/proc/self/task'
let done = false

/**
 * Lets the threads that compute hashes give way to the one that answers requests, so that a storm of logins does not
 * slow everybody else down. Linux counts niceness by thread; elsewhere, and where it is not allowed, nothing happens.
 * To be called once the thread pool has work, as its threads do not exist before.
 */
export function giveWayToRequests(): void {
  if (done) return
  done = true
  try {
    for (const thread of readdirSync(threads)) {
      const name = readFileSync(`${threads}/${thread}/comm`, 'utf8').trim()
      if (name === 'libuv-worker') setPriority(Number(thread), niceness)
    }
  } catch {
    // A favour, not a promise.
  }
}
