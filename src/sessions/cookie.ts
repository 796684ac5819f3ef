import { Secret } from '../crypto/secret.ts'
import { cookieValues, setCookie } from '../http/cookies.ts'
import type { Clock, Micros } from '../lib/clock.ts'
import type { Request } from '../http/types.ts'

export type SessionCookieSettings = {
  name: string
  path: string
  domain: string | undefined
  secure: boolean
  sameSite: 'Strict' | 'Lax' | 'None'
  /** Whether the cookie outlives the browser: until the session expires. */
  persistent: boolean
  lifespanMicros: Micros
}

/** Seals and opens cookie values; bound to the cookie's name. */
export type Sealer = { seal(text: string): string; open(sealed: string): string | undefined }

export type SessionCookie = { token: Secret; expiresAt: Micros }

export type SessionCookies = {
  /** The first cookie of the right name that can be read; undefined when there is none. */
  read(request: Request): SessionCookie | undefined
  /** Whether a cookie of that name came along, readable or not. */
  isSent(request: Request): boolean
  write(token: Secret, expiresAt: Micros): string
  clear(): string
}

/** A cookie of a browser session is refused this long after it was written. */
const transientLifespanMicros = 30 * 24 * 3600 * 1_000_000

export function createSessionCookies({
  settings,
  sealer,
  clock,
}: {
  settings: SessionCookieSettings
  sealer: Sealer
  clock: Clock
}): SessionCookies {
  const { name, path, domain, secure, sameSite, persistent } = settings
  const maxAgeMicros = persistent ? settings.lifespanMicros : transientLifespanMicros

  function open(value: string): SessionCookie | undefined {
    const text = sealer.open(value)
    if (text === undefined) return undefined
    const { token, expires_at, issued_at } = JSON.parse(text) as {
      token: string
      expires_at: Micros
      issued_at: Micros
    }
    // Extending a session does not revive a cookie: whoami renews it while it is still good.
    return issued_at + maxAgeMicros < clock.now() ? undefined : { token: new Secret(token), expiresAt: expires_at }
  }

  return {
    isSent: (request) => cookieValues(request, name).length > 0,
    read(request) {
      for (const value of cookieValues(request, name)) {
        const cookie = open(value)
        if (cookie) return cookie
      }
      return undefined
    },
    write(token, expiresAt) {
      const now = clock.now()
      const value = sealer.seal(JSON.stringify({ token: token.reveal(), expires_at: expiresAt, issued_at: now }))
      const seconds = Math.max(0, Math.floor((expiresAt - now) / 1_000_000))
      return setCookie(name, value, {
        path,
        domain,
        secure,
        sameSite,
        ...(persistent ? { maxAge: seconds, expiresMs: expiresAt / 1000 } : {}),
      })
    },
    clear: () => setCookie(name, '', { path, domain, secure, sameSite, maxAge: 0, expiresMs: 0 }),
  }
}
