import type { SettingsHook } from '../flows/settings/hook.ts'
import type { Outbox } from '../flows/outbox.ts'
import type { Statement } from '../db/db.ts'
import type { VerifiableAddress } from '../identities/identity.ts'
import { publicIdentity } from '../identities/wire.ts'

export type NotifyDeps = {
  outbox: Outbox
  publicBaseUrl: string
  /** Something could not be said to somebody; the change goes on. */
  onFailure(error: unknown): void
}

/** Who is told of a change of addresses, among the addresses from before it. */
export type Recipients = 'removed' | 'all_verified' | 'all'

/** Tells the addresses that somebody had that they have changed, so that nobody loses an account without noticing. */
export const notifyPreviousAddresses =
  ({ outbox, publicBaseUrl, onFailure }: NotifyDeps, recipients: Recipients): SettingsHook =>
  async ({ before, identity, now }) => {
    const key = ({ via, value }: VerifiableAddress) => `${via} ${value}`
    const left = new Set(identity.verifiableAddresses.map(key))
    const previous = before.verifiableAddresses
    const changed = previous.length !== left.size || previous.some((address) => !left.has(key(address)))
    if (!changed) return {}
    const told = previous.filter(
      (address) => recipients === 'all' || (recipients === 'removed' ? !left.has(key(address)) : address.verified),
    )
    const statements: Statement[] = []
    for (const { via, value } of told) {
      try {
        statements.push(
          ...(await outbox.enqueue({
            template: 'verifiable_address_changed',
            via,
            to: value,
            data: {
              identity: publicIdentity(identity, publicBaseUrl) as never,
              changed_at: new Date(Math.floor(now / 1_000_000) * 1000).toISOString().replace('.000Z', 'Z'),
            },
          })),
        )
      } catch (error) {
        onFailure(error)
      }
    }
    return { statements, onStored: () => outbox.notify() }
  }
