import { ApiError, errors } from '../../errors.ts'
import { isJson, type Client } from '../../http/negotiate.ts'
import { errorResponse, redirect } from '../../http/respond.ts'
import { createReturnTo } from '../../http/return-to.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import type { Request, Response } from '../../http/types.ts'
import type { Json } from '../../lib/json.ts'
import { expiredError } from '../answer.ts'
import { flowPage, type Flow } from '../flow.ts'
import type { RecoveryDeps } from './deps.ts'

/** Nobody recovers an account who is signed in. compat: 302, and only our own pages count as a target – session/handler.go */
export function answerSignedIn({ publicBaseUrl, settings }: RecoveryDeps, request: Request): Response {
  if (isJson(request)) return errorResponse(request, errors.sessionAlreadyAvailable())
  const ownPages = createReturnTo({ allowed: [], publicBaseUrl })
  let target = settings.defaultReturnUrl
  try {
    target = ownPages(request.query.get('return_to') ?? undefined, settings.defaultReturnUrl)
  } catch {
    // Anything else means nothing.
  }
  return redirect(request, 302, target)
}

/** Where a flow is read. */
const readUrl = (publicBaseUrl: string, id: string): string =>
  withQuery(joinPath(publicBaseUrl, 'self-service/recovery/flows'), { id })

/** Sends everybody on to another flow: browsers to the page, apps to where the flow is read. */
export const answerByPage = ({ publicBaseUrl, settings }: RecoveryDeps, request: Request, flow: Flow): Response =>
  redirect(request, 303, flow.type === 'browser' ? flowPage(settings.uiUrl, flow.id) : readUrl(publicBaseUrl, flow.id))

/** What somebody gets whose flow ended without success: programs learn why, if they can be told where to go on. */
export function answerRestarted(
  { publicBaseUrl, settings }: RecoveryDeps,
  request: Request,
  client: Client,
  { replacement, error }: { replacement: Flow; error: ApiError },
): Response {
  if (client === 'browser') return redirect(request, 303, flowPage(settings.uiUrl, replacement.id))
  if (!settings.transitions) return redirect(request, 303, readUrl(publicBaseUrl, replacement.id))
  return errorResponse(request, pointingTo(replacement, error))
}

/** What a submission to an expired flow gets. */
export function answerExpired(
  { clock, publicBaseUrl, settings }: RecoveryDeps,
  request: Request,
  { expired, replacement }: { expired: Flow; replacement: Flow },
): Response {
  if (replacement.type === 'browser' && !isJson(request))
    return redirect(request, 303, flowPage(settings.uiUrl, replacement.id))
  if (replacement.type === 'browser' || !settings.transitions)
    return redirect(request, 303, readUrl(publicBaseUrl, replacement.id))
  const error = expiredError({ expired, replacementId: replacement.id, now: clock.now() })
  return errorResponse(request, pointingTo(replacement, error))
}

/** The error with the flow at which to go on. */
function pointingTo({ id }: Flow, error: ApiError): ApiError {
  const goOn: Json = [{ action: 'show_recovery_ui', flow: { id } }]
  return new ApiError(
    { ...error.body, details: { ...error.body.details, continue_with: goOn } },
    { extra: error.extra, code: error.code, cause: error },
  )
}
