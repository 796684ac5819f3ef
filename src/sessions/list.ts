import { errors } from '../errors.ts'
import { parseRfc3339, rfc3339 } from '../lib/clock.ts'
import { nilUuid, parseUuid } from '../lib/uuid.ts'
import { pageLink, parseInteger, tokenOrNumberedPage, type OffsetPage } from '../http/paging.ts'
import { parseBool } from '../http/query.ts'
import type { Request } from '../http/types.ts'
import type { ActivityFilter, SessionsCursor } from './store.ts'

const defaultSize = 250
const maxSize = 1000

/** The page of one person's sessions that a query asks for, and where its rows begin. */
export function pageOfOne(query: URLSearchParams): { page: OffsetPage; offset: number } {
  const page = tokenOrNumberedPage(query, { defaultSize, maxSize })
  const byToken = query.has('page_size') || query.has('page_token')
  // compat: the links count pages from 0, `page` by itself counts them from 1, and page 0 is the same as page 1 –
  // session/handler.go. Who follows the links never notices, as they carry tokens, which say where the rows begin.
  return { page, offset: (byToken ? page.page : Math.max(page.page, 1) - 1) * page.size }
}

/** A page of everybody's sessions: so many, behind a place. */
export type KeysetPage = { size: number; after: SessionsCursor }

/** Before all sessions that there will be while this notation lasts. */
const beginning: SessionsCursor = { createdAt: parseRfc3339('2200-12-31T23:59:59Z')!, id: nilUuid }

/** @throws errors.badRequest for a size that is no number and a token that was not made here. */
export function keysetPage(query: URLSearchParams): KeysetPage {
  const text = query.get('page_size') ?? ''
  const size = text === '' ? defaultSize : parseInteger(text)
  if (size === undefined) throw errors.badRequest()
  const token = query.get('page_token') ?? ''
  return { size: size < 1 ? defaultSize : Math.min(maxSize, size), after: token === '' ? beginning : cursorOf(token) }
}

/** Where the first page is, and the next one when there is a row to go on behind. */
export function keysetHeaders(
  request: Pick<Request, 'path' | 'query'>,
  size: number,
  next: SessionsCursor | undefined,
): Record<string, string> {
  const link = (rel: string, cursor: SessionsCursor) =>
    pageLink(request, { page_size: String(size), page_token: cursorToken(cursor) }, rel)
  return { link: [link('first', beginning), ...(next ? [link('next', next)] : [])].join(',') }
}

const cursorToken = ({ createdAt, id }: SessionsCursor): string => {
  const moment = rfc3339(createdAt).replace('T', ' ').replace('Z', '')
  return Buffer.from(`created_at=${moment}/id=${id}`).toString('base64').replace(/=+$/, '')
}

function cursorOf(token: string): SessionsCursor {
  const parts = new Map(
    Buffer.from(token, 'base64')
      .toString('utf8')
      .split('/')
      .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
  )
  const id = parseUuid(parts.get('id'))
  const createdAt = parseRfc3339(`${(parts.get('created_at') ?? '').replace(' ', 'T')}Z`)
  if (id === undefined || createdAt === undefined) throw errors.badRequest('The page token was not made here.')
  return { createdAt, id }
}

/**
 * The filter `active`; an empty one is none.
 * @throws errors.badRequest for anything that is no boolean.
 */
export function activityOf(query: URLSearchParams): ActivityFilter['only'] {
  const text = query.get('active') ?? ''
  if (text === '') return undefined
  const active = parseBool(text)
  if (active === undefined) throw errors.badRequest()
  return active ? 'active' : 'inactive'
}

/**
 * What `expand` asks for besides the session itself, in any letter case, one each.
 * @throws errors.badRequest for anything else, also an empty one.
 */
export function expansionOf(query: URLSearchParams): { identity: boolean; devices: boolean } {
  const wanted = query.getAll('expand').map((text) => text.toLowerCase())
  const unknown = wanted.find((name) => name !== 'identity' && name !== 'devices')
  if (unknown !== undefined)
    throw errors.badRequest(`A session cannot be expanded by "${unknown}". Ask for identity or devices, one each.`)
  return { identity: wanted.includes('identity'), devices: wanted.includes('devices') }
}
