import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/**
 * Whether what follows the wildcard label of a host pattern is a domain that somebody registered, or lies below one:
 * `*.shop.example` is, `*.com`, `*shop.example` and `shop.*` are not. Anything wider would open the list to strangers.
 */
export function isBoundedWildcard(hostWithPort: string): boolean {
  const host = hostWithPort.replace(/:\d+$/, '')
  const rest = /\*[^.]*\.(.+)$/.exec(host)?.[1]
  if (rest === undefined || rest.includes('*')) return false
  // The list of public suffixes is large; only configurations with wildcards load it.
  const { getDomain } = require('tldts') as typeof import('tldts')
  return getDomain(rest, { allowPrivateDomains: true }) !== null
}
