import { rfc3339 } from '../lib/clock.ts'
import { joinPath } from '../http/urls.ts'
import type { Credential, Identity, RecoveryAddress, VerifiableAddress } from './identity.ts'

/** `<public>/schemas/<base64url of the id>`. */
export const schemaUrl = (publicBaseUrl: string, schemaId: string): string =>
  joinPath(publicBaseUrl, 'schemas', Buffer.from(schemaId).toString('base64url'))

/** An identity as its owner and their applications see it: no credentials, no admin metadata. */
export const publicIdentity = (identity: Identity, publicBaseUrl: string) => ({
  id: identity.id,
  ...(identity.externalId ? { external_id: identity.externalId } : {}),
  schema_id: identity.schemaId,
  schema_url: schemaUrl(publicBaseUrl, identity.schemaId),
  state: identity.state,
  ...(identity.stateChangedAt === undefined ? {} : { state_changed_at: rfc3339(identity.stateChangedAt) }),
  traits: identity.traits,
  ...(identity.verifiableAddresses.length === 0 ? {} : { verifiable_addresses: identity.verifiableAddresses.map(verifiableAddress) }),
  ...(identity.recoveryAddresses.length === 0 ? {} : { recovery_addresses: identity.recoveryAddresses.map(recoveryAddress) }),
  metadata_public: identity.metadataPublic,
  created_at: rfc3339(identity.createdAt),
  updated_at: rfc3339(identity.updatedAt),
  organization_id: identity.organizationId,
})

/** An identity as operators see it. `metadata_admin` follows its sibling, as on the wire. */
export const adminIdentity = (identity: Identity, publicBaseUrl: string) => ({
  ...publicIdentity(identity, publicBaseUrl),
  metadata_admin: identity.metadataAdmin,
})

export const verifiableAddress = (a: VerifiableAddress) => ({
  id: a.id,
  value: a.value,
  verified: a.verified,
  via: a.via,
  status: a.status,
  ...(a.verifiedAt === undefined ? {} : { verified_at: rfc3339(a.verifiedAt) }),
  created_at: rfc3339(a.createdAt),
  updated_at: rfc3339(a.updatedAt),
})

export const recoveryAddress = (a: RecoveryAddress) => ({
  id: a.id,
  value: a.value,
  via: a.via,
  ...(a.breakGlassForOrganization === undefined ? {} : { break_glass_for_organization: a.breakGlassForOrganization }),
  created_at: rfc3339(a.createdAt),
  updated_at: rfc3339(a.updatedAt),
})

/** A credential for operators; `config` only where it was asked for. */
export const adminCredential = (credential: Credential, config: Record<string, unknown> | undefined) => ({
  type: credential.type,
  identifiers: credential.identifiers,
  ...(config === undefined ? {} : { config }),
  version: credential.version,
  created_at: rfc3339(credential.createdAt),
  updated_at: rfc3339(credential.updatedAt),
})
