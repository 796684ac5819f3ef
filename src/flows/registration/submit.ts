import { errors, type ApiError } from '../../errors.ts'
import { clientOf, isJson, type Client } from '../../http/negotiate.ts'
import { errorResponse, redirect } from '../../http/respond.ts'
import { createReturnTo } from '../../http/return-to.ts'
import type { Request, Response } from '../../http/types.ts'
import { deriveFromTraits, type Derived } from '../../identities/schema/derive.ts'
import { applySchema } from '../../identities/update.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Micros } from '../../lib/clock.ts'
import { RawJson, type Json } from '../../lib/json.ts'
import { newUuid, parseUuid } from '../../lib/uuid.ts'
import { handOnExchange } from '../../sessions/exchange/exchange.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { answerError, answerReplaced, isFormError, leave, showForm } from '../answer.ts'
import { checkCrossSite } from '../cross-site.ts'
import { decodeBody, validateBody, type BodyField, type BodySpec } from '../decode.ts'
import { isExpired, type Flow, type Ui } from '../flow.ts'
import { HookRefusal, problemsIn } from '../hook.ts'
import { withLoginRequest } from '../oauth2.ts'
import type { Advance, Leaving } from '../outcome.ts'
import { problemsFrom, withCsrf, withMessages, withoutMessages, withProblems, type Problem } from '../form.ts'
import { findFlow, insertFlow, updateFlow } from '../store.ts'
import { withKnownTraitValues } from '../trait-nodes.ts'
import { registrationFlow } from '../wire.ts'
import { completeRegistration } from './complete.ts'
import type { RegistrationDeps } from './deps.ts'
import type { RegistrationMethod, SubmittingMethod } from './method.ts'
import { nodesOf, sorted } from './screens.ts'
import { isTaken } from './store.ts'
import { problemOfTaken } from './taken.ts'
import { openRegistration } from './start.ts'

/** A submission that belongs to a flow which still stands. */
export type Submission = {
  request: Request
  client: Client
  flow: Flow
  schema: IdentitySchema
  /** Whether an app picks the session up with codes, as the request is that of a browser tab. */
  byExchange?: boolean
  /** What the client gave along, once it is read; empty when nothing. */
  transientPayload?: Json
}

type Fields = Record<string, unknown>

/** Who is signed in does not register; then the flow is looked for, and only then the body is read. */
export async function submitRegistration(deps: RegistrationDeps, request: Request): Promise<Response> {
  const { db, clock, authenticate, forward, schemas } = deps
  if (await authenticate.evenIfDisabled(request)) return answerSignedIn(deps, request)
  const id = parseUuid(request.query.get('flow'))
  if (!id) return forward(request, errors.badRequest('The parameter "flow" has to be the id of a flow.'))
  const flow = await findFlow(db, 'registration', id)
  if (!flow) return forward(request, errors.notFound())
  const client = clientOf(request, flow.type)
  try {
    if (isExpired(flow, clock.now())) return await replaceExpired(deps, request, client, flow)
    const schema = await schemas.get(flow.identitySchema ?? schemas.defaultId)
    return await dispatch(deps, { request, client, flow, schema })
  } catch (error) {
    return answerError(forward, request, flow.type, error)
  }
}

// compat: 302, and nothing but our own pages counts as a target – session/handler.go
function answerSignedIn({ publicBaseUrl, defaultReturnUrl }: RegistrationDeps, request: Request): Response {
  if (isJson(request)) return errorResponse(request, errors.sessionAlreadyAvailable())
  const ownPages = createReturnTo({ allowed: [], publicBaseUrl })
  let target = defaultReturnUrl
  try {
    target = ownPages(request.query.get('return_to') ?? undefined, defaultReturnUrl)
  } catch {
    // Anything else means nothing.
  }
  return redirect(request, 302, target)
}

const commonFields: readonly BodyField[] = [
  { name: 'method', type: 'string' },
  { name: 'csrf_token', type: 'string' },
  { name: 'transient_payload', type: 'object' },
]

/** Asks the methods, one after another, whether the submission is theirs. */
async function dispatch(deps: RegistrationDeps, submission: Submission): Promise<Response> {
  const { request, flow, schema } = submission
  const { methods, style } = deps
  const read: BodySpec = { fields: [...commonFields, ...methods.flatMap(({ fields }) => fields)], traits: schema }
  const body = request.method === 'GET' ? Buffer.alloc(0) : await request.body()
  const decoded = decodeBody(
    { method: request.method, contentType: request.headers['content-type'], body, query: request.query },
    read,
  )
  if (decoded.kind === 'bad') return refuse(deps, submission, {}, [generic(decoded.reason)])

  const fields = decoded.value
  const method = methods.find((candidate) => candidate.claims(fields, { flow, style }))
  if (method) return process(deps, submission, method, fields)
  // compat: what nobody claims is checked like a passkey, even without passkeys – selfservice/strategy/passkey/passkey_registration.go
  const broken = validateBody(fields, { fields: commonFields, traits: schema })
  if (broken.length > 0) return refuse(deps, submission, fields, problemsFrom(broken))
  return refuse(deps, submission, {}, [{ node: undefined, message: messages.noRegistrationMethod() }])
}

async function process(
  deps: RegistrationDeps,
  submission: Submission,
  method: RegistrationMethod,
  fields: Fields,
): Promise<Response> {
  const { request, client, flow, schema } = submission
  if (!method.enabled) throw errors.notFound(`The method ${method.name} is not switched on here.`)
  const goesBack = method.goesBack?.(fields) ?? false
  try {
    if ('begin' in method) {
      const outcome = await method.begin({ flow, schema, fields, request, client })
      return outcome.kind === 'switch'
        ? await outcome.answer({ request, client })
        : await leaveFor(deps, submission, outcome)
    }
    const broken = problemsFrom(validateBody(fields, { fields: [...commonFields, ...method.fields], traits: schema }))
    const problems = [...broken, ...(method.check?.(fields) ?? [])]
    if (problems.length > 0) return await refuse(deps, submission, fields, problems)
    if (!goesBack) checkCrossSite(deps.crossSite, request, flow.type, fields.csrf_token as string | undefined)

    const derived = deriveFromTraits(schema, fields.traits as Json, deps.normalisers)
    if (derived.errors.length > 0) return await refuse(deps, submission, fields, problemsFrom(derived.errors))
    const now = deps.clock.now()
    const draft = newIdentity(flow.identitySchema ?? deps.schemas.defaultId, fields.traits as Json, now)
    const prepared = { fields, draft, derived, now, goesBack }
    const identifier = derived.passwordIdentifiers[0]
    if (identifier === undefined) return await decide(deps, submission, method, prepared)
    // Many who want the same identifier at once wait for the first: one password is hashed for all of them, not each.
    return await deps.turns(identifier, async (waited) => {
      const taken = waited && (await isTaken(deps.db, derived.passwordIdentifiers))
      if (!taken) return decide(deps, submission, method, prepared)
      return refuse(deps, submission, fields, [await problemOfTaken(deps, await withDerived(deps, draft))])
    })
  } catch (error) {
    if (isFormError(error)) {
      const typed = error instanceof HookRefusal && error.ofChange ? {} : fields
      const problems = problemsIn(error, (other) => generic(reasonOf(other)))
      return refuse(deps, submission, typed, problems)
    }
    throw error
  }
}

const withDerived = async (deps: RegistrationDeps, draft: IdentityWithCredentials): Promise<IdentityWithCredentials> =>
  (await applySchema(deps, draft)).identity

type Prepared = { fields: Fields; draft: IdentityWithCredentials; derived: Derived; now: Micros; goesBack: boolean }

async function decide(
  deps: RegistrationDeps,
  submission: Submission,
  method: SubmittingMethod,
  { fields, draft, derived, now, goesBack }: Prepared,
): Promise<Response> {
  const form = { flow: submission.flow, schema: submission.schema }
  const outcome = await method.submit({
    ...form,
    fields,
    draft,
    derived,
    nodesOf: (screen) => nodesOf(deps.methods, screen, form),
    now,
    request: submission.request,
  })
  switch (outcome.kind) {
    case 'done': {
      const { flow } = submission
      const used = {
        ...submission,
        flow: { ...flow, state: outcome.result.state ?? flow.state },
        transientPayload: (fields.transient_payload ?? {}) as Json,
      }
      const completion = await completeRegistration(deps, used, method, outcome.result)
      if (completion.kind === 'stored') return completion.response
      if (completion.kind === 'taken')
        return await refuse(deps, used, fields, [await problemOfTaken(deps, completion.identity)])
      // What a hook made of the values is not what the person typed.
      return await refuse(deps, used, completion.byHook ? {} : fields, completion.problems)
    }
    case 'retry':
      return await refuse(
        deps,
        { ...submission, flow: { ...submission.flow, state: outcome.state ?? submission.flow.state } },
        fields,
        outcome.problems,
        outcome.ui,
      )
    case 'advance':
      return await advance(
        deps,
        submission,
        outcome,
        goesBack ? { organizationId: null } : { transientPayload: fields.transient_payload as Json },
      )
    case 'refresh':
      throw new Error('nobody who registers can sign in again')
  }
}

/** Sends the browser away, once it is noted with what. */
async function leaveFor({ db, clock }: RegistrationDeps, { request, flow }: Submission, leaving: Leaving) {
  const { active, internal } = leaving
  if (active || internal) {
    const noted = { ...flow, ...(internal ? { internal } : {}), ...(active ? { active } : {}), updatedAt: clock.now() }
    await db.batch([updateFlow(noted)])
  }
  return leave(request, leaving)
}

export const generic = (reason: string): Problem => ({ node: undefined, message: messages.generic({ reason }) })
export const reasonOf = ({ body }: ApiError): string => body.reason ?? body.message

/** Somebody new, before anything is known about how they sign in. */
export const newIdentity = (schemaId: string, traits: Json, now: Micros): IdentityWithCredentials => ({
  id: newUuid(),
  schemaId,
  state: 'active',
  stateChangedAt: now,
  traits: RawJson.of(traits),
  metadataPublic: null,
  metadataAdmin: null,
  organizationId: null,
  availableAal: null,
  verifiableAddresses: [],
  recoveryAddresses: [],
  credentials: {},
  createdAt: now,
  updatedAt: now,
})

/** The same form again with the values that were sent, and with what has to be mended. */
function refuse(
  deps: RegistrationDeps,
  submission: Submission,
  fields: Fields,
  problems: readonly Problem[],
  changed: Ui = submission.flow.ui,
): Promise<Response> {
  const { flow, schema } = submission
  const ui = withProblems(withKnownTraitValues(withoutMessages(changed), fields.traits), problems)
  return show(deps, submission, { ...flow, ui: sorted(ui, schema) }, { redirectStatus: 302 })
}

/** Another form of the same flow. */
function advance(
  deps: RegistrationDeps,
  submission: Submission,
  { ui, state = 'choose_method', active, internal, statements = [], onStored }: Advance,
  extras: { organizationId?: null; transientPayload?: Json },
): Promise<Response> {
  const { active: _before, ...flow } = submission.flow
  const next: Flow = {
    ...flow,
    ui,
    state,
    ...(active === undefined ? {} : { active }),
    ...(internal === undefined ? {} : { internal }),
    ...('organizationId' in extras ? { organizationId: null } : {}),
  }
  return show(deps, submission, next, {
    redirectStatus: 303,
    statements,
    onStored,
    ...(extras.transientPayload === undefined ? {} : { transientPayload: extras.transientPayload }),
  })
}

type Showing = Pick<Advance, 'statements'> & {
  redirectStatus: 302 | 303
  onStored?: Advance['onStored'] | undefined
  transientPayload?: Json
}

/** Stores a changed form and shows it. */
export async function show(
  deps: RegistrationDeps,
  { request, client }: Submission,
  changed: Flow,
  { redirectStatus, statements = [], onStored, ...extras }: Showing,
): Promise<Response> {
  const { db, clock, uiUrl } = deps
  const token = changed.type === 'browser' ? request.csrf.token() : ''
  const flow: Flow = { ...changed, ui: withCsrf(changed.ui, token), updatedAt: clock.now() }
  await db.batch([updateFlow(flow), ...statements])
  onStored?.()
  const view = client === 'browser' ? undefined : registrationFlow(flow, await withLoginRequest(deps, flow, extras))
  return showForm(request, client, { flow, view, uiUrl, redirectStatus })
}

/** An expired flow is replaced by a fresh one that began with the same address, for the same schema and organization. */
async function replaceExpired(
  deps: RegistrationDeps,
  request: Request,
  client: Client,
  expired: Flow,
): Promise<Response> {
  const { type, requestUrl, organizationId, identitySchema } = expired
  const fresh = await openRegistration(deps, request, {
    type,
    requestUrl,
    organizationId,
    ...(identitySchema === undefined ? {} : { identitySchema }),
    csrfToken: type === 'browser' ? request.csrf.token() : '',
  })
  const replacement: Flow = {
    ...fresh,
    ui: withMessages(fresh.ui, [messages.registrationExpired(expiredContext(expired.expiresAt))]),
  }
  await deps.db.batch([insertFlow(replacement), handOnExchange(expired.id, replacement.id)])
  return answerReplaced(request, client, { expired, replacement, uiUrl: deps.uiUrl, now: deps.clock.now() })
}
