import { encodeQuery, parseQuery } from './query.ts'

/** Joins a path below a base URL: one slash between the parts, none at the end, dots resolved. */
export function joinPath(base: string, ...parts: string[]): string {
  const [, origin = '', path = ''] = /^((?:[a-z][a-z0-9+.-]*:)?(?:\/\/[^/?#]*)?)([^?#]*)/i.exec(base) ?? []
  return origin + cleanPath(`${path}/${parts.join('/')}`)
}

/** Go's `path.Clean` for a rooted path. */
export function cleanPath(path: string): string {
  const out: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..') out.pop()
    else out.push(segment)
  }
  return `/${out.join('/')}`
}

/**
 * An address with parameters added to those it has; the query comes out in alphabetical order, as Go writes it.
 * Works on relative addresses too.
 */
export function withQuery(address: string, params: Record<string, string | undefined>): string {
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/s.exec(address) ?? []
  const merged = parseQuery(query)
  for (const [key, value] of Object.entries(params)) if (value !== undefined) merged.set(key, value)
  const encoded = encodeQuery(merged)
  return `${path}${encoded === '' ? '' : `?${encoded}`}${fragment}`
}

/** Characters that must not stand in a header as they are become percent escapes; ready escapes stay. */
export const locationHeader = (address: string): string =>
  address.replace(/[^\x21-\x7e]/gu, (c) => (c === ' ' ? '%20' : encodeURIComponent(c)))
