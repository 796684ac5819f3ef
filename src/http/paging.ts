import { encodeQuery } from './query.ts'
import type { Request } from './types.ts'

/** A number as Go's `strconv.Atoi` reads it; undefined for anything else. */
export function parseInteger(text: string | null | undefined): number | undefined {
  if (!text || !/^[+-]?\d{1,19}$/.test(text)) return undefined
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : undefined
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most)

/** One of several pages of equal size; `page` counts from 0. */
export type OffsetPage = { page: number; size: number }

export type PageLimits = { defaultSize: number; maxSize: number }

/** `page` and `per_page`; what is no number counts as if it were not there. */
export const numberedPage = (query: URLSearchParams, { defaultSize, maxSize }: PageLimits): OffsetPage => ({
  page: Math.max(parseInteger(query.get('page')) ?? 0, 0),
  size: clamp(parseInteger(query.get('per_page')) ?? defaultSize, 1, maxSize),
})

/** Like `numberedPage`, but a `page_token` or `page_size` has the say where one is given. */
export function tokenOrNumberedPage(query: URLSearchParams, limits: PageLimits): OffsetPage {
  if (!query.has('page_token') && !query.has('page_size')) return numberedPage(query, limits)
  const size = clamp(parseInteger(query.get('page_size')) ?? limits.defaultSize, 1, limits.maxSize)
  return { page: Math.floor(offsetOfToken(query.get('page_token')) / size), size }
}

export const offsetToken = (offset: number): string =>
  Buffer.from(JSON.stringify({ offset: String(offset), v: 2 })).toString('base64url')

function offsetOfToken(token: string | null): number {
  try {
    const { offset } = JSON.parse(Buffer.from(token ?? '', 'base64url').toString()) as { offset?: unknown }
    return Math.max(parseInteger(String(offset)) ?? 0, 0)
  } catch {
    return 0
  }
}

type Rel = 'first' | 'next' | 'prev' | 'last'

/** The pages that a page leads to. Without any entries they lead nowhere, as on the wire. */
export function linkedPages({ page, size }: OffsetPage, total: number): { rels: [Rel, number][]; size: number } {
  if (total === 0)
    return {
      rels: [
        ['first', 0],
        ['next', page + 1],
        ['prev', page - 1],
      ],
      size,
    }
  if (total <= size) return { rels: [['first', 0]], size: total }
  const last = Math.ceil(total / size) - 1
  if (page >= last)
    return {
      rels: [
        ['first', 0],
        ['prev', last - 1],
      ],
      size,
    }
  if (page <= 0)
    return {
      rels: [
        ['next', 1],
        ['last', last],
      ],
      size,
    }
  return {
    rels: [
      ['first', 0],
      ['next', page + 1],
      ['prev', page - 1],
      ['last', last],
    ],
    size,
  }
}

/** An entry of a `Link` header: the path of the request, its query with some parameters replaced. */
export function pageLink(
  { path, query }: Pick<Request, 'path' | 'query'>,
  params: Record<string, string | undefined>,
  rel: string,
): string {
  const merged = new URLSearchParams(query)
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined) merged.delete(key)
    else merged.set(key, value)
  }
  return `<${path}?${encodeQuery(merged)}>; rel="${rel}"`
}

/** The headers of a page that is found by its number, with `page` and `per_page` alone. */
export const numberedPageHeaders = (
  request: Pick<Request, 'path' | 'query'>,
  at: OffsetPage,
  total: number,
): Record<string, string> => {
  const { rels, size } = linkedPages(at, total)
  const link = rels.map(([rel, page]) => pageLink(request, { page: String(page), per_page: String(size) }, rel))
  return { 'x-total-count': String(total), link: link.join(',') }
}

/** The same where tokens work as well. */
export const tokenPageHeaders = (
  request: Pick<Request, 'path' | 'query'>,
  at: OffsetPage,
  total: number,
): Record<string, string> => {
  const { rels, size } = linkedPages(at, total)
  const link = rels.map(([rel, page]) =>
    pageLink(
      request,
      { page: String(page), page_size: String(size), page_token: offsetToken(page * size), per_page: String(size) },
      rel,
    ),
  )
  return { 'x-total-count': String(total), link: link.join(',') }
}
