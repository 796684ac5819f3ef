import { errors } from '../../errors.ts'
import { UnexpectedRowCount, UniqueViolation } from '../../db/db.ts'
import { errorResponse, redirect } from '../../http/respond.ts'
import { clientOf, type Client } from '../../http/negotiate.ts'
import { joinPath } from '../../http/urls.ts'
import { findIdentityWithCredentials } from '../../identities/store.ts'
import { nilUuid, parseUuid } from '../../lib/uuid.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { sortNodes } from '../../ui/node.ts'
import { answerReplaced, flowNotFound, isFormError, leave, showForm } from '../answer.ts'
import { openPendingJar, type PendingJar } from '../continuity.ts'
import { checkCrossSite } from '../cross-site.ts'
import { decodeBody, validateBody, type BodySpec } from '../decode.ts'
import { mapNodes, problemsFrom, withCsrf, withMessages, withoutMessages, withProblems, type Problem } from '../form.ts'
import { initUrl, isExpired, requestUrlOf, type Flow, type Ui } from '../flow.ts'
import type { Outcome } from '../outcome.ts'
import { findFlow, insertFlow, updateFlow } from '../store.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Statement } from '../../db/db.ts'
import type { Json } from '../../lib/json.ts'
import { showVerification } from '../verification/start.ts'
import type { ContinueWith } from '../wire.ts'
import type { Request, Response } from '../../http/types.ts'
import { completeSettings } from './complete.ts'
import type { SettingsDeps } from './deps.ts'
import type { SettingsMethod, SettingsResult } from './method.ts'
import { asAnswerToProgram, HookRefusal } from '../hook.ts'
import { askHooksBefore, changedByHooks, payloadFor } from './tell.ts'
import { answerSignedOut, isAssured, stepUpUrl } from './assured.ts'
import { beginSettings, lastMethod, pendingName, settingsOrder } from './start.ts'
import { settingsView } from './view.ts'

/** Everything that is known once the flow is found to be open and the person's own. */
export type Update = {
  request: Request
  client: Client
  authenticated: Authenticated
  identity: IdentityWithCredentials
  schema: IdentitySchema
  flow: Flow
  jar: PendingJar
}

/** `POST` and `GET /self-service/settings?flow=`: the steps in the order in which their errors win. */
export async function updateSettings(deps: SettingsDeps, request: Request): Promise<Response> {
  const { db, clock, forward } = deps
  const authenticated = await deps.authenticate(request)
  if (!authenticated) return answerSignedOut(deps, request)

  const id = parseUuid(request.query.get('flow'))
  if (!id || id === nilUuid)
    return forward(request, errors.badRequest('The parameter flow has to be the id of a settings flow.'))
  const flow = await findFlow(db, 'settings', id)
  if (!flow) return forward(request, flowNotFound())

  const client = clientOf(request, flow.type)
  if (!(await isAssured(deps, authenticated))) return askToStepUp(deps, request, client)
  const jar = openPendingJar(deps.continuity, request)
  const identity = await findIdentityWithCredentials(db, authenticated.identity.id)
  if (!identity) return answerSignedOut(deps, request)
  if (isExpired(flow, clock.now())) return replaceExpired(deps, { request, client, flow, identity, jar, authenticated })
  if (flow.identityId !== identity.id) return leaveForm(deps, request, client, errors.identityMismatch())

  try {
    const schema = await deps.schemas.get(identity.schemaId)
    const response = await dispatch(deps, { request, client, authenticated, identity, schema, flow, jar })
    const cookie = jar.cookie()
    return cookie ? { ...response, cookies: [...(response.cookies ?? []), cookie] } : response
  } catch (error) {
    return leaveForm(deps, request, client, error)
  }
}

/** Asks the methods, one after another, whether the submission is theirs. */
async function dispatch(deps: SettingsDeps, update: Update): Promise<Response> {
  const { request, client, flow, jar, identity } = update
  const body = request.method === 'GET' ? Buffer.alloc(0) : await request.body()
  const input = { method: request.method, contentType: request.headers['content-type'], body, query: request.query }
  for (const method of deps.methods) {
    // Only a page load comes back from a login page with something parked.
    const pending = client === 'browser' ? await jar.take(pendingName(method.name), identity.id) : undefined
    if (pending && pending.flowId === flow.id) return process(deps, update, method, pending.fields, { resumed: true })
    const decoded = decodeBody(input, specOf(method, update))
    if (decoded.kind === 'bad') {
      if (request.method === 'GET') continue
      // Nothing was read, so the form keeps the values that it has.
      return show(
        deps,
        update,
        withProblems(method.keepsMessages ? flow.ui : withoutMessages(flow.ui), [
          { node: undefined, message: messages.generic({ reason: decoded.reason }) },
        ]),
      )
    }
    if (method.claims(decoded.value, flow)) return process(deps, update, method, decoded.value)
  }
  // A browser that comes back with nothing to go on with just sees its form again.
  if (client === 'browser' && request.method === 'GET')
    return showForm(request, client, { flow, view: undefined, uiUrl: deps.uiUrl })
  return show(deps, update, withMessages(withoutMessages(flow.ui), [messages.noSettingsMethod()]))
}

const specOf = ({ fields, readsTraits, allowsGet, mergesQuery }: SettingsMethod, { schema }: Update): BodySpec => ({
  fields: [
    { name: 'method', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'transient_payload', type: 'object' },
    ...fields,
  ],
  allowGet: allowsGet,
  ...(mergesQuery ? { mergesQuery } : {}),
  ...(readsTraits ? { traits: schema } : {}),
})

async function process(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  { resumed = false } = {},
): Promise<Response> {
  const { request, flow, schema, jar } = update
  if (!method.enabled) throw errors.notFound(`The method ${method.name} is not switched on here.`)
  try {
    const broken = problemsFrom(validateBody(fields, specOf(method, update)))
    const problems = [...broken, ...(method.check?.(fields) ?? [])]
    if (problems.length > 0) return await refuse(deps, update, method, fields, problems)
    if (!method.unprotected)
      checkCrossSite(deps.crossSite, request, flow.type, { token: fields.csrf_token as string | undefined, resumed })
  } catch (error) {
    return refuseFor(deps, update, method, fields, error)
  }
  return settle(deps, update, method, fields, ({ identity, authenticated: { session } }, now) =>
    method.submit({ flow, identity, schema, fields, session, now, request, jar, resumed }),
  )
}

/** How often a change is decided anew because somebody else changed the same identity in between. */
const maxAttempts = 5

/** What a method decides by what is true now. */
type Ask = (current: Pick<Update, 'identity' | 'authenticated'>, now: Micros) => ReturnType<SettingsMethod['submit']>

/** Carries out what a method decides, and shows on the form what keeps it from that. */
export async function settle(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  ask: Ask,
): Promise<Response> {
  try {
    // Changes of one identity wait for each other here, so that a password is hashed and hooks are asked once for each.
    // Whoever changes it elsewhere at the same time is noticed when it is stored.
    return await deps.turns(`settings of ${update.identity.id}`, async (waited) => {
      const current = waited ? await reread(deps, update) : update
      return current ? decide(deps, current, method, fields, ask) : answerSignedOut(deps, update.request)
    })
  } catch (error) {
    return refuseFor(deps, update, method, fields, error)
  }
}

/** An update by what is true now; undefined when the session or the identity has ended. */
async function reread(deps: SettingsDeps, update: Update): Promise<Update | undefined> {
  const [authenticated, identity] = await Promise.all([
    deps.authenticate(update.request),
    findIdentityWithCredentials(deps.db, update.identity.id),
  ])
  return authenticated && identity && { ...update, authenticated, identity }
}

async function refuseFor(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  error: unknown,
): Promise<Response> {
  if (error instanceof UniqueViolation)
    return refuse(deps, update, method, fields, [{ node: undefined, message: messages.identifierTaken() }])
  if (error instanceof HookRefusal) return refuseByHook(deps, update, method, fields, error.problems)
  if (isFormError(error))
    return refuse(deps, update, method, fields, [
      { node: undefined, message: messages.generic({ reason: error.body.reason ?? error.body.message }) },
    ])
  return leaveForm(deps, update.request, update.client, error)
}

async function decide(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  ask: Ask,
  attempt = 1,
): Promise<Response> {
  const { request, client, identity, authenticated } = update
  // The identity was read after the session was judged: a second factor that came in between counts, for both.
  if (!(await isAssured(deps, { session: authenticated.session, identity }))) {
    const current = await reread(deps, update)
    if (!current) return answerSignedOut(deps, request)
    if (!(await isAssured(deps, { session: current.authenticated.session, identity: current.identity })))
      return askToStepUp(deps, request, client)
    return decide(deps, current, method, fields, ask, attempt)
  }
  const outcome = await ask(update, deps.clock.now())
  try {
    switch (outcome.kind) {
      case 'done': {
        const changed = await changedByHooks(deps, update, method, fields, outcome.result.identity)
        if (changed === 'refresh') return await askToSignInAgain(deps, update, method, fields)
        const result = { ...outcome.result, identity: changed }
        const held = await hold(deps, update, method, fields, result)
        return held ?? (await completeSettings(deps, update, method, result, payloadFor(method, fields)))
      }
      case 'retry':
        return await refuse(deps, update, method, fields, outcome.problems)
      case 'advance':
        return await showNext(deps, update, method, outcome, fields)
      case 'refresh':
        return await askToSignInAgain(deps, update, method, fields)
      case 'leave':
        return leave(request, outcome)
    }
  } catch (error) {
    if (!(error instanceof UnexpectedRowCount)) throw error
    if (attempt === maxAttempts)
      throw errors.conflict('Others keep changing this account. Try again in a moment.', { cause: error })
    const current = await reread(deps, update)
    return current ? decide(deps, current, method, fields, ask, attempt + 1) : answerSignedOut(deps, request)
  }
}

/** Asks whether a change may be stored. @returns the answer when it may not, or not yet */
async function hold(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  { identity: changed }: SettingsResult,
): Promise<Response | undefined> {
  const { request, client, flow, identity, authenticated } = update
  const held = await deps.after(method.name).hold?.({
    request,
    client,
    flow,
    before: identity,
    identity: changed,
    session: authenticated.session,
    now: deps.clock.now(),
  })
  if (!held) return undefined
  if (held.kind === 'refused') return refuse(deps, update, method, fields, [held.problem], held.status)
  const shown = refilled(update, method, fields)
  const response = await show(deps, { ...update, flow: shown }, shown.ui, {
    status: 200,
    statements: held.statements,
    continueWith: [showVerification(held.verification)],
  })
  held.onStored()
  return client === 'browser' ? redirect(request, 303, held.verification.url) : response
}

/** The form with what was sent in it. */
function refilled({ flow, identity, schema }: Update, method: SettingsMethod, fields: Record<string, unknown>): Flow {
  const kept = method.keepsMessages ? flow.ui : withoutMessages(flow.ui)
  const ui = method.refill ? method.refill({ flow: { ...flow, ui: kept }, identity, schema }, fields) : kept
  return { ...flow, ui, internal: { ...flow.internal, [lastMethod]: method.name } }
}

/** The same form again, with what has to be mended. */
function refuse(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  problems: readonly Problem[],
  status: 200 | 400 = 400,
): Promise<Response> {
  const flow = refilled(update, method, fields)
  return show(deps, { ...update, flow: { ...update.flow, internal: flow.internal } }, withProblems(flow.ui, problems), {
    status,
  })
}

/**
 * The same form again, with what a hook wants mended.
 * compat: the texts that the form had stay, but for those on the fields of the method – selfservice/flow/settings/error.go
 */
function refuseByHook(
  deps: SettingsDeps,
  update: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
  problems: readonly Problem[],
): Promise<Response> {
  const ui = mapNodes(update.flow.ui, (node) => (node.group === method.name ? { ...node, messages: [] } : node))
  const kept: Update = { ...update, flow: { ...update.flow, ui } }
  const flow = refilled(kept, { ...method, keepsMessages: true }, fields)
  return show(deps, { ...update, flow: { ...update.flow, internal: flow.internal } }, withProblems(flow.ui, problems))
}

/** Stores a form with what has to be mended, and shows it. */
async function show(
  deps: SettingsDeps,
  { request, client, flow, identity, schema }: Update,
  changed: Ui,
  { status = 400, statements = [], continueWith = [] }: Showing = {},
): Promise<Response> {
  const ui = flow.ui.nodes === null ? changed : withCsrf(changed, request.csrf.token())
  const next: Flow = {
    ...flow,
    ui: { ...ui, nodes: ui.nodes && sortNodes(ui.nodes, settingsOrder(schema)) },
    updatedAt: deps.clock.now(),
  }
  await deps.db.batch([updateFlow(next), ...statements])
  const view = client === 'browser' ? undefined : await settingsView(deps, next, identity, { continueWith })
  return showForm(request, client, { flow: next, view, uiUrl: deps.uiUrl, status })
}

type Showing = { status?: 200 | 400; statements?: readonly Statement[]; continueWith?: readonly ContinueWith[] }

/** Stores a form with what a method showed without changing anything: its nodes stay in the order in which they came. */
async function showNext(
  deps: SettingsDeps,
  { request, client, flow, identity }: Update,
  method: SettingsMethod,
  { ui, internal = flow.internal }: Extract<Outcome<SettingsResult>, { kind: 'advance' }>,
  { transient_payload: transientPayload = {} }: Record<string, unknown>,
): Promise<Response> {
  const next: Flow = {
    ...flow,
    ui: withCsrf(ui, request.csrf.token()),
    internal: { ...internal, [lastMethod]: method.name },
    updatedAt: deps.clock.now(),
  }
  await deps.db.batch([updateFlow(next)])
  const view =
    client === 'browser'
      ? undefined
      : await settingsView(deps, next, identity, { transientPayload: transientPayload as Json })
  return showForm(request, client, { flow: next, view, uiUrl: deps.uiUrl, status: 200 })
}

/** The session is too weak for these settings: first a second factor, then the same address again. */
function askToStepUp({ publicBaseUrl }: SettingsDeps, request: Request, client: Client): Response {
  const target = stepUpUrl(publicBaseUrl, requestUrlOf(request))
  return client === 'browser'
    ? redirect(request, 303, target)
    : errorResponse(request, errors.sessionAal2Required(target))
}

/** Parks the change and asks for a new login, after which a page's change is carried out by itself. */
async function askToSignInAgain(
  { publicBaseUrl }: SettingsDeps,
  { request, client, flow, identity, jar }: Update,
  method: SettingsMethod,
  fields: Record<string, unknown>,
): Promise<Response> {
  if (flow.type === 'browser' || method.parksNative)
    await jar.pause(pendingName(method.name), identity.id, { flowId: flow.id, fields: fields as Record<string, Json> })
  const here = `${joinPath(publicBaseUrl, request.path)}?${request.rawQuery}`
  const target = initUrl(publicBaseUrl, 'login', 'browser', { refresh: 'true', return_to: here })
  return client === 'browser'
    ? redirect(request, 303, target)
    : errorResponse(request, errors.sessionRefreshRequired(target))
}

/** An expired flow is replaced by a fresh one of the person who is here, with the address that the old one began with. */
async function replaceExpired(
  deps: SettingsDeps,
  {
    request,
    client,
    flow,
    identity,
    jar,
    authenticated,
  }: Pick<Update, 'request' | 'client' | 'flow' | 'identity' | 'jar' | 'authenticated'>,
): Promise<Response> {
  const now = deps.clock.now()
  let fresh: Flow
  try {
    fresh = await beginSettings(deps, { request, identity, type: flow.type, jar })
    await askHooksBefore(deps, { request, flow: fresh, identity, owner: authenticated })
  } catch (error) {
    return leaveForm(deps, request, client, error)
  }
  const replacement: Flow = {
    ...fresh,
    requestUrl: flow.requestUrl,
    ui: withMessages(fresh.ui, [messages.settingsExpired(expiredContext(flow.expiresAt))]),
  }
  await deps.db.batch([insertFlow(replacement)])
  const cookie = jar.cookie()
  const response = answerReplaced(request, client, { expired: flow, replacement, uiUrl: deps.uiUrl, now })
  return cookie ? { ...response, cookies: [cookie] } : response
}

/** An error that no form can show: programs get it, pages go to the error page. */
function leaveForm(
  { forward }: SettingsDeps,
  request: Request,
  client: Client,
  error: unknown,
): Response | Promise<Response> {
  if (client === 'native') return errorResponse(request, asAnswerToProgram(error))
  return forward(request, client === 'spa' ? asAnswerToProgram(error) : error)
}
