import { errors } from '../../errors.ts'
import { UnexpectedRowCount, type Db, type Statement } from '../../db/db.ts'
import type { Client } from '../../http/negotiate.ts'
import { errorResponse, json, redirect } from '../../http/respond.ts'
import type { Request, Response } from '../../http/types.ts'
import { setAvailableAal } from '../../identities/store.ts'
import { availableAal } from '../../sessions/assurance.ts'
import type { Json } from '../../lib/json.ts'
import type { Authenticated } from '../../sessions/authenticate.ts'
import { openSession, type OpenedSession } from '../../sessions/issue.ts'
import { meetsRequirement } from '../../sessions/requirement.ts'
import type { Session } from '../../sessions/session.ts'
import { sessionObject, type SessionObject } from '../../sessions/wire.ts'
import { withQuery } from '../../http/urls.ts'
import { answerExchange } from '../../sessions/exchange/exchange.ts'
import { flowPage, initUrl, queryOf, returnToOf, type Flow } from '../flow.ts'
import { withLoginRequest, type OAuth2Server } from '../oauth2.ts'
import { insertFlow, updateFlow } from '../store.ts'
import { loginFlow, type ContinueWith } from '../wire.ts'
import type { SuccessfulNativeLogin } from '../wire-schema.ts'
import type { LoginDeps } from './deps.ts'
import { joined } from '../contribution.ts'
import type { LoginContribution, LoginEvent } from './hook.ts'
import { linkOnto, waitingLink } from './linking.ts'
import { openFlow } from './start.ts'
import type { LoginResult } from './method.ts'

/** A login whose method is content. */
export type Completion = {
  request: Request
  client: Client
  /** With the method as `active`. */
  flow: Flow
  method: string
  current: Authenticated | undefined
  result: LoginResult
  /** What the client gave along, for hooks. */
  transientPayload?: Json
  /** Whether a new session begins even for somebody who has one. */
  fresh?: boolean
  /** Whether an app picks the session up with codes, as the request is that of a browser tab. */
  byExchange?: boolean
}

/** What a method decided by has changed since, such as a code that somebody else has used up: it has to decide anew. */
export class OutdatedProof extends Error {}

/**
 * Turns a proof into a session: hooks, then everything is stored at once, then the answer.
 * @throws ApiError when the login is refused after all; nothing is stored then but what hooks did before
 * @throws OutdatedProof with nothing stored
 */
export async function completeLogin(deps: LoginDeps, completion: Completion): Promise<Response> {
  const { clock, cookies, db, forward, oauth2, returnTo, rules, settings } = deps
  const { client, current, flow, method, request, result } = completion
  const available = availableAal(result.identity.credentials, rules)
  const identity = { ...result.identity, availableAal: available }
  if (identity.state !== 'active') throw errors.identityDisabled(identity.id)

  const continued = completion.fresh ? undefined : current
  const proven = openSession(deps, { identity, methods: [result.factor], request, current: continued })
  const isEnough = await meetsRequirement({ db, rules }, settings.requiredAal, proven.session, identity)
  const waiting = waitingLink(flow)
  const linked = waiting && isEnough ? linkOnto(identity, waiting, clock.now()) : undefined
  const opened = linked
    ? openSession(deps, { identity, methods: [result.factor, linked.factor], request, current: continued })
    : proven
  const handover = completion.byExchange ? answerExchange(deps, flow.id, opened) : undefined
  // Forms in other tabs stay good as long as the browser belongs to the same person.
  const rotates = client !== 'native' && !handover && current?.identity.id !== identity.id
  if (rotates && waiting && !isEnough) request.csrf.rotate()
  const next = waiting && !isEnough ? await secondFactorFlow(deps, completion, opened, identity) : undefined
  const destination = client === 'native' ? '' : returnTo(returnToOf(flow), settings.returnUrlAfter(method))
  const fromHooks = await runHooks(deps, {
    request,
    client,
    current,
    flow,
    method,
    identity,
    session: opened.session,
    transientPayload: completion.transientPayload ?? {},
  })
  if (fromHooks.instead) return fromHooks.instead
  const signedIn = fromHooks.identity ?? identity
  const fromMethod = [...(result.statements ?? []), ...(linked?.statements ?? [])]
  await store(
    db,
    [...(fromHooks.statements ?? []), ...fromMethod],
    [
      ...(available === result.identity.availableAal ? [] : [setAvailableAal(result.identity, available)]),
      ...opened.statements,
      updateFlow({ ...flow, updatedAt: clock.now() }),
      ...(handover ? [handover.statement] : []),
      ...(next ? [insertFlow(next)] : []),
    ],
  )

  fromHooks.onStored?.()

  if (handover) return redirect(request, 303, withQuery(destination, { code: handover.returnToCode.reveal() }))
  if (client === 'native') {
    const { continueWith = [] } = fromHooks
    const view: SuccessfulNativeLogin = {
      session_token: opened.token.reveal(),
      session: shownSession(deps, opened, isEnough ? signedIn : undefined),
      continue_with: continueWith.length === 0 ? null : [...continueWith],
    }
    return json(200, view)
  }
  if (rotates && !next) request.csrf.rotate()
  const answer = isEnough
    ? oauth2 && flow.loginChallenge
      ? await backToServer({ oauth2, forward }, completion, flow.loginChallenge, opened.session)
      : arrived(completion, fromHooks, destination, shownSession(deps, opened, signedIn))
    : next
      ? await showSecondFactor(deps, completion, next)
      : secondFactorNeeded(deps, completion)
  return { ...answer, cookies: [cookies.write(opened.token, opened.session.expiresAt)] }
}

async function runHooks({ db, hooksAfter }: LoginDeps, event: LoginEvent): Promise<LoginContribution> {
  let all: LoginContribution = {}
  try {
    for (const hook of hooksAfter(event.method)) {
      const own = (await hook({ ...event, identity: all.identity ?? event.identity }, all)) ?? {}
      all = joined(all, own)
      if (all.instead) break
    }
  } catch (error) {
    await keep(db, event.flow, all)
    throw error
  }
  if (all.instead) await keep(db, event.flow, all)
  return all
}

/** compat: what earlier hooks did stays done when a later one refuses, and so does the method – selfservice/flow/login/hook.go */
async function keep(db: Db, flow: Flow, { statements = [], onStored }: LoginContribution): Promise<void> {
  await db.batch([...statements, updateFlow(flow)])
  onStored?.()
}

async function store(db: Db, first: readonly Statement[], rest: readonly Statement[]): Promise<void> {
  try {
    await db.batch([...first, ...rest])
  } catch (error) {
    if (!(error instanceof UnexpectedRowCount)) throw error
    if (error.index < first.length) throw new OutdatedProof('what proved the sign-in has changed', { cause: error })
    // The session that was to go on was revoked while its owner was typing.
    throw errors.sessionInactive()
  }
}

const shownSession = (
  { clock, publicBaseUrl }: LoginDeps,
  { shown, devices }: OpenedSession,
  identity: LoginResult['identity'] | undefined,
) => sessionObject(shown, { publicBaseUrl, now: clock.now(), identity, devices })

function arrived(
  { request, client }: Completion,
  { continueWith: more = [], pageUrl }: LoginContribution,
  destination: string,
  session: SessionObject,
): Response {
  if (client === 'browser') return redirect(request, 303, pageUrl ?? destination)
  const continueWith: ContinueWith[] = [{ action: 'redirect_browser_to', redirect_browser_to: destination }, ...more]
  return json(200, { session, continue_with: continueWith } satisfies SuccessfulNativeLogin)
}

/** The OAuth2 server learns who it is, and the browser goes back there. The sign-in here holds even if that fails. */
async function backToServer(
  { oauth2, forward }: Pick<LoginDeps, 'forward'> & { oauth2: OAuth2Server },
  { request, client }: Completion,
  challenge: string,
  session: Session,
): Promise<Response> {
  try {
    const to = await oauth2.acceptLogin(challenge, session)
    return client === 'browser' ? redirect(request, 303, to) : errorResponse(request, errors.locationChangeRequired(to))
  } catch (error) {
    return forward(request, error)
  }
}

function secondFactorUrl({ publicBaseUrl }: LoginDeps, flow: Flow): string {
  const asked = queryOf(flow)
  return initUrl(publicBaseUrl, 'login', 'browser', {
    aal: 'aal2',
    login_challenge: asked.get('login_challenge') || undefined,
    return_to: asked.get('return_to') || undefined,
  })
}

/** The session is there, but too weak to be of use: the browser goes on to a second login flow. */
function secondFactorNeeded(deps: LoginDeps, { request, client, flow }: Completion): Response {
  const url = secondFactorUrl(deps, flow)
  return client === 'browser' ? redirect(request, 303, url) : errorResponse(request, errors.locationChangeRequired(url))
}

/** The second factor comes in a flow that remembers what is to be linked once it is there. */
async function secondFactorFlow(
  deps: LoginDeps,
  { request, flow, result }: Completion,
  { session, token }: OpenedSession,
  identity: LoginResult['identity'],
): Promise<Flow> {
  const { flow: next } = await openFlow(deps, request, {
    type: flow.type,
    requestUrl: secondFactorUrl(deps, flow),
    aal: 'aal2',
    refresh: false,
    organizationId: result.identity.organizationId,
    identitySchema: flow.identitySchema,
    via: undefined,
    current: { session, token, identity, source: 'cookie' },
  })
  return { ...next, internal: { ...next.internal, ...flow.internal } }
}

const showSecondFactor = async (deps: LoginDeps, { request, client }: Completion, next: Flow): Promise<Response> =>
  client === 'browser'
    ? redirect(request, 303, flowPage(deps.settings.uiUrl, next.id))
    : json(200, loginFlow(next, await withLoginRequest(deps, next)))
