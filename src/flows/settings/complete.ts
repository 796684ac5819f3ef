import { json, redirect } from '../../http/respond.ts'
import { updateIdentity } from '../../identities/store.ts'
import { messages } from '../../ui/messages.ts'
import { withMessages } from '../form.ts'
import { flowPage, returnToOf, type Flow } from '../flow.ts'
import { insertFlow, updateFlow } from '../store.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import { afterStored } from '../hook.ts'
import { askHooksBefore, occasionOf } from './tell.ts'
import type { Response } from '../../http/types.ts'
import type { SettingsDeps } from './deps.ts'
import { continuedSession, type Session } from '../../sessions/session.ts'
import { updateContinuedSession } from '../../sessions/store.ts'
import type { CompletedFactor } from '../../sessions/issue.ts'
import type { Micros } from '../../lib/clock.ts'
import type { SettingsMethod, SettingsResult } from './method.ts'
import { beginSettings, lastMethod } from './start.ts'
import type { Update } from './submit.ts'
import { settingsView } from './view.ts'

/**
 * Stores a change in one transaction with the flow's success, and answers. The flow shows a fresh form whose `action`
 * leads to a follow-up flow; both go on working.
 * @throws UniqueViolation when somebody else has the identifier or address
 */
export async function completeSettings(
  deps: SettingsDeps,
  update: Update,
  method: Pick<SettingsMethod, 'name'>,
  { identity: changed, factor, active, statements = [] }: SettingsResult,
  transientPayload?: Json,
): Promise<Response> {
  const { db, clock, uiUrl } = deps
  const { request, client, flow, identity, authenticated, jar } = update
  const after = deps.after(method.name)
  const target = deps.returnTo(returnToOf(flow), after.returnUrl ?? flowPage(uiUrl, flow.id))
  const now = clock.now()
  const decided: IdentityWithCredentials = { ...changed, updatedAt: now }
  const contribution = await after.run({
    request,
    client,
    flow,
    before: identity,
    identity: decided,
    session: authenticated.session,
    now,
  })
  const stored: IdentityWithCredentials = contribution.identity ?? decided
  const followUp = await beginSettings(deps, {
    request: withoutReturnTo(request),
    identity: stored,
    type: flow.type,
    jar,
    earlier: flow,
  })
  const completed: Flow = {
    ...flow,
    state: 'success',
    ...(active ? { active } : {}),
    ui: withMessages(followUp.ui, [messages.settingsSaved()]),
    internal: { ...followUp.internal, [lastMethod]: method.name },
    updatedAt: now,
  }
  await db.batch([
    ...updateIdentity(identity, stored, { unchangedSince: identity.updatedAt }),
    updateFlow(completed),
    insertFlow(followUp),
    ...statements,
    ...(factor ? [updateContinuedSession(withFactor(authenticated.session, factor, now))] : []),
    ...(contribution.statements ?? []),
  ])
  contribution.onStored?.()
  try {
    await askHooksBefore(deps, { request, flow: followUp, identity: decided, owner: authenticated })
    const about = { flow: completed, identity: stored, transientPayload }
    for (const hook of after.afterStoring) await hook(await occasionOf(deps, update, about))
  } catch (error) {
    throw afterStored(error, 'Your changes are saved, but not everything that follows could be done.')
  }

  const { continueWith = [] } = contribution
  if (client === 'native') return json(200, await settingsView(deps, completed, stored, { continueWith }))
  const cookies = [deps.cookies.write(authenticated.token, authenticated.session.expiresAt)]
  if (client === 'browser') return { ...redirect(request, 303, target), cookies }
  const view = await settingsView(deps, completed, stored, {
    continueWith: [...continueWith, { action: 'redirect_browser_to', redirect_browser_to: target }],
  })
  return { ...json(200, view), cookies }
}

/** The session of somebody who has just proved another factor by setting it up. It does not last longer for it. */
function withFactor(session: Session, factor: CompletedFactor, now: Micros): Session {
  const method = { ...factor, completedAt: factor.completedAt ?? now }
  return continuedSession(session, [method], session.expiresAt - now, now)
}

// A `return_to` in the address of a submission means nothing.
const withoutReturnTo = (request: Update['request']): Update['request'] => {
  if (!request.query.has('return_to')) return request
  const query = new URLSearchParams(request.query)
  query.delete('return_to')
  return Object.create(request, { query: { value: query } }) as Update['request']
}
