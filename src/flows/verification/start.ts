import type { Statement } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { encodeQuery, parseQuery } from '../../http/query.ts'
import type { Request } from '../../http/types.ts'
import type { Json } from '../../lib/json.ts'
import type { UiText } from '../../ui/messages.ts'
import { flowPage, newFlow, type Flow, type FlowType } from '../flow.ts'
import { withMessages } from '../form.ts'
import { newToken } from '../mailed.ts'
import { insertFlow } from '../store.ts'
import type { ContinueWith } from '../wire.ts'
import type { VerificationStartDeps } from './deps.ts'
import type { Target, VerificationMethod } from './method.ts'

/** What decides about a new flow. */
export type Beginning = {
  type: FlowType
  requestUrl: string
  /** Empty in native flows. */
  csrfToken: string
  messages?: UiText[]
}

/**
 * A verification flow with its first form; not stored yet.
 * @throws errors.badRequest when the method that the configuration names is switched off
 */
export function beginVerification(deps: VerificationStartDeps, { csrfToken, messages = [], ...rest }: Beginning): Flow {
  const method = enabledMethod(deps)
  const flow = emptyFlow(deps, method, rest)
  return { ...flow, ui: withMessages(method.begin(flow, csrfToken), messages) }
}

const emptyFlow = (
  { clock, publicBaseUrl, settings }: VerificationStartDeps,
  method: VerificationMethod,
  { type, requestUrl }: Pick<Beginning, 'type' | 'requestUrl'>,
  loginChallenge?: string,
): Flow => ({
  ...newFlow({
    name: 'verification',
    type,
    requestUrl,
    state: 'choose_method',
    lifespanMicros: settings.lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
    ...(loginChallenge === undefined ? {} : { loginChallenge }),
  }),
  active: method.name,
})

function enabledMethod({ methods, settings }: VerificationStartDeps): VerificationMethod {
  const method = methods.find(({ name }) => name === settings.use)
  if (!method?.enabled) throw errors.badRequest(`The method ${settings.use} for verification is switched off.`)
  return method
}

/** A verification that another flow has begun: it waits for the code or link that is on its way. */
export type StartedVerification = { flow: Flow; address: string; url: string; statements: readonly Statement[] }

/**
 * Begins to verify an address on behalf of another flow. Nothing is stored or sent before the statements have run, and
 * they belong behind those that store the identity.
 * @param origin the flow that makes it necessary: it says what kind of client goes on, and where people go in the end
 */
export async function startVerification(
  deps: VerificationStartDeps,
  {
    request,
    origin,
    target,
    transientPayload,
  }: {
    request: Request
    origin: Flow
    target: Target
    transientPayload: Json
  },
): Promise<StartedVerification> {
  const method = enabledMethod(deps)
  const beginning = { type: origin.type, requestUrl: requestUrlAfter(origin.requestUrl) }
  const empty = emptyFlow(deps, method, beginning, origin.loginChallenge)
  const csrfToken = newToken(request, origin)
  const { flow, statements } = await method.sendTo(empty, target, { csrfToken, transientPayload })
  return {
    flow,
    address: target.address,
    url: flowPage(deps.settings.uiUrl, flow.id),
    statements: [insertFlow(flow), ...statements],
  }
}

/** The address that the other flow began with, where the wish for what comes after the verification becomes its `return_to`. */
function requestUrlAfter(requestUrl: string): string {
  const at = requestUrl.indexOf('?')
  const query = parseQuery(at < 0 ? '' : requestUrl.slice(at + 1))
  const wanted = query.get('after_verification_return_to')
  if (!wanted) return requestUrl
  query.delete('after_verification_return_to')
  query.set('return_to', wanted)
  return `${requestUrl.slice(0, at)}?${encodeQuery(query)}`
}

/** How clients are told that a verification has begun. Apps have pages of their own. */
export const showVerification = (
  { flow, address, url }: StartedVerification,
  { withUrl = flow.type === 'browser' }: { withUrl?: boolean } = {},
): ContinueWith => ({
  action: 'show_verification_ui',
  flow: { id: flow.id, verifiable_address: address, ...(withUrl ? { url } : {}) },
})
