import { createHash } from 'node:crypto'
import type { Db } from '../db/db.ts'
import type { Contribution } from '../flows/contribution.ts'
import type { Held, SettingsEvent } from '../flows/settings/hook.ts'
import { findFlow } from '../flows/store.ts'
import type { Outbox } from '../flows/outbox.ts'
import type { AwaitedChange, VerificationStartDeps } from '../flows/verification/deps.ts'
import { startVerification } from '../flows/verification/start.ts'
import type { Flow } from '../flows/flow.ts'
import { clientOf } from '../http/negotiate.ts'
import { withAddress } from '../identities/address.ts'
import { findVerifiableAddress } from '../identities/addresses/store.ts'
import type { IdentityWithCredentials, VerifiableAddress, Via } from '../identities/identity.ts'
import { findPendingChange, replacePendingChange, takePendingChange } from '../identities/pending-change/store.ts'
import { canonical } from '../identities/schema/equal.ts'
import { updateIdentity } from '../identities/store.ts'
import { applySchema, type SchemaDeps } from '../identities/update.ts'
import type { Clock } from '../lib/clock.ts'
import { RawJson } from '../lib/json.ts'
import { newUuid } from '../lib/uuid.ts'
import { isActive } from '../sessions/session.ts'
import { findSession } from '../sessions/store.ts'
import { messages } from '../ui/messages.ts'

// A new address does not count before it is proven: the change is held back, something is sent to the new address, and
// only with what was sent there the change is made.

export type VerifyNewDeps = { db: Db; clock: Clock; verification: VerificationStartDeps; outbox: Outbox }

/** Holds a change back that brings a new address. @returns nothing when there is none */
export async function holdNewAddress(deps: VerifyNewDeps, event: SettingsEvent): Promise<Held | undefined> {
  const { clock, db, outbox, verification } = deps
  const { request, flow, before, identity, session } = event
  const added = identity.verifiableAddresses.filter((address) => !has(before.verifiableAddresses, address))
  const address = added[0]
  if (!address) return undefined
  if (added.length > 1)
    return { kind: 'refused', status: 200, problem: { node: undefined, message: messages.oneAddressAtATime() } }
  if (await findVerifiableAddress(db, address.via, [address.value, address.value]))
    return { kind: 'refused', status: 400, problem: { node: undefined, message: messages.identifierTaken() } }

  const started = await startVerification(verification, {
    request,
    origin: flow,
    target: { identity: before, via: address.via, address: address.value },
    transientPayload: {},
  })
  return {
    kind: 'waiting',
    verification: started,
    statements: [
      ...started.statements,
      ...replacePendingChange({
        id: newUuid(),
        identityId: before.id,
        sessionId: session.id,
        verificationFlowId: started.flow.id,
        settingsFlowId: flow.id,
        traits: identity.traits.text,
        originalTraitsHash: hashOf(before),
        createdAt: clock.now(),
      }),
    ],
    onStored: () => outbox.notify(),
  }
}

const has = (list: readonly VerifiableAddress[], { via, value }: { via: Via; value: string }): boolean =>
  list.some((address) => address.via === via && address.value === value)

const hashOf = ({ traits }: IdentityWithCredentials): string =>
  createHash('sha256').update(canonical(traits.value)).digest('base64url')

export type AwaitedChangeDeps = SchemaDeps & {
  db: Db
  /** What happens after a change of the profile. */
  afterProfile(event: SettingsEvent): Promise<Contribution>
}

/**
 * The change that a verification has been holding back. It is not made any more when its session has ended, or when
 * somebody else changed the traits since it was asked for.
 */
export const awaitedChange =
  (deps: AwaitedChangeDeps) =>
  async (
    request: SettingsEvent['request'],
    flow: Flow,
    identity: IdentityWithCredentials,
    proven: { via: Via; address: string },
  ): Promise<AwaitedChange> => {
    const { clock, db } = deps
    const pending = await findPendingChange(db, flow.id)
    const which = { via: proven.via, value: proven.address }
    // The form sends codes to other addresses of the same person, too. Those prove nothing about the new one.
    if (!pending || has(identity.verifiableAddresses, which)) return { kind: 'none' }
    const now = clock.now()
    const owned = await findSession(db, pending.sessionId)
    if (!owned || owned.identity.id !== identity.id || !isActive(owned.session, owned.identity, now))
      return { kind: 'outdated' }
    if (pending.identityId !== identity.id || pending.originalTraitsHash !== hashOf(identity))
      return { kind: 'outdated' }

    const applied = await applySchema(deps, { ...identity, traits: new RawJson(pending.traits) })
    if (applied.errors.length > 0 || !has(applied.identity.verifiableAddresses, which)) return { kind: 'outdated' }
    const changed = withAddress({ ...applied.identity, updatedAt: now }, which, {
      verified: true,
      status: 'completed',
      verifiedAt: now,
      updatedAt: now,
    })
    const origin = (await findFlow(db, 'settings', pending.settingsFlowId)) ?? flow
    const contribution = await deps.afterProfile({
      request,
      client: clientOf(request, origin.type),
      flow: origin,
      before: identity,
      identity: changed,
      session: owned.session,
      now,
    })
    const stored = contribution.identity ?? changed
    return {
      kind: 'ready',
      identity: stored,
      statements: [
        takePendingChange(pending),
        ...updateIdentity(identity, stored, { unchangedSince: identity.updatedAt }),
        ...(contribution.statements ?? []),
      ],
      onStored: () => contribution.onStored?.(),
    }
  }
