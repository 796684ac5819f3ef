import type { Request } from './types.ts'

export type CookieOptions = {
  path: string
  domain?: string | undefined
  secure: boolean
  sameSite: 'Strict' | 'Lax' | 'None'
  /** Seconds; 0 deletes the cookie, undefined makes it end with the browser. */
  maxAge?: number | undefined
  /** Moment that `Expires` names, in milliseconds since 1970. */
  expiresMs?: number | undefined
}

/** Browsers keep a few cookies of one name at most, for paths and domains of their own. */
const maxValues = 20

/** The first values that a request sends under a cookie's name, in order, quotes removed. */
export function cookieValues(request: Request, name: string): string[] {
  const header = request.headers.cookie
  if (!header || !header.includes(name)) return []
  const values: string[] = []
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at < 0 || part.slice(0, at).trim() !== name) continue
    if (values.push(unquoted(part.slice(at + 1).trim())) === maxValues) break
  }
  return values
}

/** Every cookie of a request by its name, quotes removed; of several with one name the last counts. */
export function allCookies(request: Pick<Request, 'headers'>): Record<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').flatMap((part): [string, string][] => {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0)).trim()
    return name === '' ? [] : [[name, unquoted(part.slice(at + 1).trim())]]
  })
  // Unlike an assignment, this makes members of odd names, too.
  return Object.fromEntries(pairs)
}

const unquoted = (value: string): string => value.replace(/^"(.*)"$/, '$1')

/** A `Set-Cookie` value. Always `HttpOnly`: nothing of ours is for scripts. */
export function setCookie(
  name: string,
  value: string,
  { path, domain, secure, sameSite, maxAge, expiresMs }: CookieOptions,
): string {
  let out = `${name}=${value}; Path=${path}`
  if (domain) out += `; Domain=${domain}`
  if (expiresMs !== undefined) out += `; Expires=${new Date(expiresMs).toUTCString()}`
  if (maxAge !== undefined) out += `; Max-Age=${maxAge}`
  out += '; HttpOnly'
  if (secure) out += '; Secure'
  return `${out}; SameSite=${sameSite}`
}
