import { randomInt } from 'node:crypto'
import { statusTexts } from '../errors.ts'
import type { Db } from '../db/db.ts'
import { UnexpectedRowCount } from '../db/db.ts'
import { microsPerMs, type Clock } from '../lib/clock.ts'
import { newUuid } from '../lib/uuid.ts'
import { DeliveryError, sendTimeoutMs, type Channel } from './channels/channel.ts'
import type { JsonObject, StoredMessage, Via } from './message.ts'
import { claimMessages, insertDispatch, settleMessage, type Verdict } from './store.ts'

export type DispatcherSettings = {
  /** How many messages are on their way at once. */
  pullCount: number
  /** The pause before it looks for messages of other processes, and before the second try of one. */
  pullWaitMs: number
  /** How often a message is tried again. */
  retries: number
  /** For how long a claim holds; longer than a try may take. */
  leaseMs?: number
}

export type DispatcherDeps = {
  db: Db
  clock: Clock
  channels: ReadonlyMap<Via, Channel>
  settings: DispatcherSettings
  log: { warn(problem: object, text: string): void; error(problem: object, text: string): void }
}

export type Dispatcher = {
  /** Looks for messages in a moment. */
  wake(): void
  start(): void
  /** Claims nothing more, and resolves once what is on its way has arrived or failed. */
  stop(): Promise<void>
}

/**
 * What was just queued is sent a moment after its cause was answered, never before: the time of an answer must not tell
 * whether somebody is written to. Chance keeps whoever asks again at once from seeing it in the next answer.
 */
const wakeAfterMs = { least: 10, most: 50 }
const maxAtOnce = 16
const maxRetryWaitMs = 10 * 60_000
const maxTroubleWaitMs = 60_000

/**
 * From here on messages leave in bouts: somebody who sets a longer pause does not want every message to go at once.
 */
const longestUnattendedPauseMs = 10_000

/**
 * Sends what is due. Any number of them can work on one database: each claims rows for a while, so that no two send the
 * same message. One that dies between the hand-over and noting it leaves a message that is sent a second time; nothing
 * else sends one twice.
 */
export function createDispatcher({ db, clock, channels, settings, log }: DispatcherDeps): Dispatcher {
  const { pullCount, pullWaitMs, retries, leaseMs = 2 * sendTimeoutMs } = settings
  const atOnce = Math.max(1, Math.min(pullCount, maxAtOnce))
  const onTheirWay = new Set<Promise<void>>()
  let running: Promise<void> | undefined
  const ending = new AbortController()
  let woken = false
  let interrupt = () => {}
  let timer: NodeJS.Timeout | undefined
  let waking: NodeJS.Timeout | undefined

  async function run(): Promise<void> {
    let troubleWaitMs = 500
    while (!ending.signal.aborted) {
      clearTimeout(timer)
      woken = false
      const free = atOnce - onTheirWay.size
      try {
        const claim = newUuid()
        const claimed = free === 0 ? [] : await claimNext(claim, free)
        for (const message of claimed) follow(deliver(message, claim))
        troubleWaitMs = 500
        // A full hand means that there may be more: the next one is taken as soon as there is room.
        if (claimed.length === free) await Promise.race([...onTheirWay, paused(pullWaitMs)])
        else await paused(pullWaitMs)
      } catch (error) {
        log.error({ error }, `Messages cannot be looked for. Trying again in ${troubleWaitMs / 1000} s.`)
        await paused(troubleWaitMs, { wakes: false })
        troubleWaitMs = Math.min(troubleWaitMs * 1.5, maxTroubleWaitMs)
      }
    }
    clearTimeout(timer)
    await Promise.all(onTheirWay)
  }

  const claimNext = (claim: string, limit: number): Promise<StoredMessage[]> => {
    const now = clock.now()
    return claimMessages(db, { claim, now, leaseUntil: now + leaseMs * microsPerMs, limit })
  }

  function follow(delivery: Promise<void>): void {
    const followed = delivery
      .catch((error: unknown) =>
        log.error({ error }, 'What became of a message cannot be noted. It is tried again later.'),
      )
      .finally(() => onTheirWay.delete(followed))
    onTheirWay.add(followed)
  }

  async function deliver(message: StoredMessage, claim: string): Promise<void> {
    // A dispatcher that ended in the middle has counted its try, but could not say what became of it.
    const error = message.sendCount > retries + 1 ? unfinished : await errorOf(message)
    if (error)
      log.warn(
        { message_id: message.id, template_type: message.template, attempt: message.sendCount, error },
        'A message was not taken.',
      )
    await settle(message, claim, error)
  }

  async function errorOf(message: StoredMessage): Promise<Error | undefined> {
    const channel = channels.get(message.via)
    try {
      if (!channel) throw new DeliveryError(`No channel for ${message.via} is configured.`)
      await channel.send(message)
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  async function settle({ id, sendCount }: StoredMessage, claim: string, error: Error | undefined): Promise<void> {
    const now = clock.now()
    const isLast = sendCount > retries || (error instanceof DeliveryError && error.permanent)
    const verdict: Verdict = {
      id,
      claim,
      now,
      ...(error === undefined
        ? { status: 'sent', dueAt: null }
        : isLast
          ? { status: 'abandoned', dueAt: null }
          : { status: 'queued', dueAt: now + retryWaitMs(sendCount) * microsPerMs }),
    }
    const dispatch = insertDispatch({
      id: newUuid(),
      messageId: id,
      status: error ? 'failed' : 'success',
      error: error ? errorObject(error) : null,
      createdAt: now,
    })
    try {
      await db.batch([settleMessage(verdict), dispatch])
    } catch (cause) {
      if (!(cause instanceof UnexpectedRowCount)) throw cause
      log.warn({ message_id: id }, 'A try to send a message took so long that another dispatcher has taken it over.')
    }
  }

  /** `pull_wait`, then four times as long after each further try; a little apart, so that a relay that is back is not overrun. */
  function retryWaitMs(sendCount: number): number {
    const waitMs = Math.min(pullWaitMs * 4 ** (sendCount - 1), Math.max(maxRetryWaitMs, pullWaitMs))
    return Math.round((waitMs * (90 + randomInt(21))) / 100)
  }

  function paused(ms: number, { wakes = true } = {}): Promise<void> {
    if (ending.signal.aborted || (wakes && woken)) return Promise.resolve()
    return new Promise((resolve) => {
      timer = setTimeout(resolve, ms)
      interrupt = () => {
        if (ending.signal.aborted || wakes) resolve()
      }
    })
  }

  return {
    wake() {
      if (pullWaitMs > longestUnattendedPauseMs || waking || !running || ending.signal.aborted) return
      waking = setTimeout(
        () => {
          waking = undefined
          woken = true
          interrupt()
        },
        randomInt(wakeAfterMs.least, wakeAfterMs.most),
      )
    },
    start() {
      running ??= run()
    },
    async stop() {
      ending.abort()
      clearTimeout(waking)
      interrupt()
      await running
      for (const channel of channels.values()) channel.close()
    },
  }
}

const unfinished = new DeliveryError('The tries to send this message ended without a result.')

/** What an operator reads about a failed try. */
function errorObject(error: Error): JsonObject {
  const { message } = error
  const reason = error instanceof DeliveryError ? error.reason : undefined
  return { code: 500, status: statusTexts[500]!, ...(reason === undefined ? {} : { reason }), message }
}
