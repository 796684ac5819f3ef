/** The parts of an address as Go's `net/url` tells them apart. */
export type GoUrl = {
  /** Lower case; empty for a relative reference. */
  scheme: string
  /** With the port, as written; empty where there is none. */
  host: string
  /** Whether `//` stands in front of a host, even of an empty one. */
  hasAuthority: boolean
  /** Decoded. Empty for addresses such as `mailto:somebody`. */
  path: string
  /** Everything after the scheme and its colon, as written. */
  rest: string
}

/**
 * Parses an address by the rules of Go's `net/url`. JavaScript's `URL` refuses relative references and repairs what Go
 * refuses, so neither can stand in for the other – and allow lists and formats depend on the difference.
 * @returns undefined for what Go refuses: control characters, broken escapes, odd hosts and ports, an empty scheme
 */
export function parseGoUrl(text: string): GoUrl | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
  const fragmentAt = text.indexOf('#')
  const whole = fragmentAt < 0 ? text : text.slice(0, fragmentAt)
  if (fragmentAt >= 0 && !escapesAreSound(text.slice(fragmentAt + 1))) return undefined
  if (whole.startsWith(':')) return undefined
  const written = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(whole)?.[1] ?? ''
  const scheme = written.toLowerCase()
  const rest = text.slice(written === '' ? 0 : written.length + 1)
  const hierarchical = whole.slice(written === '' ? 0 : written.length + 1).split('?', 1)[0]!
  const none = { scheme, host: '', hasAuthority: false, rest }

  if (!hierarchical.startsWith('/')) {
    if (scheme !== '') return { ...none, path: '' }
    // `a:b` would otherwise be read as a scheme by others.
    if (hierarchical.split('/', 1)[0]!.includes(':')) return undefined
  }
  if (hierarchical.startsWith('//') && (scheme !== '' || !hierarchical.startsWith('///'))) {
    const slash = hierarchical.indexOf('/', 2)
    const host = hostOf(slash < 0 ? hierarchical.slice(2) : hierarchical.slice(2, slash))
    const path = decodePath(slash < 0 ? '' : hierarchical.slice(slash))
    return host === undefined || path === undefined ? undefined : { ...none, host, hasAuthority: true, path }
  }
  const path = decodePath(hierarchical)
  return path === undefined ? undefined : { ...none, path }
}

const escapesAreSound = (text: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(text)

function decodePath(path: string): string | undefined {
  if (!escapesAreSound(path)) return undefined
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function hostOf(authority: string): string | undefined {
  const at = authority.lastIndexOf('@')
  if (at >= 0) {
    const user = authority.slice(0, at)
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || !escapesAreSound(user)) return undefined
  }
  const host = authority.slice(at + 1)
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']')
    const sound = end > 0 && isPort(host.slice(end + 1)) && isHost(host.slice(0, end + 1).replace(/%25.*\]$/, ']'))
    return sound ? host : undefined
  }
  const colon = host.lastIndexOf(':')
  return isHost(host) && (colon < 0 || isPort(host.slice(colon))) ? host : undefined
}

const isPort = (text: string): boolean => /^(?::\d*)?$/.test(text)

// Escapes in a host may only stand for bytes beyond ASCII, or for the percent sign itself.
const isHost = (host: string): boolean =>
  /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]|[^\u0000-\u007f]|%[89a-fA-F][0-9a-fA-F]|%25)*$/.test(host)
