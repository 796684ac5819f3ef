import { Secret } from '../crypto/secret.ts'
import { tokenHash } from '../crypto/tokens.ts'
import type { Clock } from '../lib/clock.ts'
import type { Db } from '../db/db.ts'
import type { Identity } from '../identities/identity.ts'
import type { Request } from '../http/types.ts'
import type { SessionCookie, SessionCookies } from './cookie.ts'
import { isActive, type Session } from './session.ts'
import { findSessionByTokenHash } from './store.ts'

/** How a session was found. */
export type TokenSource = 'header' | 'cookie' | 'bearer'

export type Authenticated = {
  session: Session
  identity: Identity
  token: Secret
  source: TokenSource
  /** The cookie that the request sent, when it is what the session was found by. */
  cookie?: SessionCookie
}

export type Authenticate = {
  /** The active session of a request whose identity is active too; undefined when there is none. */
  (request: Request): Promise<Authenticated | undefined>
  /** The same without a look at the identity's state: a disabled person may still sign out. */
  evenIfDisabled(request: Request): Promise<Authenticated | undefined>
  /** Whether the request holds anything that could be a credential. */
  hasCredential(request: Request): boolean
}

/**
 * Finds the session a request belongs to: `X-Session-Token` first – and nothing else if there is one –, then the
 * session cookie, then a bearer token.
 */
export function createAuthenticate({
  db,
  clock,
  cookies,
}: {
  db: Db
  clock: Clock
  cookies: SessionCookies
}): Authenticate {
  function credentialOf(request: Request): { token: Secret; source: TokenSource; cookie?: SessionCookie } | undefined {
    const header = request.headers['x-session-token']
    if (typeof header === 'string' && header !== '') return { token: new Secret(header), source: 'header' }
    const cookie = cookies.read(request)
    if (cookie) return { token: cookie.token, source: 'cookie', cookie }
    const bearer = bearerToken(request)
    return bearer ? { token: bearer, source: 'bearer' } : undefined
  }

  async function find(request: Request, needsActiveIdentity: boolean): Promise<Authenticated | undefined> {
    const credential = credentialOf(request)
    if (!credential) return undefined
    const found = await findSessionByTokenHash(db, tokenHash(credential.token))
    if (!found || !isActive(found.session, needsActiveIdentity ? found.identity : undefined, clock.now()))
      return undefined
    return { ...found, ...credential }
  }

  const authenticate = (request: Request) => find(request, true)
  return Object.assign(authenticate, {
    evenIfDisabled: (request: Request) => find(request, false),
    hasCredential: (request: Request) => credentialOf(request) !== undefined,
  })
}

/** The token of `Authorization: Bearer <token>`: exactly two parts, the scheme in any case. */
export function bearerToken(request: Request): Secret | undefined {
  const parts = (request.headers.authorization ?? '').split(' ')
  return parts.length === 2 && parts[0]!.toLowerCase() === 'bearer' && parts[1] !== ''
    ? new Secret(parts[1]!)
    : undefined
}
