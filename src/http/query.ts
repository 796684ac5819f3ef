/** Decodes one component of a form or query: `+` is a space. Undefined when a percent escape is broken. */
export function decodeFormComponent(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  if (/%(?![0-9a-fA-F]{2})/.test(spaced)) return undefined
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Bytes that are no UTF-8: kept as replacement characters, as they cannot mean anything.
    return Buffer.from(
      spaced.replace(/%([0-9a-f]{2})/gi, (_, h: string) => String.fromCharCode(Number.parseInt(h, 16))),
      'latin1',
    ).toString('utf8')
  }
}

/** A query as Go reads it: pairs with a broken escape or a semicolon are dropped, everything else is kept in order. */
export function parseQuery(raw: string): URLSearchParams {
  const out = new URLSearchParams()
  if (raw === '') return out
  for (const pair of raw.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const at = pair.indexOf('=')
    const key = decodeFormComponent(at < 0 ? pair : pair.slice(0, at))
    const value = decodeFormComponent(at < 0 ? '' : pair.slice(at + 1))
    if (key !== undefined && value !== undefined) out.append(key, value)
  }
  return out
}

/** Percent-encodes as Go's `url.QueryEscape`: everything but letters, digits and `-_.~`; a space becomes `+`. */
export const queryEscape = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

/** A query with its keys in alphabetical order, the values of one key in their own, as Go writes it. */
export function encodeQuery(params: Iterable<readonly [string, string]>): string {
  return [...params]
    .map((pair, index) => ({ pair, index }))
    .sort((a, b) => (a.pair[0] < b.pair[0] ? -1 : a.pair[0] > b.pair[0] ? 1 : a.index - b.index))
    .map(({ pair: [key, value] }) => `${queryEscape(key)}=${queryEscape(value)}`)
    .join('&')
}

const goTrue = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const goFalse = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

/** A boolean in one of the spellings that Go reads; undefined for anything else. */
export const parseBool = (text: string): boolean | undefined =>
  goTrue.has(text) ? true : goFalse.has(text) ? false : undefined
