import type { Sealer } from '../crypto/cipher.ts'
import { errors } from '../errors.ts'
import { pageLink, parseInteger } from '../http/paging.ts'
import { microsPerSecond, type Micros } from '../lib/clock.ts'
import { isObject } from '../lib/json.ts'
import { parseUuid } from '../lib/uuid.ts'
import type { MessageCursor } from './store.ts'

const defaultSize = 10
const maxSize = 500
const tokenLifespan: Micros = 3600 * microsPerSecond

export type MessagePage = { size: number; after: MessageCursor | undefined }
type Deps = { sealer: Sealer; now: Micros }

/** @throws errors.badRequest for a size that is no number, a token that was not made here, and one that is too old */
export function messagePage({ sealer, now }: Deps, query: URLSearchParams): MessagePage {
  const text = query.get('page_size') ?? ''
  const size = text === '' ? defaultSize : parseInteger(text)
  // compat: the body speaks of 500 – x/keysetpagination
  if (size === undefined) throw errors.badRequest(undefined, { code: 500, message: 'The page size is no number.' })
  const token = query.get('page_token') ?? ''
  return {
    size: size < 1 ? defaultSize : Math.min(size, maxSize),
    after: token === '' ? undefined : openToken({ sealer, now }, token),
  }
}

/** Where the first page is, and the next one when there is a message to go on behind. */
export function messagePageHeaders(
  { sealer, now }: Deps,
  request: { path: string; query: URLSearchParams },
  { size, next }: { size: number; next: MessageCursor | undefined },
): Record<string, string> {
  const link = (rel: string, cursor: MessageCursor | undefined) => {
    const token = sealer.seal(JSON.stringify({ expires_at: now + tokenLifespan, after: cursor ?? null }))
    return pageLink(request, { page_size: String(size), page_token: token }, rel)
  }
  return { link: [link('first', undefined), ...(next ? [link('next', next)] : [])].join(',') }
}

function openToken({ sealer, now }: Deps, token: string): MessageCursor | undefined {
  const opened = sealer.open(token)
  if (opened === undefined)
    throw errors.badRequest(undefined, { message: 'The page token was not made here, or was changed.' })
  const { expires_at: expiresAt, after } = JSON.parse(opened) as { expires_at: Micros; after: MessageCursor | null }
  if (expiresAt <= now)
    throw errors.badRequest(undefined, { message: 'The page token is too old. Begin with the first page again.' })
  return isObject(after) && parseUuid(after.id) ? after : undefined
}
