import { newUuid } from '../lib/uuid.ts'
import { isObject, parseLossless, RawJson, type Json } from '../lib/json.ts'
import { setOwn } from '../lib/ordered-json.ts'
import type { Clock, Micros } from '../lib/clock.ts'
import { availableAal, type FactorRules } from '../sessions/assurance.ts'
import type { SchemaError } from './schema/validate.ts'
import type { IdentitySchemas } from './schemas.ts'
import type {
  Credential,
  Credentials,
  CredentialType,
  Identity,
  IdentityWithCredentials,
  RecoveryAddress,
  VerifiableAddress,
  Via,
} from './identity.ts'
import { deriveFromTraits, type Derived, type Normalisers } from './schema/derive.ts'

export type SchemaDeps = { schemas: IdentitySchemas; normalisers: Normalisers; rules: FactorRules; clock: Clock }

export type Applied = {
  identity: IdentityWithCredentials
  /** What the schema objects to; the identity must not be stored unless this is empty. */
  errors: SchemaError[]
  /** A trait that should identify the person is there, but empty. */
  emptyIdentifier: boolean
}

/**
 * Checks an identity's traits against its schema and derives from them what follows: identifiers of credentials,
 * addresses to verify and for recovery, the highest assurance level. Addresses that the identity brings along keep
 * their id and state when a trait still leads to them; others are dropped.
 * @throws errors.invalidConfiguration when the schema cannot be used
 */
export async function applySchema(
  { schemas, normalisers, rules, clock }: SchemaDeps,
  draft: IdentityWithCredentials,
): Promise<Applied> {
  const schema = await schemas.get(draft.schemaId)
  const derived = deriveFromTraits(schema, draft.traits.value, normalisers)
  const now = clock.now()
  const credentials = deriveCredentials(draft, derived, now)
  return {
    errors: derived.errors,
    emptyIdentifier: derived.emptyIdentifier,
    identity: {
      ...draft,
      traits: derived.traitsChanged
        ? RawJson.of(withTexts(parseLossless(draft.traits.text), derived.traits))
        : draft.traits,
      credentials,
      verifiableAddresses: derived.verifiable.map(({ via, value }) =>
        verifiableFor(draft, via, normalisers.normaliseGracefully(value), now),
      ),
      recoveryAddresses: derived.recovery.map(({ via, value }) =>
        recoveryFor(draft, via, normalisers.normaliseGracefully(value), now),
      ),
      availableAal: availableAal(credentials, rules),
    },
  }
}

/** The same JSON with the texts of another of its shape, so that numbers keep their spelling. */
function withTexts(value: unknown, texts: Json): unknown {
  if (typeof texts === 'string') return texts
  if (Array.isArray(value) && Array.isArray(texts))
    return value.map((item, index) => withTexts(item, texts[index] ?? null))
  if (!isObject(value) || !isObject(texts)) return value
  const out: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value))
    setOwn(out, key, withTexts(member, (texts[key] as Json | undefined) ?? null))
  return out
}

function deriveCredentials(draft: IdentityWithCredentials, derived: Derived, now: Micros): Credentials {
  const credentials = { ...draft.credentials }
  // Without any marked trait the old identifiers stay.
  const set = (
    type: CredentialType,
    ran: boolean,
    identifiers: string[],
    config: (old: Credential | undefined) => Record<string, Json>,
  ) => {
    if (!ran) return
    const old = credentials[type]
    credentials[type] = changedCredential(
      old,
      { type, identifiers: unique(identifiers), config: config(old), version: 1 },
      now,
    )
  }
  set('password', derived.ran.password, derived.passwordIdentifiers, (old) => old?.config ?? {})
  set('webauthn', derived.ran.webauthn, derived.webauthnIdentifiers, (old) =>
    withUserHandle(draft.id, old?.config ?? {}),
  )
  set(
    'code',
    derived.ran.code,
    derived.codeIdentifiers.map(({ address }) => address),
    () => ({ addresses: sortedAddresses(derived.codeIdentifiers) }),
  )
  return credentials
}

/** Security keys are kept for a handle of the person: the bytes of the identity's id, unless an import brought another. */
export const withUserHandle = (identityId: string, config: Record<string, Json>): Record<string, Json> =>
  config.user_handle
    ? config
    : { ...config, user_handle: Buffer.from(identityId.replaceAll('-', ''), 'hex').toString('base64') }

/** A credential whose `updated_at` moves only when it really differs from the old one. */
export function changedCredential(
  old: Credential | undefined,
  next: Pick<Credential, 'type' | 'identifiers' | 'config' | 'version'>,
  now: Micros,
): Credential {
  const identifiers = next.identifiers.toSorted()
  const same =
    old &&
    JSON.stringify(old.config) === JSON.stringify(next.config) &&
    JSON.stringify(old.identifiers) === JSON.stringify(identifiers)
  return { ...next, identifiers, createdAt: old?.createdAt ?? now, updatedAt: same ? old.updatedAt : now }
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]

function sortedAddresses(list: Derived['codeIdentifiers']): Json {
  const key = (a: { address: string; channel: string }) => `${a.address} ${a.channel}`
  const seen = new Map(list.map((a) => [key(a), a]))
  return [...seen.values()]
    .toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
    .map(({ address, channel }) => ({ channel, address }))
}

function verifiableFor(draft: Identity, via: Via, value: string, now: Micros): VerifiableAddress {
  const known = draft.verifiableAddresses.find((a) => a.via === via && a.value === value)
  return known ?? { id: newUuid(), via, value, verified: false, status: 'pending', createdAt: now, updatedAt: now }
}

function recoveryFor(draft: Identity, via: Via, value: string, now: Micros): RecoveryAddress {
  const known = draft.recoveryAddresses.find((a) => a.via === via && a.value === value)
  return known ?? { id: newUuid(), via, value, createdAt: now, updatedAt: now }
}
