import type { Request } from './types.ts'

/** What of a request is needed to tell its headers. */
export type WithHeaders = Pick<Request, 'headerLines'>

/**
 * The headers of a request that others may see, such as gateways for messages and web hooks: those that the list names,
 * in any case. @returns canonical name (`User-Agent`) to values, one a line of the request
 */
export function allowedHeaders(request: WithHeaders, allowlist: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = {}
  for (const name of allowlist) {
    const lines = request.headerLines(name.toLowerCase())
    if (lines.length > 0) out[canonicalName(name)] = lines
  }
  return out
}

const canonicalName = (name: string): string =>
  name.toLowerCase().replace(/(^|-)[a-z]/g, (beginning) => beginning.toUpperCase())

/** The same, or without a list all headers but `Host`, which is part of the address. */
export const canonicalHeaders = (
  request: Pick<Request, 'headerLines' | 'headers'>,
  allowlist: readonly string[] = Object.keys(request.headers).filter((name) => name !== 'host'),
): Record<string, string[]> => allowedHeaders(request, allowlist)
