import { ApiError } from '../../errors.ts'
import type { Client } from '../../http/negotiate.ts'
import { errorResponse, redirect } from '../../http/respond.ts'
import type { Request, Response } from '../../http/types.ts'
import type { UiText } from '../../ui/messages.ts'
import { flowPage, requestUrlOf, type Flow } from '../flow.ts'
import { withProblems, type Problem } from '../form.ts'
import { insertFlow } from '../store.ts'
import type { VerificationDeps } from './deps.ts'
import { beginVerification } from './start.ts'

type Restart = {
  /** What the new form says. */
  message?: UiText
  problems?: readonly Problem[]
  type: Flow['type']
  error?: ApiError
}

/**
 * Begins anew, in a browser that gets a new secret.
 * compat: what the flow began with is lost, as the new one begins with this request – selfservice/strategy/code/strategy_verification.go
 */
export async function restart(
  deps: VerificationDeps,
  request: Request,
  client: Client,
  { message, problems = [], type: wanted, error }: Restart,
): Promise<Response> {
  request.csrf.rotate()
  // Whoever sent a form of an app from a browser goes on there: another form of an app would be of no use to them.
  const type = error && client === 'browser' ? 'browser' : wanted
  const fresh = beginVerification(deps, {
    type,
    requestUrl: requestUrlOf(request),
    csrfToken: type === 'browser' ? request.csrf.token() : '',
    messages: message ? [message] : [],
  })
  const replacement: Flow = { ...fresh, ui: withProblems(fresh.ui, problems) }
  await deps.db.batch([insertFlow(replacement)])
  if (!error || client === 'browser') return redirect(request, 303, flowPage(deps.settings.uiUrl, replacement.id))
  return errorResponse(request, replaced(replacement, error))
}

const replaced = ({ id }: Flow, cause: ApiError): ApiError =>
  new ApiError(
    {
      id: 'self_service_flow_replaced',
      status: 410,
      reason: cause.body.reason ?? cause.body.message,
      message: 'Go on with the flow that takes its place.',
    },
    { extra: { use_flow_id: id }, cause },
  )
