import { newUuid } from '../../lib/uuid.ts'
import { acceptsJson, isJson } from '../../http/negotiate.ts'
import { errorObject, errorResponse, redirect, toApiError } from '../../http/respond.ts'
import { withQuery } from '../../http/urls.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../../db/db.ts'
import type { Request, Response } from '../../http/types.ts'
import { insertError } from './store.ts'

/** Answers an error of a browser's flow: JSON to scripts; a person is sent to the error page, which reads it there. */
export type Forward = (request: Request, error: unknown) => Promise<Response>

export type ForwardDeps = {
  db: Db
  clock: Clock
  errorUiUrl: string
  onFailure(request: Request, error: unknown): void
}

export const createForward =
  ({ db, clock, errorUiUrl, onFailure }: ForwardDeps): Forward =>
  async (request, cause) => {
    const error = toApiError(cause)
    if (error.body.status >= 500) onFailure(request, cause)
    if (isJson(request) || acceptsJson(request)) return errorResponse(request, error)
    const id = newUuid()
    await db.batch([
      insertError({
        id,
        body: JSON.stringify(errorObject(error, request.headers['x-request-id'] as string | undefined)),
        createdAt: clock.now(),
      }),
    ])
    return redirect(request, 303, withQuery(errorUiUrl, { id }))
  }
