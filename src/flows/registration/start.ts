import { errors } from '../../errors.ts'
import { parseUuid } from '../../lib/uuid.ts'
import type { Request } from '../../http/types.ts'
import { newFlow, requestUrlOf, type Flow, type FlowType } from '../flow.ts'
import { withCsrf, withNodes } from '../form.ts'
import { runHooksBefore } from '../hook.ts'
import { challengeOf, loginChallengeIn } from '../oauth2.ts'
import { traitNodes } from '../trait-nodes.ts'
import { registrationFlow } from '../wire.ts'
import type { RegistrationDeps } from './deps.ts'
import { firstScreen, nodesOf, sorted } from './screens.ts'

/** What of a request decides about a new flow. */
export type Beginning = {
  type: FlowType
  requestUrl: string
  organizationId: string | null
  identitySchema?: string
  csrfToken: string
}

/**
 * Reads what a request asks for.
 * @throws errors.returnToForbidden, errors.badRequest, errors.invalidConfiguration, errors.flowDisabled
 */
export function beginningOf(deps: RegistrationDeps, request: Request, type: FlowType): Beginning {
  const { enabled, returnTo, schemas, defaultReturnUrl } = deps
  const { query } = request
  returnTo(query.get('return_to') ?? undefined, defaultReturnUrl)
  loginChallengeIn(deps, query)
  const wanted = query.get('identity_schema') ?? ''
  if (wanted !== '' && !schemas.has(wanted))
    throw errors.badRequest(`There is no identity schema ${JSON.stringify(wanted)}.`)
  if (wanted !== '' && !schemas.isSelectable(wanted))
    throw errors.badRequest(`The identity schema ${JSON.stringify(wanted)} cannot be chosen.`)
  if (!enabled) throw registrationDisabled()
  return {
    type,
    requestUrl: requestUrlOf(request),
    organizationId: parseUuid(query.get('organization')) ?? null,
    ...(wanted === '' ? {} : { identitySchema: wanted }),
    csrfToken: request.csrf.token(),
  }
}

export const registrationDisabled = () => errors.flowDisabled('Signing up is switched off here.')

/**
 * A registration flow that may begin; not stored yet.
 * @throws errors.invalidConfiguration when the schema cannot be used, ApiError when a hook keeps it from beginning
 */
export async function openRegistration(deps: RegistrationDeps, request: Request, beginning: Beginning): Promise<Flow> {
  const flow = await beginRegistration(deps, beginning)
  await runHooksBefore(deps.hooksBefore, { request, flow: registrationFlow(flow) })
  return flow
}

/**
 * A registration flow with its first screen; not stored yet.
 * @throws errors.invalidConfiguration when the schema cannot be used
 */
export async function beginRegistration(
  deps: RegistrationDeps,
  { type, requestUrl, organizationId, identitySchema, csrfToken }: Beginning,
): Promise<Flow> {
  const { clock, lifespanMicros, publicBaseUrl, schemas, style, methods } = deps
  const bare = newFlow({
    name: 'registration',
    type,
    requestUrl,
    state: 'choose_method',
    organizationId,
    lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
    ...(identitySchema === undefined ? {} : { identitySchema }),
    ...challengeOf(deps, { requestUrl }),
  })
  const memories = methods.filter((method) => method.enabled).map((method) => method.remembers?.(bare) ?? {})
  const flow: Flow = { ...bare, internal: Object.assign({}, ...memories) as Flow['internal'] }
  // No method of this build serves organizations: there is nothing to fill in.
  if (organizationId !== null) return flow
  const empty = withCsrf(flow.ui, csrfToken)
  const schema = await schemas.get(identitySchema ?? schemas.defaultId)
  const ui = withNodes(empty, [
    ...traitNodes(schema, 'default'),
    ...nodesOf(methods, firstScreen(style), { flow, schema }),
  ])
  return { ...flow, ui: sorted(ui, schema) }
}
