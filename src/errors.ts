import type { Json } from './lib/json.ts'

/** What `error` holds on the wire, besides `code`, `status` and `request`. */
export type ErrorBody = {
  id?: string
  status: number
  /** The sentence about this very case. */
  reason?: string
  /** The sentence about the class of error. */
  message: string
  details?: Record<string, Json>
}

/**
 * An answer that ends a request: thrown from anywhere, turned into a response at the edge.
 * `extra` are siblings of `error` at the top of the body; `code` differs from `status` only where Kratos says so.
 */
export class ApiError extends Error {
  readonly body: ErrorBody
  readonly extra: Record<string, Json>
  /** What `error.code` says where it is not the HTTP status. */
  readonly code: number
  /** What the `Retry-After` header says, where it is known when it is worth to try again. */
  readonly retryAfterSeconds?: number
  constructor(
    body: ErrorBody,
    {
      extra = {},
      code = body.status,
      cause,
      retryAfterSeconds,
    }: { extra?: Record<string, Json>; code?: number; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(body.reason ?? body.message, cause === undefined ? undefined : { cause })
    this.body = body
    this.extra = extra
    this.code = code
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds
  }
}

export const statusTexts: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

const messages: Record<number, string> = {
  400: 'The request could not be understood or holds something that is not allowed.',
  401: 'This needs a valid session, and the request has none.',
  403: 'This is not allowed.',
  404: 'There is nothing here by that name.',
  409: 'This clashes with something that exists already.',
  410: 'This existed once and has ended.',
  413: 'The request is larger than this server accepts.',
  422: 'The request was understood, but something else has to happen first.',
  429: 'Too much is going on right now. Wait a moment and try again.',
  500: 'Something went wrong on our side. The details are in the server log.',
  502: 'A service that this server depends on gave an unusable answer.',
  503: 'This server cannot answer right now.',
  504: 'A service that this server depends on took too long to answer.',
}

type Extras = {
  details?: Record<string, Json>
  extra?: Record<string, Json>
  message?: string
  cause?: unknown
  code?: number
  retryAfterSeconds?: number
}

function make(
  status: number,
  id: string | undefined,
  reason: string | undefined,
  { details, extra, message, cause, code, retryAfterSeconds }: Extras = {},
): ApiError {
  return new ApiError(
    {
      status,
      message: message ?? messages[status] ?? messages[500]!,
      ...(id === undefined ? {} : { id }),
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
    },
    {
      ...(extra ? { extra } : {}),
      ...(cause === undefined ? {} : { cause }),
      ...(code === undefined ? {} : { code }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
  )
}

/** Every API error with its public id. Ids are part of the wire contract and never reused. */
export const errors = {
  badRequest: (reason?: string, more?: Extras) => make(400, undefined, reason, more),
  unauthorized: (reason = 'No valid session came with this request.', more?: Extras) =>
    make(401, undefined, reason, more),
  forbidden: (reason: string, more?: Extras) => make(403, undefined, reason, more),
  notFound: (reason?: string, more?: Extras) => make(404, undefined, reason, more),
  conflict: (reason?: string, more?: Extras) => make(409, undefined, reason, more),
  tooLarge: (reason: string) => make(413, undefined, reason),
  tooManyRequests: (reason: string, retryAfterSeconds?: number) =>
    make(429, undefined, reason, retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  internal: (cause?: unknown) => make(500, undefined, undefined, { cause }),
  unavailable: (reason: string, more?: Extras) => make(503, undefined, reason, more),
  badGateway: (reason: string, more?: Extras) => make(502, undefined, reason, more),
  gatewayTimeout: (reason: string, more?: Extras) => make(504, undefined, reason, more),
  upstream: (reason: string, more?: Extras) => make(502, 'upstream_error', reason, more),
  invalidConfiguration: (reason: string, cause?: unknown) => make(500, 'invalid_configuration', reason, { cause }),

  sessionInactive: (extra?: Record<string, Json>) =>
    make(401, 'session_inactive', 'Sign in first: this request came without a valid session.', extra ? { extra } : {}),
  sessionAlreadyAvailable: () => make(400, 'session_already_available', 'You are signed in already.'),
  sessionAal1Required: () =>
    make(401, 'session_aal1_required', 'Sign in with your first factor before you use a second one.'),
  sessionAal2Required: (redirectBrowserTo: string) =>
    make(403, 'session_aal2_required', 'This needs a session with a second factor.', {
      details: { redirect_browser_to: redirectBrowserTo },
      extra: { redirect_browser_to: redirectBrowserTo },
    }),
  sessionRefreshRequired: (redirectBrowserTo: string) =>
    make(
      403,
      'session_refresh_required',
      'You signed in too long ago for this change. Sign in again to confirm that it is you.',
      {
        extra: { redirect_browser_to: redirectBrowserTo },
      },
    ),
  identityMismatch: () => make(403, 'security_identity_mismatch', 'This flow belongs to another person.'),
  identityDisabled: (identityId: string) =>
    make(400, 'identity_disabled', 'This account is disabled.', { details: { identity_id: identityId } }),
  flowDisabled: (reason: string) => make(400, 'self_service_flow_disabled', reason),
  returnToForbidden: (url: string) =>
    make(
      400,
      'self_service_flow_return_to_forbidden',
      `The address ${url} is not among those to which people may be sent back.`,
    ),
  locationChangeRequired: (redirectBrowserTo: string) =>
    make(422, 'browser_location_change_required', `The browser has to go on at ${redirectBrowserTo}`, {
      extra: { redirect_browser_to: redirectBrowserTo },
    }),
  csrf: (details: Record<string, Json>) =>
    make(403, 'security_csrf_violation', 'The request lacks a matching CSRF cookie and token.', { details }),
} satisfies Record<string, (...args: never[]) => ApiError>
