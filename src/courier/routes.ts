import type { Sealer } from '../crypto/cipher.ts'
import type { Db } from '../db/db.ts'
import { errors } from '../errors.ts'
import { json } from '../http/respond.ts'
import type { Request, Response, Route } from '../http/types.ts'
import type { Clock } from '../lib/clock.ts'
import { parseUuid } from '../lib/uuid.ts'
import { messageStatuses, type MessageStatus } from './message.ts'
import { messagePage, messagePageHeaders } from './page.ts'
import { findMessage, listMessages } from './store.ts'
import { messageObject } from './wire.ts'

export type CourierRouteDeps = {
  db: Db
  clock: Clock
  /** Seals page tokens. */
  sealer: Sealer
  /** Whether subjects and bodies are shown. */
  dev: boolean
}

/** The messages, for operators. */
export function courierRoutes({ db, clock, sealer, dev }: CourierRouteDeps): Route[] {
  return [
    { method: 'GET', path: '/admin/courier/messages', operationId: 'listCourierMessages', handler: list },
    { method: 'GET', path: '/admin/courier/messages/{id}', operationId: 'getCourierMessage', handler: get },
  ]

  async function list(request: Request): Promise<Response> {
    const { query } = request
    const filter = filterOf(query)
    const deps = { sealer, now: clock.now() }
    const { size, after } = messagePage(deps, query)
    // One row more than fits tells whether there is a next page.
    const rows = await listMessages(db, filter, { limit: size + 1, after })
    const page = rows.slice(0, size)
    const last = rows.length > size ? page.at(-1) : undefined
    const next = last && { createdAt: last.createdAt, id: last.id }
    return json(
      200,
      page.map((message) => messageObject(message, { dev })),
      messagePageHeaders(deps, request, { size, next }),
    )
  }

  async function get(request: Request): Promise<Response> {
    const id = parseUuid(request.params.id)
    if (id === undefined) throw errors.badRequest(undefined, { message: 'The id is no UUID.' })
    const found = await findMessage(db, id)
    if (!found) throw errors.notFound()
    return json(200, messageObject(found.message, { dev, dispatches: found.dispatches }))
  }
}

function filterOf(query: URLSearchParams): { status?: MessageStatus; recipient?: string } {
  const recipient = query.get('recipient') ?? ''
  if (recipient.includes('\0')) throw errors.badRequest('No recipient holds a NUL character.')
  const wanted = query.get('status')
  const status = messageStatuses.find((each) => each === wanted)
  if (wanted !== null && status === undefined)
    throw errors.badRequest(
      `${JSON.stringify(wanted.slice(0, 100))} is no status. There are ${messageStatuses.join(', ')}.`,
    )
  return { ...(status === undefined ? {} : { status }), ...(recipient === '' ? {} : { recipient }) }
}
