import type { Identity, IdentityWithCredentials } from '../../identities/identity.ts'
import { changesProtected } from '../../identities/protected.ts'
import { applySchema } from '../../identities/update.ts'
import { isPrivileged } from '../../sessions/session.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import type { Json } from '../../lib/json.ts'
import { messages } from '../../ui/messages.ts'
import type { Request } from '../../http/types.ts'
import type { Flow } from '../flow.ts'
import { problemsFrom } from '../form.ts'
import { HookRefusal, runHooksBefore, sessionForHooks, type Occasion } from '../hook.ts'
import { settingsFlow } from '../wire.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { SettingsDeps } from './deps.ts'
import type { SettingsMethod } from './method.ts'
import type { Update } from './submit.ts'
import { settingsView } from './view.ts'

/** What a client gave along, for hooks: nothing where the method does not pass it on. */
export const payloadFor = (
  { hidesPayload }: Pick<SettingsMethod, 'hidesPayload'>,
  { transient_payload: payload = {} }: Record<string, unknown>,
): Json | undefined => (hidesPayload ? undefined : (payload as Json))

/**
 * Asks the hooks before a settings flow.
 * compat: they see it without its fields – selfservice/flow/settings/handler.go
 * @param begins whether the session is only about to be stored
 * @throws ApiError when one keeps it from beginning
 */
export async function askHooksBefore(
  { clock, hooksBefore, publicBaseUrl }: SettingsDeps,
  {
    request,
    flow,
    identity,
    owner: { session, identity: person },
    begins = false,
  }: {
    request: Request
    flow: Flow
    identity: Identity
    owner: Pick<Authenticated, 'session' | 'identity'>
    begins?: boolean
  },
): Promise<void> {
  if (hooksBefore.length === 0) return
  const empty: Flow = { ...flow, ui: { ...flow.ui, nodes: null, messages: [] } }
  await runHooksBefore(hooksBefore, {
    request,
    flow: settingsFlow(empty, publicIdentity(identity, publicBaseUrl)),
    session: sessionForHooks(session, { publicBaseUrl, now: clock.now(), identity: person, begins }),
  })
}

/** What hooks are told about a change. The flow still shows the identity as it was. */
export async function occasionOf(
  deps: SettingsDeps,
  { request, authenticated, identity: before }: Update,
  {
    flow,
    identity,
    transientPayload,
  }: { flow: Flow; identity: IdentityWithCredentials; transientPayload: Json | undefined },
): Promise<Occasion> {
  const { session, identity: person } = authenticated
  const { clock, publicBaseUrl } = deps
  const payload = transientPayload === undefined ? {} : { transientPayload }
  return {
    request,
    flow: await settingsView(deps, flow, before, payload),
    identity,
    session: sessionForHooks(session, { publicBaseUrl, now: clock.now(), identity: person }),
  }
}

/**
 * A change as the hooks make it that are asked before it is stored; the very same when they leave it alone.
 * @returns `refresh` when they change what somebody signs in with, and the last login was too long ago for that
 * @throws HookRefusal for what the person has to mend, also when what a hook made does not fit the schema
 */
export async function changedByHooks(
  deps: SettingsDeps,
  update: Update,
  method: Pick<SettingsMethod, 'name' | 'hidesPayload'>,
  fields: Record<string, unknown>,
  changed: IdentityWithCredentials,
): Promise<IdentityWithCredentials | 'refresh'> {
  let next = changed
  for (const hook of deps.after(method.name).beforeStoring) {
    const about = { flow: update.flow, identity: next, transientPayload: payloadFor(method, fields) }
    next = (await hook(await occasionOf(deps, update, about))) ?? next
  }
  if (next === changed) return changed
  const { identity, errors, emptyIdentifier } = await applySchema(deps, next)
  if (errors.length > 0) throw new HookRefusal(problemsFrom(errors))
  if (emptyIdentifier) throw new HookRefusal([{ node: undefined, message: messages.noIdentifier() }])
  const isFresh = isPrivileged(update.authenticated.session, deps.privilegedAgeMicros, deps.clock.now())
  return isFresh || !changesProtected(update.identity, identity) ? identity : 'refresh'
}
