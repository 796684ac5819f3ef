import { ApiError, errors, statusTexts } from '../errors.ts'
import { encodeJson } from '../lib/json.ts'
import { locationHeader } from './urls.ts'
import type { GenericError } from './error-schema.ts'
import type { Request, Response } from './types.ts'

/** A successful JSON answer. */
export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Response => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: encodeJson(value),
})

export const noContent = (headers: Record<string, string> = {}): Response => ({ status: 204, headers })

/** Sends a browser elsewhere. An answer to `GET` carries a small page with a link, others nothing but the header. */
export function redirect(request: Request, status: 302 | 303 | 307, location: string): Response {
  const target = locationHeader(location)
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status, headers: { location: target } }
  return {
    status,
    headers: { location: target, 'content-type': 'text/html; charset=utf-8' },
    body: `<a href="${escapeHtml(target)}">${statusNames[status]}</a>.\n\n`,
  }
}

const statusNames = { 302: 'Found', 303: 'See Other', 307: 'Temporary Redirect' }

const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#39;')

/** The error object as it stands on the wire, and as it is stored for the error page. */
export function errorObject(error: ApiError, requestId?: string): GenericError {
  const { id, reason, details, message } = error.body
  return {
    ...(id ? { id } : {}),
    code: error.code,
    status: statusTexts[error.code] ?? statusTexts[error.body.status] ?? 'Error',
    ...(requestId ? { request: requestId } : {}),
    ...(reason ? { reason } : {}),
    ...(details ? { details } : {}),
    message,
  }
}

/** An error as a JSON answer. Whatever is no `ApiError` is a bug or an outage: 500, details in the log only. */
export function errorResponse(request: Request, cause: unknown): Response {
  const error = toApiError(cause)
  const enhanced = Object.keys(error.extra).length > 0
  const requestId = enhanced ? undefined : (request.headers['x-request-id'] as string | undefined)
  return {
    status: error.body.status,
    headers: {
      'content-type': 'application/json',
      'ory-error-id': error.body.id ?? '',
      ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
    },
    body: encodeJson({ error: errorObject(error, requestId), ...error.extra }),
  }
}

export const toApiError = (cause: unknown): ApiError => (cause instanceof ApiError ? cause : errors.internal(cause))
