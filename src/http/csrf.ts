import { createHash, timingSafeEqual } from 'node:crypto'
import { randomBytes } from '../crypto/random.ts'
import { errors, type ApiError } from '../errors.ts'
import { cookieValues, setCookie } from './cookies.ts'
import type { Request } from './types.ts'

/**
 * Masked double-submit tokens. The cookie holds 32 random bytes; a form holds them XORed with a fresh pad, so that no
 * two renderings look alike. Both are standard base64.
 */
export type Csrf = {
  /** A token for a form; empty where no cookie exists and none may be set. */
  token(): string
  /** Whether a token belongs to the cookie that came with the request. */
  verify(token: string): boolean
  /** Replaces the secret, so that forms opened before are refused. */
  rotate(): void
  /** Remembers how things are; called, it undoes rotations since: for what is prepared and then comes to nothing. */
  snapshot(): () => void
  /** The `Set-Cookie` value, when the response has to write one. */
  cookie(): string | undefined
}

export type CsrfSettings = {
  name: string
  path: string
  domain?: string | undefined
  secure: boolean
  sameSite: 'Strict' | 'Lax' | 'None'
}

const secretBytes = 32
const yearSeconds = 31_536_000

/** The cookie's name depends on the exact text of the public base URL, so that two servers on one host do not meet. */
export const csrfCookieName = (baseUrl: string): string =>
  `csrf_token_${createHash('sha256').update(baseUrl).digest('hex')}`

/** Nothing to protect: the admin port has no browsers. */
export const noCsrf: Csrf = {
  token: () => '',
  verify: () => false,
  rotate: () => {},
  snapshot: () => () => {},
  cookie: () => undefined,
}

/** @param ensure whether a missing or broken cookie is replaced; on paths that the middleware ignores it is not */
export function csrfOf(request: Request, settings: CsrfSettings, ensure: boolean): Csrf {
  const sent = cookieValues(request, settings.name)[0]
  const received = sent === undefined ? undefined : decode(sent, secretBytes)
  let secret = received
  let fresh = false
  const renew = () => {
    secret = randomBytes(secretBytes)
    fresh = true
  }
  if (!secret && ensure) renew()
  return {
    token: () => (secret ? mask(secret) : ''),
    verify(token) {
      const candidate = unmask(token)
      return received !== undefined && candidate !== undefined && timingSafeEqual(candidate, received)
    },
    // What is fresh in this answer is in no form from before.
    rotate: () => {
      if (!fresh) renew()
    },
    snapshot() {
      const before = { secret, fresh }
      return () => void ({ secret, fresh } = before)
    },
    cookie: () =>
      fresh
        ? setCookie(settings.name, secret!.toString('base64'), {
            ...settings,
            sameSite: settings.secure ? settings.sameSite : 'Lax',
            maxAge: yearSeconds,
          })
        : undefined,
  }
}

function decode(text: string, bytes: number): Buffer | undefined {
  const decoded = Buffer.from(text, 'base64')
  return decoded.length === bytes ? decoded : undefined
}

function mask(secret: Buffer): string {
  const pad = randomBytes(secretBytes)
  const masked = Buffer.allocUnsafe(2 * secretBytes)
  pad.copy(masked)
  for (let i = 0; i < secretBytes; i++) masked[secretBytes + i] = pad[i]! ^ secret[i]!
  return masked.toString('base64')
}

/** The 32 bytes of a token: masked ones are unmasked, bare ones are taken as they are. */
function unmask(token: string): Buffer | undefined {
  const masked = decode(token, 2 * secretBytes)
  if (!masked) return decode(token, secretBytes)
  const secret = Buffer.allocUnsafe(secretBytes)
  for (let i = 0; i < secretBytes; i++) secret[i] = masked[i]! ^ masked[secretBytes + i]!
  return secret
}

const docs = 'https://www.ory.com/docs/troubleshooting/csrf'

/** Why a request was refused, with advice that fits scripts and pages. */
export function csrfError(request: Request, settings: CsrfSettings, token: { inForm: boolean }): ApiError {
  const mode = request.headers['sec-fetch-mode']
  const byScript = mode === 'cors' || mode === 'same-origin'
  const advice = byScript
    ? 'Send requests from scripts with credentials included, and allow this origin in the CORS settings of the server.'
    : 'Send the cookies of the browser along with the form, and reach the server under the address in serve.public.base_url.'
  const refused = (reason: string) => errors.csrf({ docs, hint: advice, reject_reason: reason })
  if (request.headers.cookie === undefined) return refused('The request came without any cookie.')
  if (cookieValues(request, settings.name).length === 0)
    return refused('The request came with cookies, but the CSRF cookie is not among them.')
  if (
    !(request.headers['content-type'] ?? '').startsWith('application/json') &&
    !token.inForm &&
    request.headers['x-csrf-token'] === undefined
  ) {
    return errors.csrf({ docs, hint: 'The request holds no CSRF token: send the value of the field csrf_token along.' })
  }
  return refused('The CSRF token does not belong to the CSRF cookie.')
}
