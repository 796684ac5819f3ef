import { allCookies } from '../http/cookies.ts'
import { canonicalHeaders } from '../http/allowed-headers.ts'
import type { Request } from '../http/types.ts'
import { ApiError } from '../errors.ts'
import type { Identity, IdentityWithCredentials } from '../identities/identity.ts'
import type { Micros } from '../lib/clock.ts'
import { nilUuid } from '../lib/uuid.ts'
import { devicesOf, type Session } from '../sessions/session.ts'
import { sessionObject, type SessionObject } from '../sessions/wire.ts'
import { requestUrlOf } from './flow.ts'
import type { Problem } from './form.ts'

/** What a hook is told about. */
export type Occasion = {
  request: Request
  /** As clients see it. */
  flow: unknown
  identity?: IdentityWithCredentials
  /** As clients see it. */
  session?: unknown
}

/** What happens before a flow begins. @throws ApiError to keep it from beginning */
export type HookBefore = (opening: Occasion) => Promise<unknown>

/**
 * Runs the hooks before a flow, one after another.
 * @throws ApiError what a hook threw; one that has something to say to the person says it in an error, as there is no
 * form yet to say it on
 */
export async function runHooksBefore(hooks: readonly HookBefore[], opening: Occasion): Promise<void> {
  try {
    for (const hook of hooks) await hook(opening)
  } catch (error) {
    if (!(error instanceof HookRefusal)) throw error
    const said = error.problems.map(({ message }) => message.text).join(' ')
    throw new HookFailure(said === '' ? 'A step before this form refused to go on.' : said, error)
  }
}

/** A hook says what a person has to mend. Where no form can show it, it is an ordinary error with the texts as reason. */
export class HookRefusal extends ApiError {
  readonly problems: readonly Problem[]
  /** Whether it is about what a hook made of the values, and not about what the person typed. */
  readonly ofChange: boolean
  constructor(problems: readonly Problem[], { ofChange = false }: { ofChange?: boolean } = {}) {
    const said = problems.map(({ message }) => message.text).join(' ')
    super({ status: 400, message: 'A step of this flow refused to go on.', ...(said === '' ? {} : { reason: said }) })
    this.problems = problems
    this.ofChange = ofChange
  }
}

/** A session as hooks see it. compat: one that is about to begin has no id yet – selfservice/flow/login/hook.go */
export function sessionForHooks(
  session: Session,
  { begins = false, ...view }: { publicBaseUrl: string; now: Micros; identity: Identity; begins?: boolean },
): SessionObject {
  const devices = devicesOf(session)
  if (!begins) return sessionObject(session, { ...view, devices })
  const nameless = devices.map((device) => ({ ...device, id: nilUuid }))
  return sessionObject({ ...session, id: nilUuid }, { ...view, devices: nameless })
}

/** What an error says on a form: the texts of a hook, or one about the error. */
export const problemsIn = (error: ApiError, one: (error: ApiError) => Problem): readonly Problem[] =>
  error instanceof HookRefusal ? error.problems : [one(error)]

/** A hook that could not do its work, such as one whose target cannot be reached. */
export class HookFailure extends ApiError {
  constructor(message = 'A step of this flow failed. The details are in the server log.', cause?: unknown) {
    super({ status: 500, message }, cause === undefined ? {} : { cause })
  }
}

/**
 * The error as the answer to a submission.
 * compat: programs get a failed hook with the status 400, while the body says 500 – selfservice/flow/settings/error.go
 */
export const asAnswerToProgram = (error: unknown): unknown =>
  error instanceof HookFailure
    ? new ApiError({ ...error.body, status: 400 }, { code: 500, extra: error.extra, cause: error })
    : error

/** An error that came after everything was stored: it says so, lest the person tries again what is done already. */
export function afterStored(error: unknown, happened: string): unknown {
  if (!(error instanceof ApiError)) return new HookFailure(`${happened} ${new HookFailure().body.message}`, error)
  const { body, extra, code } = error
  if (error instanceof HookFailure) return new HookFailure(`${happened} ${body.message}`, error)
  const said = body.reason === undefined ? {} : { reason: `${happened} ${body.reason}` }
  return new ApiError({ ...body, ...said, message: `${happened} ${body.message}` }, { extra, code, cause: error })
}

/** What hooks are told about the request that set them off. */
export type RequestContext = {
  request_headers: Record<string, string[]>
  request_method: string
  request_url: string
  request_cookies: Record<string, string>
}

/** @param allowlist names of the headers that may be seen, in any case; undefined for all of them */
export const requestContext = (request: Request, allowlist?: readonly string[]): RequestContext => ({
  request_headers: canonicalHeaders(request, allowlist),
  request_method: request.method,
  request_url: requestUrlOf(request),
  request_cookies: allCookies(request),
})
