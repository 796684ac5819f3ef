// Which texts are URLs, by the rules of Go's net/url. The WHATWG parser behind `URL` accepts others.

/** A URL or relative reference; `scheme` is empty for the latter. */
export type ParsedUrl = { scheme: string; path: string }

/** The parts of a URL or relative reference that its formats ask for; undefined when it is none. */
export function parseUrl(text: string): ParsedUrl | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) return undefined
  const [whole = '', fragment] = splitAt(text, '#')
  if (fragment !== undefined && !escapesAreSound(fragment)) return undefined
  if (whole === '*') return { scheme: '', path: '*' }

  const parts = splitScheme(whole)
  if (parts === undefined) return undefined
  const { scheme } = parts
  const [rest = ''] = splitAt(parts.rest, '?')
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { scheme, path: '' }
    // `cache_object:foo` is a broken scheme rather than a relative path.
    if (rest.split('/', 1)[0]!.includes(':')) return undefined
  }
  let path = rest
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2)
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
    path = slash < 0 ? '' : rest.slice(slash)
    if (!isAuthority(authority)) return undefined
  }
  return escapesAreSound(path) ? { scheme, path } : undefined
}

function splitAt(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function splitScheme(text: string): { scheme: string; rest: string } | undefined {
  const [, scheme] = /^([A-Za-z][A-Za-z0-9+.-]*)?:/.exec(text) ?? []
  if (scheme !== undefined) return { scheme: scheme.toLowerCase(), rest: text.slice(scheme.length + 1) }
  return text.startsWith(':') ? undefined : { scheme: '', rest: text }
}

const escapesAreSound = (text: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(text)

function isAuthority(authority: string): boolean {
  const at = authority.lastIndexOf('@')
  if (at >= 0) {
    const user = authority.slice(0, at)
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user) || !escapesAreSound(user)) return false
  }
  const host = authority.slice(at + 1)
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']')
    return end > 0 && isPort(host.slice(end + 1)) && isHost(host.slice(0, end + 1).replace(/%25.*\]$/, ']'))
  }
  const colon = host.lastIndexOf(':')
  return isHost(host) && (colon < 0 || isPort(host.slice(colon)))
}

const isPort = (text: string): boolean => /^(?::\d*)?$/.test(text)

// Escapes in a host may only stand for bytes beyond ASCII.
const isHost = (host: string): boolean =>
  /^(?:[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"]|[^\u0000-\u007f]|%[89a-fA-F][0-9a-fA-F]|%25)*$/.test(host)
