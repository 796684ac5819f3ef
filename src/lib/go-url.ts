/**
 * Whether Go's `net/url` reads a text as a URL, and whether it has a scheme. JavaScript's `URL` refuses relative
 * references and repairs what Go refuses, so neither can stand in for the other.
 */
export function goUrl(text: string): { absolute: boolean } | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(text)) return undefined
  const [beforeFragment = '', ...fragment] = text.split('#')
  if (!escapesFit(fragment.join('#'))) return undefined
  if (beforeFragment.startsWith(':')) return undefined

  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(beforeFragment)?.[0] ?? ''
  const rest = beforeFragment.slice(scheme.length).split('?', 1)[0]!
  const absolute = scheme !== ''
  if (!rest.startsWith('/')) {
    if (absolute) return { absolute }
    // `a:b` would otherwise be read as a scheme by others.
    return rest.split('/', 1)[0]!.includes(':') || !escapesFit(rest) ? undefined : { absolute }
  }
  if (!rest.startsWith('//') || (!absolute && rest.startsWith('///')))
    return escapesFit(rest) ? { absolute } : undefined

  const slash = rest.indexOf('/', 2)
  const authority = slash === -1 ? rest.slice(2) : rest.slice(2, slash)
  const path = slash === -1 ? '' : rest.slice(slash)
  return authorityFits(authority) && escapesFit(path) ? { absolute } : undefined
}

const escapesFit = (text: string): boolean => !/%(?![0-9a-f]{2})/i.test(text)

function authorityFits(authority: string): boolean {
  const at = authority.lastIndexOf('@')
  if (at !== -1) {
    const userinfo = authority.slice(0, at)
    if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo) || !escapesFit(userinfo)) return false
  }
  const host = authority.slice(at + 1)
  if (host.startsWith('[')) return /^\[[^\]]*\](:\d*)?$/.test(host)
  const port = host.lastIndexOf(':')
  if (port !== -1 && !/^:\d*$/.test(host.slice(port))) return false
  // Escapes in a host may stand for characters beyond ASCII only, or for the percent sign itself.
  return /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:<>"[\]\u0080-\uffff]|%25|%[89a-f][0-9a-f])*$/i.test(host)
}
