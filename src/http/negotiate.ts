import type { Request } from './types.ts'

type Entry = { value: string; q: number }

/**
 * Reads `Accept` lines left to right. The first entry with a parameter other than `q`, or with an odd quality, ends the
 * reading of its line.
 * compat: entries are compared case-sensitively and parameters are not understood – golang/gddo httputil/header
 */
function readAccept(lines: string[]): Entry[] {
  const entries: Entry[] = []
  for (const line of lines) {
    let rest = line
    for (;;) {
      const value = /^[!#$%&'*+\-.^_`|~0-9A-Za-z/]+/.exec(rest)?.[0]
      if (!value) break
      rest = rest.slice(value.length).trimStart()
      let q = 1
      if (rest.startsWith(';')) {
        const quality = /^q=([01](?:\.\d*)?)/.exec(rest.slice(1).trimStart())
        if (!quality) break
        q = Number(quality[1])
        rest = rest.slice(1).trimStart().slice(quality[0].length)
      }
      entries.push({ value, q })
      rest = rest.trimStart()
      if (!rest.startsWith(',')) break
      rest = rest.slice(1).trimStart()
    }
  }
  return entries
}

/** The best of `offers`: highest quality first, then the more specific entry, then the earlier offer. */
function negotiate(lines: string[], offers: readonly string[]): string {
  let best = { offer: 'text/html', q: -1, wildness: 3 }
  const entries = readAccept(lines)
  for (const offer of offers) {
    for (const { value, q } of entries) {
      if (q === 0 || q < best.q) continue
      const wildness =
        value === '*/*'
          ? 2
          : value.endsWith('/*') && offer.startsWith(value.slice(0, -1))
            ? 1
            : value === offer
              ? 0
              : undefined
      if (wildness !== undefined && (q > best.q || best.wildness > wildness)) best = { offer, q, wildness }
    }
  }
  return best.offer
}

const broadOffers = ['text/html', 'text/*', '*/*', 'application/json']
const narrowOffers = ['text/html', 'application/json']

/** Whether a client wants JSON: by `Accept`, or because it sends exactly `Content-Type: application/json`. Rules submissions and errors. */
export const isJson = (request: Request): boolean =>
  request.headers['content-type'] === 'application/json' ||
  negotiate(request.headerLines('accept'), broadOffers) === 'application/json'

/** Whether `Accept` alone asks for JSON. Rules the creation of browser flows and final redirects. */
export const acceptsJson = (request: Request): boolean =>
  negotiate(request.headerLines('accept'), narrowOffers) === 'application/json'

/** The kind of client behind a flow's request: each gets its own form of answer. */
export type Client = 'browser' | 'spa' | 'native'

export const clientOf = (request: Request, flowType: 'browser' | 'api'): Client =>
  flowType === 'api' ? 'native' : isJson(request) ? 'spa' : 'browser'
