import type { JsonObject, Message } from '../courier/message.ts'
import type { Statement } from '../db/db.ts'
import { nilUuid } from '../lib/uuid.ts'

/** Takes messages that are to be delivered. */
export type Outbox = {
  /**
   * Renders a message, and says what queues it: this belongs into the transaction of whatever causes the message.
   * @throws errors.badRequest for a recipient whom nothing can reach, and whatever a broken template throws
   */
  enqueue(message: Message): Promise<readonly Statement[]>
  /** The same work for a message that nobody is to get: once the statements have run, nothing of it is left. */
  rehearse(message: Message): Promise<readonly Statement[]>
  /** Says that something was queued, so that it leaves at once. */
  notify(): void
}

/**
 * The same work where there is nobody to send a message to, so that the time of an answer does not tell who exists.
 * @param delivers whether the message is sent after all, as operators may wish
 */
export async function enqueueForStranger(
  outbox: Outbox,
  message: Message,
  { delivers }: { delivers: boolean },
): Promise<readonly Statement[]> {
  try {
    return await (delivers ? outbox.enqueue(message) : outbox.rehearse(message))
  } catch {
    // An address that nothing can reach belongs to nobody; the answer must not tell it from any other.
    return []
  }
}

/** Somebody who does not exist, for messages that are only rehearsed: as much work to show as anybody. */
export const stranger = (address: string): JsonObject => ({
  id: nilUuid,
  schema_id: 'default',
  schema_url: '',
  state: 'active',
  state_changed_at: '1970-01-01T00:00:00Z',
  traits: { email: address },
  verifiable_addresses: [{ id: nilUuid, value: address, verified: true, via: 'email', status: 'completed' }],
  recovery_addresses: [{ id: nilUuid, value: address, via: 'email' }],
  metadata_public: null,
  created_at: '1970-01-01T00:00:00Z',
  updated_at: '1970-01-01T00:00:00Z',
  organization_id: null,
})
