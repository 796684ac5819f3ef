import { UniqueViolation, type Db } from '../db/db.ts'
import type { Vault } from '../crypto/vault.ts'
import { errors } from '../errors.ts'
import type { Micros } from '../lib/clock.ts'
import { RawJson } from '../lib/json.ts'
import { newUuid } from '../lib/uuid.ts'
import type { CreateBody } from './body.ts'
import {
  credentialsOf,
  maxIdentifierBytes,
  type Identity,
  type IdentityWithCredentials,
  type RecoveryAddress,
  type VerifiableAddress,
  type Via,
} from './identity.ts'
import { prepareImports, withImports, type ImportDeps } from './import.ts'
import { operatorReport } from './schema/report.ts'
import { sealedCredentials } from './sealed.ts'
import { insertIdentity } from './store.ts'
import { applySchema, type SchemaDeps } from './update.ts'

/** Where what an operator writes is made ready to be stored. */
export type FitDeps = SchemaDeps & { vault: Vault }
export type CreateDeps = FitDeps & ImportDeps

const regions = ['eu-central', 'asia-northeast', 'us-east', 'us-west', 'eu', 'asia', 'us', 'global']

/** @throws errors.badRequest for anything but the two states */
export function stateOf(text: string): Identity['state'] {
  if (text !== 'active' && text !== 'inactive')
    throw errors.badRequest('The state of an identity is "active" or "inactive", nothing else.')
  return text
}

/** @throws errors.badRequest for a region that does not exist */
export function checkRegion(region: string | undefined): void {
  if (region && !regions.includes(region)) throw errors.badRequest(`The region has to be one of ${regions.join(', ')}.`)
}

/** JSON `null` and nothing at all are one and the same in the database. */
export const rawOrNull = (raw: RawJson | undefined): RawJson | null =>
  raw === undefined || raw.text === 'null' ? null : raw

/** What of a body can be refused without looking at anything else. */
export function checkCreate({ state, region }: CreateBody): void {
  if (state) stateOf(state)
  checkRegion(region)
}

/**
 * The identity that a body describes, with its imported credentials, before its schema has been applied.
 * @throws errors.badRequest for a state, a region or an import that is refused
 */
export async function draftIdentity(
  { hashing, clock, schemas, normalisers }: CreateDeps,
  body: CreateBody,
): Promise<IdentityWithCredentials> {
  checkCreate(body)
  const imports = await prepareImports({ hashing }, body.credentials ?? {})
  const now = clock.now()
  const bare: IdentityWithCredentials = {
    id: newUuid(),
    ...(body.external_id ? { externalId: body.external_id } : {}),
    schemaId: body.schema_id || schemas.defaultId,
    state: body.state ? stateOf(body.state) : 'active',
    stateChangedAt: now,
    traits: body.traits ?? RawJson.of({}),
    metadataPublic: rawOrNull(body.metadata_public),
    metadataAdmin: rawOrNull(body.metadata_admin),
    organizationId: body.organization_id ?? null,
    availableAal: null,
    verifiableAddresses: (body.verifiable_addresses ?? []).flatMap((a) =>
      verifiableTemplate(a, normalisers.normaliseGracefully, now),
    ),
    recoveryAddresses: (body.recovery_addresses ?? []).flatMap((a) =>
      recoveryTemplate(a, normalisers.normaliseGracefully, now),
    ),
    credentials: {},
    createdAt: now,
    updatedAt: now,
  }
  return { ...bare, credentials: withImports(bare, imports, now) }
}

type AddressBody = NonNullable<CreateBody['verifiable_addresses']>[number]
type RecoveryBody = NonNullable<CreateBody['recovery_addresses']>[number]

const isVia = (text: string | undefined): text is Via => text === 'email' || text === 'sms'
const isStatus = (text: string): text is VerifiableAddress['status'] =>
  text === 'pending' || text === 'sent' || text === 'completed'

/**
 * Fields of an address that agree with each other: who is verified was so at some time, who is not was never.
 * @throws errors.badRequest for an unknown status
 */
export function verification(
  { verified = false, status, verified_at: verifiedAt }: Pick<AddressBody, 'verified' | 'status' | 'verified_at'>,
  now: Micros,
): Pick<VerifiableAddress, 'verified' | 'status' | 'verifiedAt'> {
  if (status && !isStatus(status))
    throw errors.badRequest('The status of an address is "pending", "sent" or "completed".')
  return {
    verified,
    status: status && isStatus(status) ? status : verified ? 'completed' : 'pending',
    ...(verified ? { verifiedAt: verifiedAt ?? now } : {}),
  }
}

/** An address of a body: it counts if a trait leads to the same one. Without a channel it never does. */
export const verifiableTemplate = (
  a: AddressBody,
  normalise: (text: string) => string,
  now: Micros,
): VerifiableAddress[] =>
  isVia(a.via)
    ? [
        {
          id: newUuid(),
          via: a.via,
          value: normalise((a.value ?? '').toLowerCase()),
          ...verification(a, now),
          createdAt: now,
          updatedAt: now,
        },
      ]
    : []

export const recoveryTemplate = (
  a: RecoveryBody,
  normalise: (text: string) => string,
  now: Micros,
): RecoveryAddress[] =>
  isVia(a.via)
    ? [
        {
          id: newUuid(),
          via: a.via,
          value: normalise((a.value ?? '').toLowerCase()),
          ...(a.break_glass_for_organization === undefined
            ? {}
            : { breakGlassForOrganization: a.break_glass_for_organization }),
          createdAt: now,
          updatedAt: now,
        },
      ]
    : []

/**
 * Applies the schema to an identity that an operator writes, and seals what its credentials hold.
 * @throws errors.badRequest when there is no such schema or the traits do not fit it
 */
export async function fitSchema(deps: FitDeps, draft: IdentityWithCredentials): Promise<IdentityWithCredentials> {
  if (!deps.schemas.has(draft.schemaId))
    throw errors.badRequest(`There is no identity schema with the id ${JSON.stringify(draft.schemaId)}.`)
  const { identity, errors: objections, emptyIdentifier } = await applySchema(deps, draft)
  if (objections.length > 0) throw errors.badRequest(operatorReport(objections))
  if (emptyIdentifier)
    throw errors.badRequest('A trait that people sign in with is there, but holds nothing that could be typed in.')
  const unique = [identity.externalId ?? '', ...credentialsOf(identity).flatMap(({ identifiers }) => identifiers)]
  if (unique.some((text) => Buffer.byteLength(text) > maxIdentifierBytes))
    throw errors.badRequest(`An external id or identifier has more than ${maxIdentifierBytes} bytes.`)
  return { ...identity, credentials: sealedCredentials(deps, identity.credentials) }
}

/**
 * Stores a new identity.
 * @throws errors.badRequest, and errors.conflict when an identifier, an address or the external id belongs to somebody else
 */
export async function createIdentity(
  deps: CreateDeps & { db: Db },
  body: CreateBody,
): Promise<IdentityWithCredentials> {
  const identity = await fitSchema(deps, await draftIdentity(deps, body))
  try {
    await deps.db.batch(insertIdentity(identity))
    return identity
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error
    throw errors.conflict('Another identity has one of its identifiers, addresses or the external id already.', {
      cause: error,
    })
  }
}
