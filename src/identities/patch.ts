import type { Db } from '../db/db.ts'
import { refusalOfHash } from '../crypto/hashers/index.ts'
import { ApiError, errors } from '../errors.ts'
import { DecodeError, decodeJson, decodeValue, type Decoder } from '../lib/decode.ts'
import { encodeJson, isObject, parseLossless, RawJson, type Json } from '../lib/json.ts'
import { patchedBody, type PatchedBody } from './body.ts'
import { changeIdentity, withState, type Change } from './change.ts'
import {
  checkRegion,
  fitSchema,
  rawOrNull,
  recoveryTemplate,
  stateOf,
  verifiableTemplate,
  verification,
  type FitDeps,
} from './create.ts'
import {
  credentialTypes,
  type Credential,
  type Credentials,
  type CredentialType,
  type IdentityWithCredentials,
  type VerifiableAddress,
} from './identity.ts'
import { handleIdentifier } from './import.ts'
import { applyPatch, PatchError, readPatch, type PatchOperation } from './json-patch.ts'
import { openedConfig } from './sealed.ts'
import { changedCredential } from './update.ts'
import { identityWire, patchableCredentials } from './wire.ts'

export type PatchDeps = FitDeps & { db: Db; publicBaseUrl: string }

/**
 * Applies a JSON patch to an identity as operators see it, with what its credentials hold.
 * @param body as received; it is read only once the identity is found
 * @throws errors.notFound, errors.badRequest, errors.conflict
 */
export async function patchIdentity(
  deps: PatchDeps,
  id: string,
  body: () => Promise<string>,
): Promise<Change & { region: string | undefined }> {
  let operations: PatchOperation[] | undefined
  let region: string | undefined
  const change = await changeIdentity(deps, id, async (before) => {
    if (!operations) ({ operations, region } = takeRegion(await refusing(async () => readBody(await body()))))
    const current = operations
    const draft = await refusing(() => patched(deps, before, current))
    return keepUnchangedAddresses(before, await fitSchema(deps, draft))
  })
  return { ...change, region }
}

const anyValue: Decoder<{ value: unknown }> = (value) => ({ value })

function readBody(text: string): PatchOperation[] {
  const operations = readPatch(decodeJson(text, anyValue, { strict: false, whole: true })?.value)
  for (const { path } of operations)
    if (isClosed(path))
      throw new PatchError(`The path ${JSON.stringify(path.slice(0, 200))} cannot be changed by a patch.`)
  return operations
}

// compat: `/stateChangedAt` is closed, but `/state_changed_at` is open – identity/handler.go
const closed = new Set(['/id', '/statechangedat', '/credentials', '/credentials/oidc', '/credentials/saml'])
const closedBelow = ['/credentials/oidc/', '/credentials/saml/']

function isClosed(path: string): boolean {
  const lower = path.toLowerCase()
  return closed.has(lower) || closedBelow.some((start) => lower.startsWith(start))
}

/** The region is no part of the document, as it is not stored. */
function takeRegion(all: PatchOperation[]): { operations: PatchOperation[]; region: string | undefined } {
  const isRegion = ({ path }: PatchOperation) => path === '/region'
  let region: string | undefined
  for (const operation of all.filter(isRegion)) {
    if (operation.op === 'remove' || typeof operation.value !== 'string' || operation.value === '')
      throw errors.badRequest('The region can be set, to the name of one.')
    region = operation.value
    checkRegion(region)
  }
  return { operations: all.filter((operation) => !isRegion(operation)), region }
}

/** The cause is the message, what it spoilt the reason. */
async function refusing<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const tooLarge = error instanceof ApiError && error.body.status === 413
    if (!tooLarge && !(error instanceof PatchError) && !(error instanceof DecodeError)) throw error
    throw errors.badRequest('The patch could not be applied to the identity.', { message: error.message, cause: error })
  }
}

/** The identity that a patch makes, before its schema has been applied. */
function patched(
  deps: PatchDeps,
  before: IdentityWithCredentials,
  operations: readonly PatchOperation[],
): IdentityWithCredentials {
  const { clock, normalisers } = deps
  const original = documentOf(deps, before)
  const document = documentOf(deps, before)
  applyPatch(document, operations)
  const body = decodeValue(document, patchedBody, { strict: false, exactNames: true }) ?? {}
  const now = clock.now()
  const { externalId: _, stateChangedAt: __, ...kept } = before
  const draft: IdentityWithCredentials = {
    ...kept,
    ...(body.external_id ? { externalId: body.external_id } : {}),
    ...(body.state_changed_at === undefined ? {} : { stateChangedAt: body.state_changed_at }),
    schemaId: body.schema_id ?? '',
    traits: sameOr(before.traits, original.traits, body.traits) ?? RawJson.of({}),
    metadataPublic: rawOrNull(sameOr(before.metadataPublic, original.metadata_public, body.metadata_public)),
    metadataAdmin: rawOrNull(sameOr(before.metadataAdmin, original.metadata_admin, body.metadata_admin)),
    organizationId: body.organization_id ?? null,
    credentials: patchedCredentials(deps, before, body.credentials ?? {}, now),
    verifiableAddresses: (body.verifiable_addresses ?? []).flatMap((a) =>
      patchedAddress(before, a, normalisers.normaliseGracefully, now),
    ),
    recoveryAddresses: (body.recovery_addresses ?? []).flatMap(
      (a) =>
        before.recoveryAddresses.find((old) => old.id === a.id && old.via === a.via && old.value === a.value) ??
        recoveryTemplate(a, normalisers.normaliseGracefully, now),
    ),
    updatedAt: now,
  }
  return body.state === before.state ? draft : withState(draft, stateOf(body.state ?? ''), clock)
}

const documentOf = (deps: PatchDeps, identity: IdentityWithCredentials): Record<string, unknown> =>
  parseLossless(
    encodeJson(
      identityWire(identity, deps.publicBaseUrl, {
        withAdminMetadata: true,
        credentials: patchableCredentials(deps, identity.credentials),
      }),
    ),
  ) as Record<string, unknown>

// What no operation changed keeps the text that it had.
const sameOr = (stored: RawJson | null, original: unknown, now: RawJson | undefined): RawJson | undefined =>
  stored !== null && now?.text === JSON.stringify(original) ? stored : now

type AddressBody = NonNullable<PatchedBody['verifiable_addresses']>[number]

function patchedAddress(
  before: IdentityWithCredentials,
  a: AddressBody,
  normalise: (text: string) => string,
  now: number,
): VerifiableAddress[] {
  const old = before.verifiableAddresses.find(
    (stored) => stored.id === a.id && stored.via === a.via && stored.value === a.value,
  )
  if (!old) return verifiableTemplate(a, normalise, now)
  const { verifiedAt: _, ...kept } = old
  const next = { ...kept, ...verification(a, now) }
  return [sameVerification(old, next) ? old : { ...next, updatedAt: now }]
}

const sameVerification = (a: VerifiableAddress, b: VerifiableAddress): boolean =>
  a.verified === b.verified && a.status === b.status && a.verifiedAt === b.verifiedAt

/** Addresses that were derived afresh and came out as they are stored are the stored ones. */
function keepUnchangedAddresses(
  before: IdentityWithCredentials,
  after: IdentityWithCredentials,
): IdentityWithCredentials {
  return {
    ...after,
    verifiableAddresses: after.verifiableAddresses.map(
      (a) =>
        before.verifiableAddresses.find(
          (old) => old.via === a.via && old.value === a.value && sameVerification(old, a),
        ) ?? a,
    ),
    recoveryAddresses: after.recoveryAddresses.map(
      (a) =>
        before.recoveryAddresses.find(
          (old) =>
            old.via === a.via && old.value === a.value && old.breakGlassForOrganization === a.breakGlassForOrganization,
        ) ?? a,
    ),
  }
}

function patchedCredentials(
  deps: PatchDeps,
  before: IdentityWithCredentials,
  document: Json,
  now: number,
): Credentials {
  if (!isObject(document)) throw new PatchError('"credentials" has to be an object.')
  const out: Credentials = {}
  for (const [key, value] of Object.entries(document)) {
    const type = credentialTypes.find((t) => t === key)
    if (!type) throw new PatchError(`There is no credential type ${JSON.stringify(key.slice(0, 100))}.`)
    if (!isObject(value) || value.type !== type)
      throw new PatchError(`The credential "${type}" has to be an object of the same type.`)
    out[type] = patchedCredential(deps, before, type, value.config, now)
  }
  return out
}

const firstVersion: Partial<Record<CredentialType, number>> = { password: 1, webauthn: 1, code: 1 }

function patchedCredential(
  deps: PatchDeps,
  { id, credentials }: IdentityWithCredentials,
  type: CredentialType,
  config: unknown,
  now: number,
): Credential {
  const old = credentials[type]
  // Links are closed to patches, with everything in them.
  if (old && (type === 'oidc' || type === 'saml')) return old
  if (config !== undefined && config !== null && !isObject(config))
    throw new PatchError(`The config of the credential "${type}" has to be an object.`)
  const next = (config ?? {}) as Record<string, Json>
  // What no operation touched stays sealed as it is.
  if (old && JSON.stringify(next) === JSON.stringify(openedConfig(deps, old))) return old
  if (type === 'password') checkHash(old, next)
  const identifiers = identifiersOf(type, { id, old, config: next })
  return changedCredential(
    old,
    { type, identifiers, config: next, version: old?.version ?? firstVersion[type] ?? 0 },
    now,
  )
}

/** Identifiers follow from what the credential holds, or later from the traits; nobody writes them by hand. */
function identifiersOf(
  type: CredentialType,
  { id, old, config }: { id: string; old: Credential | undefined; config: Record<string, Json> },
): string[] {
  if (type === 'totp' || type === 'lookup_secret') return [id]
  const handle =
    type === 'passkey' && typeof config.user_handle === 'string' ? [handleIdentifier(config.user_handle)] : []
  return [...new Set([...(old?.identifiers ?? []), ...handle])]
}

function checkHash(old: Credential | undefined, { hashed_password: hash }: Record<string, Json>): void {
  if (hash === undefined || hash === '' || hash === old?.config.hashed_password) return
  const refusal = typeof hash === 'string' ? refusalOfHash(hash) : 'The password hash has to be a text.'
  if (refusal !== undefined) throw new PatchError(refusal)
}
