import type { Message } from '../courier/message.ts'
import type { Statement } from '../db/db.ts'

/** Takes messages that are to be delivered. */
export type Outbox = {
  /**
   * Renders a message, and says what queues it: this belongs into the transaction of whatever causes the message.
   * @throws errors.badRequest for a recipient whom nothing can reach, and whatever a broken template throws
   */
  enqueue(message: Message): Promise<readonly Statement[]>
  /** Says that something was queued, so that it leaves at once. */
  notify(): void
}

/**
 * The same work for a message that nobody is to get, so that the time of an answer does not tell who exists.
 * @param delivers whether it is sent after all, as operators may wish
 */
export async function enqueueForStranger(
  outbox: Outbox,
  message: Message,
  { delivers }: { delivers: boolean },
): Promise<readonly Statement[]> {
  try {
    const statements = await outbox.enqueue(message)
    return delivers ? statements : []
  } catch {
    // An address that nothing can reach belongs to nobody; the answer must not tell it from any other.
    return []
  }
}
