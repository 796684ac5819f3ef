import { errors } from '../../errors.ts'
import { UnexpectedRowCount, type Statement } from '../../db/db.ts'
import { acceptsJson, isJson } from '../../http/negotiate.ts'
import { errorResponse, json, redirect } from '../../http/respond.ts'
import { parseBool } from '../../http/query.ts'
import type { Response } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { withProvenAddress } from '../../identities/proven-address.ts'
import { expectUnchanged, findIdentityWithCredentials } from '../../identities/store.ts'
import { rfc3339, type Micros } from '../../lib/clock.ts'
import { openSession, type OpenedSession } from '../../sessions/issue.ts'
import type { Session } from '../../sessions/session.ts'
import { messages } from '../../ui/messages.ts'
import { isFormError, showForm } from '../answer.ts'
import { openPendingJar } from '../continuity.ts'
import { flowPage, queryOf, returnToOf, type Flow } from '../flow.ts'
import { withCsrf, withMessages, withoutMessages } from '../form.ts'
import { withParameters } from '../mailed.ts'
import { beginSettings } from '../settings/start.ts'
import { HookFailure, HookRefusal } from '../hook.ts'
import { askHooksBefore } from '../settings/tell.ts'
import { insertFlow, updateFlow } from '../store.ts'
import { recoveryFlow, type ContinueWith } from '../wire.ts'
import type { RecoveryDeps } from './deps.ts'
import type { RecoveryEvent } from './hook.ts'
import type { Recovered, RecoverySubmission } from './method.ts'
import { restart, textOf } from './restart.ts'

/**
 * Signs a recovered person in and leads to the settings, where a new password is chosen. The session counts as fresh; a
 * second factor is not asked for here but by the settings, which hold back until it is there.
 */
export async function completeRecovery(
  deps: RecoveryDeps,
  submission: RecoverySubmission,
  recovered: Recovered,
): Promise<Response> {
  const { clock, db } = deps
  const { request, flow } = submission
  const found = await findIdentityWithCredentials(db, recovered.identityId)
  if (!found) throw errors.notFound('The account is gone.')
  if (recovered.proven && !isRecoverableBy(found, recovered.proven)) return object(deps, submission, recovered)
  const now = clock.now()
  const { identity, statements: verified } = recovered.proven
    ? withProvenAddress(found, recovered.proven, now)
    : { identity: found, statements: [] }
  if (recovered.inBrowser || flow.type === 'browser') request.csrf.rotate()
  const passed = passedFlow(submission, recovered, now)
  // These stay, whatever else comes in between: the proof is used up.
  const first: Statement[] = [updateFlow(passed), ...verified]

  const opened = openSession(deps, { identity, methods: [{ method: recovered.factor, aal: 'aal1' }], request })
  let fromHooks: Statement[]
  try {
    if (identity.state !== 'active') throw errors.identityDisabled(identity.id)
    fromHooks = await runHooks(deps, {
      request,
      flow: passed,
      identity,
      session: opened.session,
      transientPayload: recovered.transientPayload,
    })
  } catch (error) {
    await db.batch(first)
    return refused(deps, submission, recovered, error)
  }

  const skips = !recovered.inBrowser && (parseBool(queryOf(flow).get('skip_settings') ?? '') ?? false)
  let settings: Awaited<ReturnType<typeof settingsFor>> | undefined
  try {
    const owner = { identity, session: opened.session }
    if (!skips) settings = await settingsFor(deps, submission, recovered, owner, now)
  } catch (error) {
    await db.batch([...first, ...fromHooks])
    throw error
  }

  const last = [...first, ...opened.statements, ...fromHooks, ...(settings ? [insertFlow(settings.flow)] : [])]
  if (!(await storeUnlessOutdated(deps, found, last))) {
    const ui = flow.type === 'browser' ? withCsrf(flow.ui, request.csrf.token()) : flow.ui
    return object(deps, { ...submission, flow: { ...flow, ui } }, recovered)
  }
  const response = answer(deps, submission, { passed, recovered, opened, settings: settings?.flow })
  return { ...response, cookies: [...(response.cookies ?? []), ...(settings?.cookies ?? [])] }
}

/**
 * Hooks take their time, in which the person may have set a new password: then what was sent before opens nothing more.
 * @returns false when that has happened, and nothing is stored
 */
async function storeUnlessOutdated(
  { db }: RecoveryDeps,
  read: IdentityWithCredentials,
  statements: readonly Statement[],
): Promise<boolean> {
  for (let current = read; ;) {
    try {
      await db.batch([expectUnchanged(current), ...statements])
      return true
    } catch (error) {
      if (!(error instanceof UnexpectedRowCount && error.index === 0)) throw error
    }
    const now = await findIdentityWithCredentials(db, read.id)
    if (!now) throw errors.notFound('The account is gone.')
    if (passwordIn(now) !== passwordIn(read)) return false
    current = now
  }
}

const passwordIn = ({ credentials }: IdentityWithCredentials): string => JSON.stringify(credentials.password?.config)

const isRecoverableBy = (
  { recoveryAddresses }: IdentityWithCredentials,
  { via, address }: NonNullable<Recovered['proven']>,
): boolean => recoveryAddresses.some((known) => known.via === via && known.value === address)

/** The proof was right, but its person has given the address up since: answered like a wrong one. */
async function object(
  deps: RecoveryDeps,
  { request, client, flow }: RecoverySubmission,
  { inBrowser, objection, transientPayload, showsPayload }: Recovered,
): Promise<Response> {
  if (inBrowser) return restart(deps, request, client, { message: objection, type: 'browser' })
  const shown: Flow = {
    ...flow,
    ui: withMessages(withoutMessages(flow.ui), [objection]),
    updatedAt: deps.clock.now(),
  }
  await deps.db.batch([updateFlow(shown)])
  const view = recoveryFlow(shown, showsPayload ? { transientPayload } : {})
  return showForm(request, client, { flow: shown, view, uiUrl: deps.settings.uiUrl, status: 200 })
}

function passedFlow({ request, flow }: RecoverySubmission, { inBrowser }: Recovered, now: Micros): Flow {
  const ui = withoutMessages(flow.ui)
  return {
    ...flow,
    state: 'passed_challenge',
    ui: inBrowser || flow.type === 'browser' ? withCsrf(ui, request.csrf.token()) : ui,
    updatedAt: now,
  }
}

async function runHooks({ db, hooksAfter }: RecoveryDeps, event: RecoveryEvent): Promise<Statement[]> {
  const statements: Statement[] = []
  try {
    for (const hook of hooksAfter) statements.push(...((await hook(event))?.statements ?? []))
    return statements
  } catch (error) {
    // What earlier hooks did stays done.
    if (statements.length > 0) await db.batch(statements)
    throw error
  }
}

/** What a person can read about goes on a new flow; anything else ends here. */
function refused(
  deps: RecoveryDeps,
  { request, client, flow }: RecoverySubmission,
  { inBrowser }: Recovered,
  error: unknown,
): Promise<Response> {
  if (!isFormError(error)) throw error
  if (error instanceof HookRefusal) {
    const type = inBrowser ? 'browser' : flow.type
    // compat: programs get a failure, and read on the new flow what it is about – selfservice/strategy/code/strategy_recovery.go
    return restart(deps, request, client, {
      problems: error.problems,
      type,
      ...(inBrowser ? {} : { error: new HookFailure(undefined, error) }),
    })
  }
  return restart(
    deps,
    request,
    client,
    inBrowser ? { message: textOf(error), type: 'browser' } : { message: textOf(error), type: flow.type, error },
  )
}

async function settingsFor(
  { returnTo, settings, settingsFlow }: RecoveryDeps,
  { request, flow }: RecoverySubmission,
  { inBrowser }: Recovered,
  owner: { identity: IdentityWithCredentials; session: Session },
  now: Micros,
): Promise<{ flow: Flow; cookies: string[] }> {
  const jar = openPendingJar(settingsFlow.continuity, request)
  const asked = returnToOf(flow)
  const wanted = asked === '' ? settings.returnUrlAfter : returnTo(asked, settings.defaultReturnUrl)
  const fresh = await beginSettings(settingsFlow, {
    request: withParameters(request, { return_to: wanted }),
    identity: owner.identity,
    type: inBrowser ? 'browser' : flow.type,
    jar,
  })
  await askHooksBefore(settingsFlow, { request, flow: fresh, identity: owner.identity, owner, begins: true })
  const expiresAt = now + settings.privilegedAgeMicros
  const text = messages.recovered({
    privilegedSessionExpiresAt: rfc3339(expiresAt),
    privileged_session_expires_at: rfc3339(expiresAt),
    privileged_session_expires_at_unix: Math.floor(expiresAt / 1_000_000),
  })
  const cookie = jar.cookie()
  return { flow: { ...fresh, ui: withMessages(fresh.ui, [text]) }, cookies: cookie ? [cookie] : [] }
}

type Result = { passed: Flow; recovered: Recovered; opened: OpenedSession; settings: Flow | undefined }

function answer(deps: RecoveryDeps, { request, client }: RecoverySubmission, result: Result): Response {
  const { passed, recovered, opened, settings } = result
  const isBrowser = recovered.inBrowser || passed.type === 'browser'
  const cookies = isBrowser ? [deps.cookies.write(opened.token, opened.session.expiresAt)] : []
  const token: ContinueWith[] = isBrowser
    ? []
    : [{ action: 'set_ory_session_token', ory_session_token: opened.token.reveal() }]
  const payload = recovered.showsPayload ? { transientPayload: recovered.transientPayload } : {}
  const view = (more: ContinueWith[]) =>
    json(200, recoveryFlow(passed, { ...payload, continueWith: [...token, ...more] }))
  if (!settings) {
    const target = () => deps.returnTo(returnToOf(passed), deps.settings.defaultReturnUrl)
    return { ...(acceptsJson(request) ? view([]) : redirect(request, 303, target())), cookies }
  }

  const url = flowPage(deps.settingsFlow.uiUrl, settings.id)
  if (recovered.inBrowser || client === 'browser') return { ...redirect(request, 303, url), cookies }
  if (deps.settings.transitions)
    return { ...view([{ action: 'show_settings_ui', flow: { id: settings.id, url } }]), cookies }
  return {
    ...(isJson(request) ? errorResponse(request, errors.locationChangeRequired(url)) : redirect(request, 303, url)),
    cookies,
  }
}
