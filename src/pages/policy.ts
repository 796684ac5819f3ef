/**
 * What browsers may do on our pages. Forms may lead to ourselves and to where a person may be sent after one: browsers
 * check each redirect that follows on a form, too.
 * @param targets addresses or patterns of addresses, as in `selfservice.allowed_return_urls`
 * @param elsewhere whether a button of the page leads to somebody else's sign-in, which may be anywhere
 */
export function contentPolicy({
  publicBaseUrl,
  targets,
  images,
  elsewhere = false,
}: {
  publicBaseUrl: string
  targets: readonly string[]
  images: readonly string[]
  elsewhere?: boolean
}): string {
  const us = sourceOf(publicBaseUrl)
  const unique = (sources: readonly (string | undefined)[]) =>
    [...new Set(sources)].filter((source) => source !== undefined).join(' ')
  const providers = elsewhere ? ['https:', us?.startsWith('http:') ? 'http:' : undefined] : []
  return [
    "default-src 'none'",
    `style-src ${unique(["'self'", us])}`,
    `script-src ${unique(["'self'", us])}`,
    `img-src ${unique(["'self'", us, 'data:', ...images.map(sourceOf)])}`,
    "connect-src 'self'",
    `form-action ${unique(["'self'", us, ...targets.map(sourceOf), ...providers])}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** The source for everything at an address: its origin, or the scheme of an app. Nothing for relative addresses. */
function sourceOf(address: string): string | undefined {
  const [, scheme = '', host = ''] = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?/i.exec(address) ?? []
  if (scheme === '' || /^(?:data|javascript|blob)$/i.test(scheme)) return undefined
  if (!/^https?$/i.test(scheme)) return `${scheme.toLowerCase()}:`
  // What could end the directive is no part of a host.
  return /^(?:\*\.)?[a-z0-9.-]+(?::\d+)?$|^\[[0-9a-f:.]+\](?::\d+)?$/i.test(host)
    ? `${scheme}://${host}`.toLowerCase()
    : undefined
}

/** Every `default_browser_return_url` of a part of the configuration, at any depth. */
export function returnUrlsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) =>
    key === 'default_browser_return_url' && typeof inner === 'string' ? [inner] : returnUrlsIn(inner),
  )
}
