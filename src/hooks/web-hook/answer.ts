import { HookRefusal } from '../../flows/hook.ts'
import type { Problem } from '../../flows/form.ts'
import { recoveryAddressBody, verifiableAddressBody } from '../../identities/body.ts'
import { rawOrNull, recoveryTemplate, verifiableTemplate } from '../../identities/create.ts'
import { withState } from '../../identities/change.ts'
import type { Identity, IdentityWithCredentials } from '../../identities/identity.ts'
import { nodeOfPointer } from '../../identities/schema/report.ts'
import type { Normalisers } from '../../identities/schema/derive.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import type { Clock } from '../../lib/clock.ts'
import {
  anything,
  decodeJson,
  integer,
  listOf,
  objectOf,
  raw,
  text,
  type Decoded,
  type Decoder,
} from '../../lib/decode.ts'
import { isObject, type Json, type RawJson } from '../../lib/json.ts'
import { messages, type UiText } from '../../ui/messages.ts'

const refusal = objectOf({
  messages: listOf(
    objectOf({
      instance_ptr: text,
      messages: listOf(objectOf({ id: integer, text, type: text, context: anything }), {}),
    }),
    {},
  ),
})

/**
 * What a target wants a person to mend.
 * @throws Error when the answer says nothing of the kind
 */
export function readRefusal(body: string): HookRefusal {
  const places = decodeJson(body, refusal, { strict: false, whole: true })?.messages ?? []
  if (places.length === 0) throw new Error('The target refused without messages.')
  const problems = places.flatMap(({ instance_ptr: pointer = '', messages: list = [] }): Problem[] =>
    list.map((message) => ({ node: nodeOfPointer(pointer), message: textOf(message) })),
  )
  return new HookRefusal(problems)
}

type MessageBody = { id?: number; text?: string; type?: string; context?: Json }

const textOf = ({ id = 0, text: words = '', type, context }: MessageBody): UiText => ({
  id,
  text: words,
  type: type === 'error' ? 'error' : 'info',
  ...(isObject(context) ? { context: context as Record<string, Json> } : {}),
})

/** A text in which `null` means the empty one. */
const clearable: Decoder<string> = (value, at, rules) => (value === null ? '' : text(value, at, rules))

const changes = objectOf({
  identity: objectOf({
    traits: raw,
    schema_id: text,
    state: text,
    verifiable_addresses: listOf(verifiableAddressBody, {}),
    recovery_addresses: listOf(recoveryAddressBody, {}),
    metadata_public: raw,
    metadata_admin: raw,
    external_id: clearable,
  }),
})

export type IdentityChange = NonNullable<Decoded<typeof changes>['identity']>

/**
 * What a target wants an identity to be. Undefined when it says nothing about it.
 * @throws DecodeError for anything but a JSON text of this shape
 */
export const readChange = (body: string): IdentityChange | undefined =>
  decodeJson(body, changes, { strict: false, whole: true })?.identity

/**
 * An identity with what a target changed about it; the very same when that is nothing. It has to go through its schema
 * again before it is stored.
 * @throws HookRefusal for a schema that does not exist and for a state that nobody can be in
 */
export function withChange(
  { schemas, normalisers, clock }: { schemas: Pick<IdentitySchemas, 'has'>; normalisers: Normalisers; clock: Clock },
  identity: IdentityWithCredentials,
  change: IdentityChange,
): IdentityWithCredentials {
  const now = clock.now()
  const { schema_id: schemaId, external_id: externalId } = change
  if (schemaId && !schemas.has(schemaId)) {
    const reason = 'A step of this flow asked for an identity schema that does not exist.'
    throw refusedChange(messages.generic({ reason }))
  }
  const state = stateIn(change)
  const verifiable = change.verifiable_addresses ?? []
  const recovery = change.recovery_addresses ?? []
  const { externalId: before, ...bare } = identity
  const external = externalId === undefined ? before : externalId
  const next: IdentityWithCredentials = {
    ...bare,
    ...(external ? { externalId: external } : {}),
    ...(schemaId ? { schemaId } : {}),
    ...(given(change.traits) ? { traits: change.traits } : {}),
    ...(given(change.metadata_public) ? { metadataPublic: rawOrNull(change.metadata_public) } : {}),
    ...(given(change.metadata_admin) ? { metadataAdmin: rawOrNull(change.metadata_admin) } : {}),
    ...(verifiable.length > 0
      ? {
          verifiableAddresses: verifiable
            .flatMap((address) => verifiableTemplate(address, normalisers.normaliseGracefully, now))
            .map((fresh) => {
              const known = identity.verifiableAddresses.find(sameAs(fresh))
              return known ? { ...fresh, id: known.id, createdAt: known.createdAt } : fresh
            }),
        }
      : {}),
    ...(recovery.length > 0
      ? {
          recoveryAddresses: recovery
            .flatMap((address) => recoveryTemplate(address, normalisers.normaliseGracefully, now))
            .map((fresh) => identity.recoveryAddresses.find(sameAs(fresh)) ?? fresh),
        }
      : {}),
  }
  return state ? withState(next, state, clock) : next
}

const refusedChange = (message: UiText): HookRefusal =>
  new HookRefusal([{ node: undefined, message }], { ofChange: true })

/** compat: whatever is not `active` is told like a disabled account – identity/identity.go */
function stateIn({ state }: IdentityChange): Identity['state'] | undefined {
  if (!state) return undefined
  if (state === 'active' || state === 'inactive') return state
  throw refusedChange(messages.accountDisabled())
}

const given = (value: RawJson | undefined): value is RawJson => value !== undefined && value.text !== 'null'

const sameAs =
  ({ via, value }: { via: string; value: string }) =>
  (other: { via: string; value: string }) =>
    other.via === via && other.value === value
