import type { ApiError } from '../../errors.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Request, Response } from '../../http/types.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { requestUrlOf, type Flow } from '../flow.ts'
import { withProblems, type Problem } from '../form.ts'
import { insertFlow } from '../store.ts'
import { answerByPage, answerRestarted } from './answer.ts'
import type { RecoveryDeps } from './deps.ts'
import { beginRecovery } from './start.ts'

type Restart = {
  /** What the new form says. */
  message?: UiText
  problems?: readonly Problem[]
  type: Flow['type']
  error?: ApiError
}

/**
 * Begins anew, in a browser that gets a new secret.
 * compat: what the flow began with is lost, as the new one begins with this request – selfservice/strategy/code/strategy_recovery.go
 */
export async function restart(
  deps: RecoveryDeps,
  request: Request,
  client: Client,
  { message, problems = [], type, error }: Restart,
): Promise<Response> {
  request.csrf.rotate()
  const fresh = beginRecovery(deps, {
    type,
    requestUrl: requestUrlOf(request),
    csrfToken: request.csrf.token(),
    messages: message ? [message] : [],
  })
  const replacement: Flow = { ...fresh, ui: withProblems(fresh.ui, problems) }
  await deps.db.batch([insertFlow(replacement)])
  return error
    ? answerRestarted(deps, request, client, { replacement, error })
    : answerByPage(deps, request, replacement)
}

/** An error as a text on a form. */
export const textOf = ({ body: { id, reason, message } }: ApiError): UiText =>
  id === 'identity_disabled' ? messages.accountDisabled() : messages.generic({ reason: reason ?? message })
