import { sessionForHooks } from '../../flows/hook.ts'
import type { LoginHook } from '../../flows/login/hook.ts'
import type { RecoveryHook } from '../../flows/recovery/hook.ts'
import type { VerificationHook } from '../../flows/verification/hook.ts'
import { loginFlow, recoveryFlow, verificationFlow } from '../../flows/wire.ts'
import type { Clock } from '../../lib/clock.ts'
import { isKnown, type ConfiguredHook } from '../configured.ts'
import { hasSay, type WebHook, type WebHookConfig, type WebHooks } from './web-hook.ts'

export type WebHookFlowDeps = { webHooks: WebHooks; publicBaseUrl: string; clock: Clock }

/** What a target changes about the identity is seen by later hooks and in the answer, but not stored. */
export function webHookAtLogin({ webHooks, publicBaseUrl, clock }: WebHookFlowDeps, config: WebHookConfig): LoginHook {
  const call = webHooks.make(config)
  return async ({ request, current, flow, identity, session, transientPayload }) => {
    const begins = current?.session.id !== session.id
    const changed = await call({
      request,
      flow: loginFlow(flow, { transientPayload }),
      identity,
      session: sessionForHooks(session, { publicBaseUrl, now: clock.now(), identity, begins }),
    })
    return changed ? { identity: changed } : {}
  }
}

export function webHookAfterRecovery(
  { webHooks }: Pick<WebHookFlowDeps, 'webHooks'>,
  config: WebHookConfig,
): RecoveryHook {
  const call = webHooks.make(config)
  return async ({ request, flow, identity, transientPayload }) => {
    await call({ request, flow: recoveryFlow(flow, { transientPayload }), identity })
  }
}

function webHookAfterVerification(
  { webHooks }: Pick<WebHookFlowDeps, 'webHooks'>,
  config: WebHookConfig,
): VerificationHook {
  const call = webHooks.make(config)
  return async ({ request, flow, identity, transientPayload }) => {
    await call({ request, flow: verificationFlow(flow, { transientPayload }), identity })
  }
}

/** The hooks after a verification, in the order of the configuration. Nothing but web hooks may stand there. */
export const hooksAfterVerification = (
  deps: Pick<WebHookFlowDeps, 'webHooks'>,
  configured: readonly ConfiguredHook[],
): VerificationHook[] =>
  configured.flatMap(({ hook, config }) =>
    hook === 'web_hook' ? [webHookAfterVerification(deps, config as WebHookConfig)] : [],
  )

/**
 * The web hooks of a list by when they are told: those with a say before anything is stored, the others after. The
 * list for all methods stands in only for what comes after, and only where a method's own list has nothing for that.
 */
export function webHooksOf(
  { webHooks }: Pick<WebHookFlowDeps, 'webHooks'>,
  own: readonly ConfiguredHook[],
  general: readonly ConfiguredHook[],
): {
  before: WebHook[]
  after: WebHook[]
  /** Whether what comes after is that of the method's own list. */
  own: boolean
} {
  const isEarly = ({ hook, config }: ConfiguredHook) =>
    earlyHooks.has(hook) || (hook === 'web_hook' && hasSay(config as WebHookConfig))
  const make = (list: readonly ConfiguredHook[]) =>
    list.flatMap(({ hook, config }) => (hook === 'web_hook' ? [webHooks.make(config as WebHookConfig)] : []))
  const ownLate = own.filter((each) => isKnown(each) && !isEarly(each))
  const late = ownLate.length > 0 ? ownLate : general.filter((each) => !isEarly(each))
  return { before: make(own.filter(isEarly)), after: make(late), own: ownLate.length > 0 }
}

/** Other hooks that are asked before anything is stored. */
const earlyHooks = new Set(['verify_new_address'])
