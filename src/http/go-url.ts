/** The parts of an address as Go's `net/url` tells them apart; `host` holds the port, `path` is decoded. */
export type GoUrl = {
  scheme: string
  host: string
  path: string
  rawQuery: string
  opaque: string
  text: string
  hasAuthority: boolean
  rest: string
}

/**
 * Parses an address by the rules of Go's `net/url`. They differ from those of browsers, and allow lists depend on them.
 * @returns undefined for what Go refuses: control characters, broken escapes, odd hosts and ports, an empty scheme.
 */
export function parseGoUrl(text: string): GoUrl | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
  const [beforeFragment = ''] = text.split('#', 1)
  const fragment = text.slice(beforeFragment.length + 1)
  if (hasBrokenEscape(fragment)) return undefined
  if (beforeFragment.startsWith(':')) return undefined
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(beforeFragment)?.[1] ?? ''
  const afterScheme = scheme === '' ? beforeFragment : beforeFragment.slice(scheme.length + 1)
  const queryAt = afterScheme.indexOf('?')
  const rawQuery = queryAt < 0 ? '' : afterScheme.slice(queryAt + 1)
  const rest = queryAt < 0 ? afterScheme : afterScheme.slice(0, queryAt)
  const parsed = {
    scheme: scheme.toLowerCase(),
    rawQuery,
    text,
    host: '',
    path: '',
    opaque: '',
    hasAuthority: false,
    rest: text.slice(scheme === '' ? 0 : scheme.length + 1),
  }

  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...parsed, opaque: rest }
    // A first segment with a colon would read as a scheme.
    if (/^[^/]*:/.test(rest)) return undefined
  }
  if (rest.startsWith('//') && !(scheme === '' && rest.startsWith('///'))) {
    const authority = /^\/\/([^/]*)/.exec(rest)![1]!
    const host = hostOf(authority)
    const path = unescapePath(rest.slice(2 + authority.length))
    return host === undefined || path === undefined ? undefined : { ...parsed, host, path, hasAuthority: true }
  }
  const path = unescapePath(rest)
  return path === undefined ? undefined : { ...parsed, path }
}

const hasBrokenEscape = (text: string): boolean => /%(?![0-9a-fA-F]{2})/.test(text)

function unescapePath(path: string): string | undefined {
  if (hasBrokenEscape(path)) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function hostOf(authority: string): string | undefined {
  const at = authority.lastIndexOf('@')
  const userInfo = at < 0 ? '' : authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userInfo) || hasBrokenEscape(userInfo)) return undefined
  const host = authority.slice(at + 1)
  if (/[%\s\\<>"`^{|}]/.test(host)) return undefined
  if (host.startsWith('[')) return /^\[[^\]]*\](:\d*)?$/.test(host) ? host : undefined
  if (host.includes('[') || host.includes(']')) return undefined
  return /:(?!\d*$)/.test(host.slice(Math.max(0, host.lastIndexOf(':')))) ? undefined : host
}
