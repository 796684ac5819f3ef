import { isBoundedWildcard } from './wildcard.ts'
import type { Request, Response } from './types.ts'

export type CorsSettings = {
  allowedOrigins: readonly string[]
  allowedMethods: readonly string[]
  allowedHeaders: readonly string[]
  exposedHeaders: readonly string[]
  allowCredentials: boolean
  optionsPassthrough: boolean
  maxAgeSeconds: number
  /** Takes wildcards of any width, as old versions did. */
  legacyWildcards: boolean
}

export type Cors = {
  /** The answer to a preflight, when this is one and it is not passed through. */
  preflight(request: Request): Response | undefined
  /** Headers for an ordinary answer; `vary` goes in front of what the answer varies by itself. */
  headers(request: Request): Record<string, string>
}

const preflightVary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'

/** Cross-origin rules for the public port. A refused origin is served all the same, only without the headers. */
export function createCors(settings: CorsSettings): Cors {
  const allowsOrigin = originMatcher(settings)
  const methods = new Set([...settings.allowedMethods.map((m) => m.toUpperCase()), 'OPTIONS'])
  const headerNames = new Set(settings.allowedHeaders.map((h) => h.toLowerCase()))
  // compat: browsers list the names in order, and a list in another order is refused – rs/cors internal/sortedset.go
  const allowsHeaders = (list: string) => {
    const names = list
      .split(',')
      .map((h) => h.trim().toLowerCase())
      .filter((h) => h !== '')
    return headerNames.has('*') || (isSorted(names) && names.every((h) => headerNames.has(h) || h === 'origin'))
  }
  const isPreflight = ({ method, headers }: Request) =>
    method === 'OPTIONS' && Boolean(headers['access-control-request-method'])
  const exposed = settings.exposedHeaders.map(canonicalName).join(', ')

  function preflightHeaders({ headers }: Request): Record<string, string> {
    const { origin } = headers
    const method = headers['access-control-request-method'] ?? ''
    const wanted = headers['access-control-request-headers'] ?? ''
    if (!origin || !allowsOrigin(origin) || !methods.has(method) || !allowsHeaders(wanted))
      return { vary: preflightVary }
    return {
      vary: preflightVary,
      'access-control-allow-origin': origin,
      'access-control-allow-methods': method,
      ...(wanted === '' ? {} : { 'access-control-allow-headers': wanted }),
      ...(settings.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
      ...(settings.maxAgeSeconds > 0 ? { 'access-control-max-age': String(settings.maxAgeSeconds) } : {}),
    }
  }

  return {
    preflight: (request) =>
      isPreflight(request) && !settings.optionsPassthrough
        ? { status: 204, headers: preflightHeaders(request) }
        : undefined,
    headers(request) {
      if (isPreflight(request)) return preflightHeaders(request)
      const { origin } = request.headers
      if (!origin || !allowsOrigin(origin) || !methods.has(request.method)) return { vary: 'Origin' }
      return {
        vary: 'Origin',
        'access-control-allow-origin': origin,
        ...(settings.allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
        ...(exposed === '' ? {} : { 'access-control-expose-headers': exposed }),
      }
    },
  }
}

const isSorted = (names: readonly string[]): boolean => names.every((name, i) => i === 0 || names[i - 1]! < name)

/** Origins are compared as sent with lower-cased entries; one `*` stands for anything within an entry. */
function originMatcher({ allowedOrigins, legacyWildcards }: CorsSettings): (origin: string) => boolean {
  if (allowedOrigins.length === 0 || allowedOrigins.includes('*')) return () => true
  const exact = new Set<string>()
  const wild: [string, string][] = []
  for (const entry of allowedOrigins.map((o) => o.toLowerCase())) {
    const at = entry.indexOf('*')
    if (at < 0) exact.add(entry)
    else if (legacyWildcards || isBoundedWildcard(entry.replace(/^[^/]*\/\//, '')))
      wild.push([entry.slice(0, at), entry.slice(at + 1)])
  }
  return (origin) =>
    exact.has(origin) ||
    wild.some(
      ([head, tail]) => origin.length >= head.length + tail.length && origin.startsWith(head) && origin.endsWith(tail),
    )
}

const canonicalName = (name: string): string => name.toLowerCase().replace(/(^|-)[a-z]/g, (c) => c.toUpperCase())
