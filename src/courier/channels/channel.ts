import type { StoredMessage } from '../message.ts'

/** No try takes longer, so that a claim of twice that time never passes on while its owner is at work. */
export const sendTimeoutMs = 30_000

/** Where messages of one way are handed over. */
export type Channel = {
  /**
   * Returns once the message is taken, and takes no longer than `sendTimeoutMs`. Throws `DeliveryError`, or any other
   * error for what is wrong on this side.
   */
  send(message: StoredMessage): Promise<void>
  close(): void
}

/**
 * A message was not taken. `permanent`: trying again cannot help. `reason` is a sentence for the operator, where the
 * transport gave one. Neither holds anything of the message.
 */
export class DeliveryError extends Error {
  readonly permanent: boolean
  readonly reason: string | undefined
  constructor(
    message: string,
    { permanent = false, reason, cause }: { permanent?: boolean; reason?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.permanent = permanent
    this.reason = reason
  }
}
