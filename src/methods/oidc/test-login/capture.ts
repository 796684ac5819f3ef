import { UnexpectedRowCount } from '../../../db/db.ts'
import { ApiError, errors } from '../../../errors.ts'
import type { Flow } from '../../../flows/flow.ts'
import { withCsrf } from '../../../flows/form.ts'
import { newIdentity } from '../../../flows/registration/submit.ts'
import { replaceFlow } from '../../../flows/store.ts'
import type { TestDebugPayload } from '../../../flows/wire-schema.ts'
import { redirect } from '../../../http/respond.ts'
import { joinPath, withQuery } from '../../../http/urls.ts'
import type { Request, Response } from '../../../http/types.ts'
import type { SchemaError } from '../../../identities/schema/validate.ts'
import { applySchema } from '../../../identities/update.ts'
import { isObject } from '../../../lib/json.ts'
import { JsonnetError } from '../../../lib/jsonnet/jsonnet.ts'
import { refusalIn, resume, returnOf, wrongProvider, type Attempt, type State } from '../attempt.ts'
import { ClaimsError, namesSomebody, type Claims } from '../claims.ts'
import { getProvider, type OidcDeps } from '../deps.ts'
import { IdTokenError } from '../id-token.ts'
import { codeIn } from '../oauth2.ts'
import type { Arrival, Provider } from '../provider.ts'
import { useAttempt } from '../store.ts'

type Step = NonNullable<TestDebugPayload['error']>['step']

/** What is remembered of the sign-in whose outcome the flow shows. */
const capturedEntry = 'oidc_tested'

/**
 * Ends a test: what the provider says and what becomes of it is kept with the flow, for the browser that came back. Nobody
 * is signed in, and nothing else is stored. The same return once more changes nothing.
 * @throws errors.badRequest for a browser that did not begin the test; errors.conflict when another one ended it
 */
export async function endTest(
  deps: OidcDeps,
  {
    request,
    flow,
    sealed,
    state,
    isForeign,
  }: { request: Request; flow: Flow; sealed: string; state: State; isForeign: boolean },
): Promise<Response> {
  const attempt = await resume(deps, { request, flow, sealed, state, byExchange: false })
  const page = withQuery(joinPath(deps.publicBaseUrl, 'session/test-oidc'), { flow: flow.id })
  if (flow.testContext?.debug_payload) {
    if (flow.internal[capturedEntry] !== attempt.id) throw alreadyEnded()
    return redirect(request, 303, page)
  }
  if (!(await useAttempt(deps.db, attempt.id, deps.clock.now()))) return redirect(request, 303, page)

  const payload = isForeign
    ? failed('state_validate', wrongProvider())
    : await capture(deps, request, getProvider(deps, state.provider), attempt)
  // Forms and readers from before end here: what was found out is for this browser alone.
  request.csrf.rotate()
  const ended: Flow = {
    ...flow,
    active: 'oidc',
    state: 'passed_challenge',
    ui: withCsrf(flow.ui, request.csrf.token()),
    internal: { ...flow.internal, [capturedEntry]: attempt.id },
    testContext: { ...flow.testContext!, debug_payload: payload },
    updatedAt: deps.clock.now(),
  }
  try {
    await deps.db.batch([replaceFlow(flow, ended)])
  } catch (cause) {
    if (cause instanceof UnexpectedRowCount) throw alreadyEnded(cause)
    throw cause
  }
  return redirect(request, 303, page)
}

const alreadyEnded = (cause?: unknown) =>
  errors.conflict('This test has ended with another sign-in, or was begun anew since.', { cause })

/** @throws whatever is no failure of the provider, the mapper or the person, but of this server */
async function capture(
  deps: OidcDeps,
  request: Request,
  provider: Provider,
  attempt: Attempt,
): Promise<TestDebugPayload> {
  const refusal = refusalIn(request.query)
  if (refusal !== undefined) return failed('provider_denied', errors.badRequest(refusal))
  if (codeIn(request.query) === '') return failed('callback', errors.badRequest('The provider sent no code.'))

  let hasTokens = false
  const seen: Pick<TestDebugPayload, 'userinfo'> = {}
  const witness = {
    tokens: () => void (hasTokens = true),
    userinfo: (said: object) => void (seen.userinfo = { ...seen.userinfo, ...said }),
  }
  let arrival: Arrival
  try {
    arrival = await provider.arrive({ ...returnOf(request, attempt), witness })
  } catch (error) {
    return { ...seen, ...failed(stepOf(error, hasTokens), error) }
  }
  const { claims } = arrival
  if (!namesSomebody(claims)) {
    const nobody = errors.upstream('The provider does not say who somebody is: iss or sub is missing.')
    return { ...seen, id_token_claims: claims, ...failed('claims_decode', nobody, 'missing_claims') }
  }
  return { ...seen, ...(await map(deps, provider, claims)) }
}

function stepOf(error: unknown, hasTokens: boolean): Step {
  const causes = [error, (error as Error).cause]
  if (causes.some((each) => each instanceof IdTokenError)) return 'id_token_verify'
  if (causes.some((each) => each instanceof ClaimsError)) return 'claims_decode'
  return hasTokens ? 'callback' : 'token_exchange'
}

/** What the mapper and the identity schema make of claims. */
async function map(deps: OidcDeps, { config }: Provider, claims: Claims): Promise<TestDebugPayload> {
  const base: TestDebugPayload = {
    id_token_claims: claims,
    jsonnet_mapper_url: config.mapper_url,
    jsonnet_input: claims,
  }
  let output: unknown
  let traits
  try {
    ;({ traits } = await deps.runMapper(config, claims, undefined, (made) => (output = made)))
  } catch (error) {
    const { cause } = error as Error
    return {
      ...base,
      ...shown(output),
      ...(cause instanceof JsonnetError && cause.kind === 'failed' ? { jsonnet_stderr: cause.message } : {}),
      ...failed('jsonnet_run', error, output === undefined ? 'evaluation_failed' : 'invalid_output'),
    }
  }
  const { registration } = deps.flows()
  const draft = newIdentity(registration.schemas.defaultId, traits, deps.clock.now())
  const applied = await applySchema(registration, draft)
  const problems = [
    ...distinct(applied.errors.flatMap(leavesOf)),
    ...(applied.emptyIdentifier ? [{ path: '/traits', message: 'A trait that identifies people is empty.' }] : []),
  ]
  if (problems.length === 0) return { ...base, ...shown(output) }
  const invalid = errors.badRequest('The traits that the mapper makes do not fit the identity schema.')
  return {
    ...base,
    ...shown(output),
    schema_validation_errors: problems,
    ...failed('schema_validate', invalid, 'traits_invalid'),
  }
}

const shown = (output: unknown): Pick<TestDebugPayload, 'jsonnet_output'> =>
  isObject(output) ? { jsonnet_output: output } : {}

type Complaint = { path: string; message: string }

/** Several rules may ask for the same, such as a format. */
const distinct = (complaints: readonly Complaint[]): Complaint[] => [
  ...new Map(complaints.map((each) => [`${each.path} ${each.message}`, each])).values(),
]

const leavesOf = ({ causes, instancePointer, text }: SchemaError): Complaint[] =>
  causes.length > 0 ? causes.flatMap(leavesOf) : [{ path: instancePointer.replace(/^#/, ''), message: text }]

const reasons: Record<Step, string> = {
  state_validate: 'wrong_provider',
  provider_denied: 'denied',
  token_exchange: 'exchange_failed',
  id_token_verify: 'token_refused',
  claims_decode: 'claims_invalid',
  callback: 'callback_failed',
  jsonnet_run: 'evaluation_failed',
  schema_validate: 'traits_invalid',
}

/**
 * A failure as operators are told of it: also by what it came from, which nobody else gets to see.
 * @throws what is a fault of this server
 */
function failed(step: Step, error: unknown, reason = reasons[step]): Pick<TestDebugPayload, 'error'> {
  if (!(error instanceof ApiError)) throw error
  const { body, cause } = error
  const message = body.reason ?? (cause instanceof Error ? cause.message : body.message)
  return { error: { step, reason, message } }
}
