import type { Db, Param, Row, Statement } from '../db/db.ts'
import type { Micros } from '../lib/clock.ts'
import type { Dispatch, JsonObject, MessageStatus, StoredMessage, TemplateName, Via } from './message.ts'

const columns =
  'id, status, type, recipient, subject, body, html_body, template_type, template_data, request_headers, send_count, created_at, updated_at'

function messageFrom(row: Row): StoredMessage {
  return {
    id: row.id as string,
    status: row.status as MessageStatus,
    via: row.type as Via,
    recipient: row.recipient as string,
    subject: row.subject as string,
    body: row.body as string,
    htmlBody: row.html_body as string | null,
    template: row.template_type as TemplateName,
    data: JSON.parse(row.template_data as string) as JsonObject,
    requestHeaders: JSON.parse(row.request_headers as string) as Record<string, string[]>,
    sendCount: row.send_count as number,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
  }
}

/** Queues a message; it may be sent at once. */
export const insertMessage = (m: StoredMessage): Statement => ({
  sql: `insert into courier_messages (${columns}, due_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
  params: [
    m.id,
    m.status,
    m.via,
    m.recipient,
    m.subject,
    m.body,
    m.htmlBody,
    m.template,
    JSON.stringify(m.data),
    JSON.stringify(m.requestHeaders),
    m.sendCount,
    m.createdAt,
    m.updatedAt,
    m.createdAt,
  ],
})

/** Takes a message back, within the transaction that queues it: nobody ever sees it. */
export const withdrawMessage = (id: string): Statement => ({
  sql: 'delete from courier_messages where id = $1',
  params: [id],
})

const claimSet = `set status = 'processing', claim = $1, send_count = send_count + 1, updated_at = $2, due_at = $3`

/** The claim in the words of each engine: PostgreSQL passes over rows that another dispatcher is taking just now. */
const claimSql = {
  sqlite: `update courier_messages ${claimSet}
            where id in (select id from courier_messages where due_at <= $2 order by due_at, id limit $4) returning ${columns}`,
  postgres: `with due as materialized (
              select id as due_id from courier_messages where due_at <= $2 order by due_at, id limit $4 for update skip locked)
            update courier_messages ${claimSet} from due where id = due_id returning ${columns}`,
}

/**
 * Takes up to `limit` due messages for one dispatcher, oldest first. Until `leaseUntil` no other one takes them; their
 * count of tries is raised, so that one that ends its dispatcher every time is given up in the end.
 */
export async function claimMessages(
  db: Db,
  { claim, now, leaseUntil, limit }: { claim: string; now: Micros; leaseUntil: Micros; limit: number },
): Promise<StoredMessage[]> {
  // A batch is tried again when the engine refuses it only because of others.
  const [claimed] = await db.batch([{ sql: claimSql[db.dialect], params: [claim, now, leaseUntil, limit] }])
  return claimed!.rows.map(messageFrom).sort((a, b) => a.createdAt - b.createdAt)
}

/** What becomes of a claimed message. `dueAt`: when it is tried again, null for never. */
export type Verdict = { id: string; claim: string; status: MessageStatus; dueAt: Micros | null; now: Micros }

/** Settles a claimed message; touches no row when the claim has passed to another dispatcher. */
export const settleMessage = ({ id, claim, status, dueAt, now }: Verdict): Statement => ({
  sql: 'update courier_messages set status = $3, due_at = $4, claim = null, updated_at = $5 where id = $1 and claim = $2',
  params: [id, claim, status, dueAt, now],
  expect: 1,
})

export const insertDispatch = ({ id, messageId, status, error, createdAt }: Dispatch): Statement => ({
  sql: 'insert into courier_message_dispatches (id, message_id, status, error, created_at) values ($1, $2, $3, $4, $5)',
  params: [id, messageId, status, error === null ? null : JSON.stringify(error), createdAt],
})

/** A place in the list of messages. */
export type MessageCursor = { createdAt: Micros; id: string }
export type MessageFilter = { status?: MessageStatus; recipient?: string }

/** Messages, newest first, behind a place. */
export async function listMessages(
  db: Db,
  { status, recipient }: MessageFilter,
  { limit, after }: { limit: number; after: MessageCursor | undefined },
): Promise<StoredMessage[]> {
  const params: Param[] = []
  const param = (value: Param) => `$${params.push(value)}`
  const conditions = [
    ...(status === undefined ? [] : [`status = ${param(status)}`]),
    ...(recipient === undefined ? [] : [`recipient = ${param(recipient)}`]),
    ...(after ? [`(created_at, id) < (${param(after.createdAt)}, ${param(after.id)})`] : []),
  ]
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
  const rows = await db.query(
    `select ${columns} from courier_messages ${where} order by created_at desc, id desc limit ${param(limit)}`,
    params,
  )
  return rows.map(messageFrom)
}

/** A message with its dispatches, newest first. */
export async function findMessage(
  db: Db,
  id: string,
): Promise<{ message: StoredMessage; dispatches: Dispatch[] } | undefined> {
  const [[row], dispatches] = await Promise.all([
    db.query(`select ${columns} from courier_messages where id = $1`, [id]),
    db.query(
      'select id, message_id, status, error, created_at from courier_message_dispatches where message_id = $1 order by created_at desc',
      [id],
    ),
  ])
  return row && { message: messageFrom(row), dispatches: dispatches.map(dispatchFrom) }
}

const dispatchFrom = (row: Row): Dispatch => ({
  id: row.id as string,
  messageId: row.message_id as string,
  status: row.status as Dispatch['status'],
  error: row.error === null ? null : (JSON.parse(row.error as string) as JsonObject),
  createdAt: row.created_at as number,
})
