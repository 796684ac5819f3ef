import { setTimeout as wait } from 'node:timers/promises'
import { errors } from '../../errors.ts'
import { HookFailure } from '../../flows/hook.ts'
import { bodyFormat, configuredHeaders, formBody } from '../../http/configured-request.ts'
import { OutboundError, type Outbound, type OutboundResponse } from '../../http/outbound.ts'
import type { Clock } from '../../lib/clock.ts'
import { durationMs } from '../../lib/duration.ts'
import { JsonnetError, type Jsonnet } from '../../lib/jsonnet/jsonnet.ts'
import type { Static } from '../../lib/shape.ts'
import type { LoadSource } from '../../lib/source.ts'
import { createTtlCache } from '../../lib/ttl-cache.ts'
import { newUuid } from '../../lib/uuid.ts'
import type { webHook } from './config.ts'
import { signatureHeaders } from './sign.ts'

export type DeliveryDeps = {
  outbound: Outbound
  jsonnet: Pick<Jsonnet, 'prepare' | 'evaluateToText' | 'evaluate'>
  loadSource: LoadSource
  clock: Clock
}

export type DeliveryConfig = Pick<
  Static<typeof webHook>,
  | 'url'
  | 'method'
  | 'headers'
  | 'body'
  | 'auth'
  | 'emit_analytics_event'
  | 'signing_secrets'
  | 'timeout'
  | 'retries'
  | 'follow_redirects'
>

export type Delivery = {
  /** What the body is made of. Without a snippet `plain` is the body. */
  context: Record<string, unknown>
  plain?: Record<string, unknown>
  /** By which the target knows that it was told this before. */
  id: string
  /** Whether the body of an answer with this status counts. */
  reads(status: number): boolean
}

/**
 * Tells a target something and hands on its answer; undefined when the snippet cancelled the request.
 * @throws HookFailure when the request cannot be made or nobody answers, and after 429 and 5xx to the last
 * @throws errors.gatewayTimeout when it takes longer than configured
 */
export type Deliver = (delivery: Delivery) => Promise<OutboundResponse | undefined>

/** Nothing that a target says about an identity has a reason to be larger. */
const maxAnswerBytes = 1024 * 1024
const maxRedirects = 10
const templateTtlMicros = 3_600_000_000

/** How snippets are found: those from the network are kept for an hour, files are read each time. */
export function createTemplates({ loadSource, clock }: Pick<DeliveryDeps, 'loadSource' | 'clock'>): LoadSource {
  const remote = createTtlCache<string>({ clock, ttlMicros: templateTtlMicros })
  return (reference) => {
    if (/^https?:\/\//i.test(reference)) return remote.get(reference, () => loadSource(reference))
    // compat: what has no scheme is a path – request/builder.go
    return loadSource(/^[a-z0-9]+:\/\//i.test(reference) ? reference : `file://${reference}`)
  }
}

export function createDelivery(
  { outbound, jsonnet, loadSource, clock }: DeliveryDeps,
  config: DeliveryConfig,
  { retryDelayMs = 250 }: { retryDelayMs?: number } = {},
): Deliver {
  const { url, method, signing_secrets: secrets, retries } = config
  const headers = configuredHeaders(config)
  // What is configured may be a key under any name.
  const secretHeaders = Object.keys(headers).filter((name) => name !== 'content-type')
  const timeoutMs = durationMs(config.timeout)
  if (config.body !== undefined) jsonnet.prepare()

  return async (delivery) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const until = performance.now() + timeoutMs
    try {
      const body = await unlessAborted(signal, bodyOf(delivery))
      if (body === cancelled) return undefined
      for (let retriesLeft = retries, delayMs = retryDelayMs; ; retriesLeft--, delayMs *= 2) {
        const answer = await attempt(delivery, body, until - performance.now(), retriesLeft > 0)
        if (answer !== undefined) return answer
        await unlessAborted(signal, wait(delayMs))
      }
    } catch (error) {
      throw asFailure(error)
    }
  }

  /** One request; undefined when it is worth another. */
  async function attempt(
    { id, reads }: Delivery,
    body: string | undefined,
    timeLeftMs: number,
    mayRepeat: boolean,
  ): Promise<OutboundResponse | undefined> {
    try {
      const answer = await outbound(url, {
        method,
        headers: {
          ...headers,
          'idempotency-key': id,
          ...(config.emit_analytics_event ? { 'ory-webhook-request-id': newUuid(), 'ory-webhook-trigger-id': id } : {}),
          ...signatureHeaders(secrets, { id, timestamp: Math.floor(clock.now() / 1_000_000), body: body ?? '' }),
        },
        ...(body === undefined ? {} : { body }),
        timeoutMs: Math.max(1, Math.ceil(timeLeftMs)),
        maxBytes: maxAnswerBytes,
        followRedirects: config.follow_redirects ? maxRedirects : 0,
        readsBody: reads,
        secretHeaders,
      })
      const { status } = answer
      if (status >= 300 && status < 400 && answer.headers.location !== undefined && !config.follow_redirects)
        throw new HookFailure(undefined, new Error(`The target redirects, which is not followed (status ${status}).`))
      if (status !== 429 && (status < 500 || status === 501)) return answer
      if (!mayRepeat) throw new HookFailure(undefined, new Error(`The target answered with status ${status}.`))
    } catch (error) {
      if (!mayRepeat || !(error instanceof OutboundError) || error.kind !== 'network') throw error
    }
    return undefined
  }

  async function bodyOf({ context, plain }: Delivery): Promise<string | undefined | typeof cancelled> {
    if (method === 'TRACE') return undefined
    const format = bodyFormat(headers['content-type']!)
    if (format === 'unknown')
      throw new Error(`No body can be made for the content type ${JSON.stringify(headers['content-type'])}.`)
    if (config.body === undefined && plain) return JSON.stringify(plain)
    if (config.body === undefined) throw new Error('The hook has no body: it needs a Jsonnet snippet.')
    const snippet = await loadSource(config.body)
    const variables = { tla: { ctx: context } }
    if (format === 'form') {
      const form = formBody(await jsonnet.evaluate(snippet, variables))
      if (form === undefined) throw new Error('The body of a form has to be an object of texts.')
      return form
    }
    try {
      return await jsonnet.evaluateToText(snippet, variables)
    } catch (error) {
      if (
        error instanceof JsonnetError &&
        error.kind === 'failed' &&
        /^runtime error: cancel(\n|$)/i.test(error.message)
      )
        return cancelled
      throw error
    }
  }
}

const cancelled = Symbol('cancelled')

/** The result of some work, unless the time is over first. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new OutboundError('timeout', 'The time for this hook is over.'))
    if (signal.aborted) return end()
    signal.addEventListener('abort', end, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}

function asFailure(error: unknown): unknown {
  if (error instanceof HookFailure) return error
  if (error instanceof OutboundError && error.kind === 'timeout')
    return errors.gatewayTimeout('A service that has a say in this did not answer in time.', { cause: error })
  if (error instanceof JsonnetError && error.kind === 'busy')
    return errors.unavailable('Too much is going on right now. Please try again.', {
      cause: error,
      retryAfterSeconds: 1,
    })
  return new HookFailure(undefined, error)
}
