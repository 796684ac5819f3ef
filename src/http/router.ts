import { cleanPath } from './urls.ts'
import type { Handler, Response, Route } from './types.ts'

export type Match =
  | { kind: 'route'; handler: Handler; params: Record<string, string>; pattern: string; anonymous: boolean }
  | { kind: 'answer'; response: Response; pattern: string }
  /** The path has empty or dotted segments; this is how it should read. */
  | { kind: 'unclean'; path: string; pattern: string }

type Compiled = { route: Route; segments: string[] }

/**
 * Matches by segments; a literal segment beats a parameter. Percent escapes of ordinary characters equal them, `%2F` is
 * no separator. Unknown paths are 404, known ones with another method 405 with `Allow`, both as plain text.
 */
export function createRouter(routes: readonly Route[]): (method: string, path: string) => Match {
  const literal = new Map<string, Route[]>()
  const withParams = new Map<number, Compiled[]>()
  for (const route of routes) {
    const segments = route.path.split('/')
    if (!route.path.includes('{')) {
      literal.set(route.path, [...(literal.get(route.path) ?? []), route])
      continue
    }
    const list = withParams.get(segments.length) ?? []
    list.push({ route, segments })
    list.sort((a, b) => paramCount(a) - paramCount(b))
    withParams.set(segments.length, list)
  }

  return (method, rawPath) => {
    if (/\/\/|\/\.\.?(?:\/|$)/.test(rawPath)) return { kind: 'unclean', path: cleanedLike(rawPath), pattern: 'unclean' }
    const segments = rawPath.split('/').map(decodeSegment)
    const path = rawPath.includes('%')
      ? segments.some((s) => s.includes('/'))
        ? undefined
        : segments.join('/')
      : rawPath
    const allowed = new Set<string>()
    for (const route of path === undefined ? [] : (literal.get(path) ?? [])) {
      if (serves(route, method)) return routed(route, {})
      allow(allowed, route)
    }
    for (const { route, segments: pattern } of withParams.get(segments.length) ?? []) {
      const params = matchSegments(pattern, segments)
      if (!params) continue
      if (serves(route, method)) return routed(route, params)
      allow(allowed, route)
    }
    if (allowed.size === 0)
      return { kind: 'answer', response: plainText(404, '404 page not found\n'), pattern: 'unknown' }
    return {
      kind: 'answer',
      response: plainText(405, 'Method Not Allowed\n', { allow: [...allowed].sort().join(', ') }),
      pattern: 'unknown',
    }
  }
}

const routed = ({ handler, path: pattern, anonymous }: Route, params: Record<string, string>): Match => ({
  kind: 'route',
  handler,
  params,
  pattern,
  anonymous: anonymous === true,
})

const paramCount = ({ segments }: Compiled): number => segments.filter((s) => s.startsWith('{')).length

const serves = ({ method }: Route, wanted: string): boolean =>
  method === '*' || method === wanted || (method === 'GET' && wanted === 'HEAD')

function allow(allowed: Set<string>, { method }: Route): void {
  allowed.add(method)
  if (method === 'GET') allowed.add('HEAD')
}

function matchSegments(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (let i = 0; i < pattern.length; i++) {
    const expected = pattern[i]!
    const actual = segments[i]!
    if (!expected.startsWith('{')) {
      if (expected !== actual) return undefined
    } else if (actual === '') return undefined
    else params[expected.slice(1, -1)] = actual
  }
  return params
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function cleanedLike(path: string): string {
  const cleaned = cleanPath(path)
  return path.endsWith('/') && cleaned !== '/' ? `${cleaned}/` : cleaned
}

export const plainText = (status: number, body: string, headers: Record<string, string> = {}): Response => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  body,
})
