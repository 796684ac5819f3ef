import { ApiError, errors } from '../../errors.ts'
import { HookFailure, requestContext, type Occasion } from '../../flows/hook.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Normalisers } from '../../identities/schema/derive.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Static } from '../../lib/shape.ts'
import { newUuid } from '../../lib/uuid.ts'
import { readChange, readRefusal, withChange } from './answer.ts'
import type { webHook } from './config.ts'
import { createDelivery, createTemplates, type Deliver, type DeliveryDeps } from './delivery.ts'

export type WebHookConfig = Static<typeof webHook>

export type WebHookDeps = DeliveryDeps & {
  schemas: Pick<IdentitySchemas, 'has'>
  normalisers: Normalisers
  publicBaseUrl: string
  /** Names of the headers of a request that targets may see. */
  headerAllowlist: readonly string[]
  log: { warn(context: Record<string, unknown>, text: string): void }
}

/**
 * Tells a target.
 * @returns the identity as the target wants it, if it was told about one and has a say; undefined otherwise
 * @throws HookRefusal for what a person has to mend, other ApiErrors for everything that went wrong
 */
export type WebHook = (occasion: Occasion) => Promise<IdentityWithCredentials | undefined>

export type WebHooks = {
  make(config: WebHookConfig): WebHook
  /** Resolves when those for which nobody waits have ended, or after five seconds. */
  close(): Promise<void>
}

/** Whether a target has a say in what happens: it is asked before anything is stored. */
export const hasSay = ({ response, can_interrupt }: Pick<WebHookConfig, 'response' | 'can_interrupt'>): boolean =>
  response.parse || can_interrupt

/** How many requests for which nobody waits may be under way at once. */
const maxUnderWay = 1000
const maxClosingMs = 5000

export function createWebHooks(deps: WebHookDeps, options: { retryDelayMs?: number } = {}): WebHooks {
  const { clock, log, publicBaseUrl, headerAllowlist } = deps
  const delivering: DeliveryDeps = { ...deps, loadSource: createTemplates(deps) }
  const underWay = new Set<Promise<void>>()

  return {
    make(config) {
      const deliver = createDelivery(delivering, config, options)
      const call = createCall(deps, config, deliver)
      const note = { hook: config.id ?? hostOf(config.url) }
      const warn = (error: unknown) => log.warn({ ...note, error }, 'A web hook failed.')
      // A request whose work has to be done anew tells its targets again; they see that it is the same news.
      const ids = new WeakMap<Occasion['request'], string>()

      return async (occasion) => {
        const { request, identity, flow, session } = occasion
        const id = ids.get(request) ?? newUuid()
        ids.set(request, id)
        const context = {
          flow,
          ...requestContext(request, headerAllowlist),
          ...(identity ? { identity: publicIdentity(identity, publicBaseUrl) } : {}),
          ...(session ? { session } : {}),
        }
        if (!config.response.ignore) {
          try {
            return await call({ id, context, identity })
          } catch (error) {
            if (!(error instanceof ApiError) || error.body.status >= 500) warn(error)
            throw error
          }
        }
        if (underWay.size >= maxUnderWay) {
          warn(new Error(`${maxUnderWay} requests are under way already; this one is not sent.`))
          return undefined
        }
        const work: Promise<void> = call({ id, context, identity })
          .then(() => undefined, warn)
          .finally(() => underWay.delete(work))
        underWay.add(work)
        return undefined
      }
    },
    async close() {
      let timer: NodeJS.Timeout | undefined
      const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, maxClosingMs)))
      await Promise.race([Promise.all(underWay), enough])
      clearTimeout(timer)
    },
  }

  function createCall(
    { schemas, normalisers }: WebHookDeps,
    { response: { parse }, can_interrupt: canInterrupt }: WebHookConfig,
    deliver: Deliver,
  ) {
    return async ({ id, context, identity }: Call): Promise<IdentityWithCredentials | undefined> => {
      const answer = await deliver({
        id,
        context,
        reads: (status) => (parse && status === 200) || ((parse || canInterrupt) && status >= 400),
      })
      if (answer === undefined) return undefined
      const { status, body } = answer
      if (status >= 400 && !parse && !canInterrupt)
        throw errors.badGateway('A service that has a say in this refused.', {
          cause: new Error(`The target answered with status ${status}.`),
        })
      if (status >= 400) throw understood(() => readRefusal(body.toString()))
      if (!parse || status !== 200) return undefined
      const change = understood(() => readChange(body.toString()))
      return change && identity && understood(() => withChange({ schemas, normalisers, clock }, identity, change))
    }
  }
}

type Call = { id: string; context: Record<string, unknown>; identity: IdentityWithCredentials | undefined }

/** @throws HookFailure when an answer makes no sense; what is meant for the person stays as it is */
function understood<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ApiError && error.constructor !== ApiError) throw error
    throw new HookFailure(undefined, error)
  }
}

const hostOf = (url: string): string => URL.parse(url)?.host ?? 'unknown'
