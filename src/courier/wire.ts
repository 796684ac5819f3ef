import { rfc3339 } from '../lib/clock.ts'
import type { Dispatch, StoredMessage } from './message.ts'
import type { DispatchView, MessageView } from './wire-schema.ts'

const redacted = '<redacted-unless-dev-mode>'

/** A message as operators see it. What it says is shown in development only: it may hold a code that opens an account. */
export const messageObject = (
  message: StoredMessage,
  { dev, dispatches = [] }: { dev: boolean; dispatches?: readonly Dispatch[] },
): MessageView => ({
  id: message.id,
  status: message.status,
  type: message.via,
  recipient: message.recipient,
  body: dev ? message.body : redacted,
  subject: dev ? message.subject : redacted,
  template_type: message.template,
  channel: message.via,
  send_count: message.sendCount,
  ...(dispatches.length === 0 ? {} : { dispatches: dispatches.map(dispatchObject) }),
  created_at: rfc3339(message.createdAt),
  updated_at: rfc3339(message.updatedAt),
})

const dispatchObject = ({ id, messageId, status, error, createdAt }: Dispatch): DispatchView => ({
  id,
  message_id: messageId,
  status,
  error,
  created_at: rfc3339(createdAt),
  updated_at: rfc3339(createdAt),
})
