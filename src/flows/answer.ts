import { ApiError, errors } from '../errors.ts'
import { rfc3339, type Micros } from '../lib/clock.ts'
import { errorResponse, json, redirect } from '../http/respond.ts'
import { isJson, type Client } from '../http/negotiate.ts'
import type { Request, Response } from '../http/types.ts'
import { flowPage, initUrl, returnToOf, type Flow } from './flow.ts'
import type { Forward } from './error/forward.ts'
import { asAnswerToProgram } from './hook.ts'
import type { Leaving } from './outcome.ts'

/** Shows a form again: pages are sent to it, programs get it. 400 also where the flow made progress. */
export function showForm(
  request: Request,
  client: Client,
  {
    flow,
    view,
    uiUrl,
    redirectStatus = 303,
    status = 400,
  }: { flow: Flow; view: unknown; uiUrl: string; redirectStatus?: 302 | 303; status?: number },
): Response {
  return client === 'browser' ? redirect(request, redirectStatus, flowPage(uiUrl, flow.id)) : json(status, view)
}

/** Sends a browser elsewhere, also if a script asked. compat: native flows are negotiated like all others */
export function leave(request: Request, { to, cookies = [] }: Pick<Leaving, 'to' | 'cookies'>): Response {
  const response = isJson(request)
    ? errorResponse(request, errors.locationChangeRequired(to))
    : redirect(request, 303, to)
  return { ...response, cookies: [...cookies] }
}

/**
 * Answers an error of a browser's flow: scripts get JSON, pages go to the error page.
 * @throws the error itself in a native flow: the port answers it as JSON, and logs it where it is ours
 */
export function answerError(
  forward: Forward,
  request: Request,
  flowType: Flow['type'] | undefined,
  error: unknown,
): Promise<Response> {
  if (flowType === 'api') throw asAnswerToProgram(error)
  return forward(request, error)
}

/** What a submission to an expired flow gets once `replacement` is stored. */
export function answerReplaced(
  request: Request,
  client: Client,
  { expired, replacement, uiUrl, now }: { expired: Flow; replacement: Flow; uiUrl: string; now: Micros },
): Response {
  if (client === 'browser') return redirect(request, 303, flowPage(uiUrl, replacement.id))
  return errorResponse(request, expiredError({ expired, replacementId: replacement.id, now }))
}

/** What says that a flow has expired, and which one goes on. */
export const expiredError = ({
  expired,
  replacementId,
  now,
}: {
  expired: Flow
  replacementId: string
  now: Micros
}): ApiError =>
  new ApiError(
    {
      id: 'self_service_flow_expired',
      status: 410,
      reason: 'This form was open for too long.',
      message: 'Go on with the flow that takes its place.',
    },
    // `since` counts nanoseconds.
    {
      extra: {
        expired_at: rfc3339(expired.expiresAt),
        since: (now - expired.expiresAt) * 1000,
        use_flow_id: replacementId,
      },
    },
  )

/** What reading an expired flow gets: where a new one is begun. */
export function expiredOnRead(flow: Flow, publicBaseUrl: string, { id }: { id?: string } = {}): ApiError {
  const returnTo = returnToOf(flow)
  const details =
    flow.type === 'api'
      ? { api: initUrl(publicBaseUrl, flow.name, 'api') }
      : {
          redirect_to: initUrl(publicBaseUrl, flow.name, 'browser', { return_to: returnTo || undefined }),
          return_to: returnTo,
        }
  return new ApiError({
    ...(id ? { id } : {}),
    status: 410,
    reason: 'This form was open for too long. Begin again.',
    message: 'This flow has expired.',
    details,
  })
}

/** Whether an error is shown on the form: what a client can mend is, everything else ends the flow's request. */
export const isFormError = (error: unknown): error is ApiError => error instanceof ApiError && error.body.status === 400

export const flowNotFound = (): ApiError => errors.notFound('There is no such flow. It may have been cleaned up.')
