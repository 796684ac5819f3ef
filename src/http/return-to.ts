import { errors } from '../errors.ts'
import { parseGoUrl, type GoUrl } from '../lib/go-url.ts'
import { joinPath } from './urls.ts'
import { isBoundedWildcard } from './wildcard.ts'

/**
 * The one allow list for redirects: resolves the address to which a person wants to be sent back.
 * @param value what the client asked for; empty or undefined means the default
 * @returns an absolute address, or the default as it is configured
 * @throws errors.badRequest when it cannot be parsed, errors.returnToForbidden when it is not on the list
 */
export type ReturnTo = (value: string | undefined, fallback: string) => string

export type ReturnToSettings = { allowed: readonly string[]; publicBaseUrl: string; warn?: (text: string) => void }

export function createReturnTo({ allowed, publicBaseUrl, warn = () => {} }: ReturnToSettings): ReturnTo {
  const list = [...allowed, joinPath(publicBaseUrl, 'self-service')].flatMap((entry) => {
    const parsed = parseGoUrl(entry)
    const usable = parsed !== undefined && (parsed.scheme !== '' || entry.startsWith('/'))
    const bounded = usable && (!parsed.host.includes('*') || isBoundedWildcard(parsed.host))
    if (!bounded)
      warn(
        `selfservice.allowed_return_urls: ${JSON.stringify(entry)} is ignored. It must be an address or an absolute path, with a wildcard only in front of a registered domain.`,
      )
    return bounded ? [parsed] : []
  })

  return (value, fallback) => {
    if (value === undefined || value === '') return fallback
    const wanted = parseGoUrl(value)
    // Browsers repair hosts with escapes and brackets; what they make of them is not what was checked.
    if (!wanted || /[%<>"]/.test(wanted.host))
      throw errors.badRequest(`The return_to address ${JSON.stringify(value)} is not a valid address.`)
    // A scheme without an authority (`https:evil.test`) is read differently by browsers; no entry can mean one.
    if (wanted.scheme !== '' && !wanted.hasAuthority) throw errors.returnToForbidden(value)
    const base = parseGoUrl(fallback)
    const candidate = {
      scheme: wanted.scheme || (base?.scheme ?? ''),
      host: wanted.host || (base?.host ?? ''),
      path: wanted.path || '/',
    }
    if (!list.some((entry) => admits(entry, candidate))) throw errors.returnToForbidden(value)
    return complete(value, wanted, base)
  }
}

function admits(entry: GoUrl, { scheme, host, path }: { scheme: string; host: string; path: string }): boolean {
  if (entry.scheme !== scheme.toLowerCase()) return false
  const [pattern, actual] = [entry.host.toLowerCase(), host.toLowerCase()]
  const sameHost = pattern.startsWith('*') ? actual.endsWith(pattern.slice(1)) : pattern === actual
  return sameHost && path.startsWith(entry.path || '/')
}

/** A relative address takes scheme and host of the default; an absolute one stays as it was written. */
function complete(text: string, wanted: GoUrl, base: GoUrl | undefined): string {
  if (wanted.scheme !== '' && wanted.host !== '') return wanted.scheme + text.slice(wanted.scheme.length)
  if (!base || (base.scheme === '' && base.host === '')) {
    // `///evil.test` and `/\evil.test` have no host for our parser, but one for browsers.
    if (wanted.hasAuthority || /^[/\\]{2}/.test(text)) throw errors.returnToForbidden(text)
    return text
  }
  const scheme = wanted.scheme || base.scheme
  if (wanted.hasAuthority && wanted.host !== '') return `${scheme}:${text}`
  const rest = wanted.rest.replace(/^\/\/(?=\/|$)/, '')
  const separator = rest === '' || /^[/?#]/.test(rest) ? '' : '/'
  return `${scheme}://${wanted.host || base.host}${separator}${rest}`
}
