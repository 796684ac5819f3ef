import { errors } from '../../errors.ts'
import type { UiText } from '../../ui/messages.ts'
import { newFlow, type Flow, type FlowType } from '../flow.ts'
import { withCsrf, withMessages, withNodes } from '../form.ts'
import type { RecoveryDeps } from './deps.ts'
import type { RecoveryMethod } from './method.ts'

/** What decides about a new flow. */
export type Beginning = {
  type: FlowType
  requestUrl: string
  /** Empty in native flows. */
  csrfToken: string
  messages?: UiText[]
}

/**
 * A recovery flow with its first form; not stored yet.
 * @throws errors.badRequest when the method that the configuration names is switched off
 */
export function beginRecovery(
  { clock, publicBaseUrl, settings, methods }: Pick<RecoveryDeps, 'clock' | 'publicBaseUrl' | 'settings' | 'methods'>,
  { type, requestUrl, csrfToken, messages = [] }: Beginning,
): Flow {
  const method = enabledMethod(methods, settings.use)
  const { state, nodes } = method.begin()
  const flow = newFlow({
    name: 'recovery',
    type,
    requestUrl,
    state,
    lifespanMicros: settings.lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
  })
  return { ...flow, active: method.name, ui: withMessages(withNodes(withCsrf(flow.ui, csrfToken), nodes), messages) }
}

function enabledMethod(methods: readonly RecoveryMethod[], name: RecoveryMethod['name']): RecoveryMethod {
  const method = methods.find((candidate) => candidate.name === name)
  if (!method?.enabled) throw errors.badRequest(`The method ${name} for recovery is switched off.`)
  return method
}
