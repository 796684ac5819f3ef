import { rfc3339 } from '../lib/clock.ts'
import type { Cipher } from '../crypto/cipher.ts'
import type { Vault } from '../crypto/vault.ts'
import { joinPath } from '../http/urls.ts'
import type { Json } from '../lib/json.ts'
import type {
  Credential,
  CredentialType,
  Credentials,
  Identity,
  RecoveryAddress,
  VerifiableAddress,
} from './identity.ts'
import { openedConfig } from './sealed.ts'
import type {
  IdentityCredentials,
  IdentityView,
  PublicIdentityView,
  RecoveryIdentityAddress,
  VerifiableIdentityAddress,
} from './wire-schema.ts'

/** `<public>/schemas/<base64url of the id>`. */
export function schemaUrl(publicBaseUrl: string, schemaId: string): string {
  const key = `${publicBaseUrl} ${schemaId}`
  let url = schemaUrls.get(key)
  if (url === undefined) {
    url = joinPath(publicBaseUrl, 'schemas', Buffer.from(schemaId).toString('base64url'))
    // Ids that are no longer configured can still be in the database; the memory is bounded all the same.
    if (schemaUrls.size > 1000) schemaUrls.clear()
    schemaUrls.set(key, url)
  }
  return url
}

const schemaUrls = new Map<string, string>()

/** An identity as its owner and their applications see it: no credentials, no admin metadata. */
export const publicIdentity = (identity: Identity, publicBaseUrl: string): PublicIdentityView =>
  identityWire(identity, publicBaseUrl, {})

/** An identity as operators see it. */
export const adminIdentity = (identity: Identity, publicBaseUrl: string): IdentityView =>
  identityWire(identity, publicBaseUrl, { withAdminMetadata: true })

export type IdentityParts = {
  /** Ready for the wire, from `adminCredentials`. */
  credentials?: Record<string, IdentityCredentials>
  withAdminMetadata?: boolean
  /** Whose address `schema_url` is, if not of the identity's own schema. */
  urlOfSchema?: string
  /** Echoed where it was given; it is not stored. */
  region?: string
}

/** An identity with what an answer adds to what everybody sees. */
export const identityWire = (
  identity: Identity,
  publicBaseUrl: string,
  { credentials, withAdminMetadata, urlOfSchema, region }: IdentityParts,
): IdentityView => ({
  id: identity.id,
  ...(identity.externalId ? { external_id: identity.externalId } : {}),
  ...(credentials && Object.keys(credentials).length > 0 ? { credentials } : {}),
  schema_id: identity.schemaId,
  schema_url: schemaUrl(publicBaseUrl, urlOfSchema ?? identity.schemaId),
  state: identity.state,
  ...(identity.stateChangedAt === undefined ? {} : { state_changed_at: rfc3339(identity.stateChangedAt) }),
  traits: identity.traits,
  ...(identity.verifiableAddresses.length === 0
    ? {}
    : { verifiable_addresses: identity.verifiableAddresses.map(verifiableAddress) }),
  ...(identity.recoveryAddresses.length === 0
    ? {}
    : { recovery_addresses: identity.recoveryAddresses.map(recoveryAddress) }),
  metadata_public: identity.metadataPublic,
  ...(withAdminMetadata ? { metadata_admin: identity.metadataAdmin } : {}),
  created_at: rfc3339(identity.createdAt),
  updated_at: rfc3339(identity.updatedAt),
  organization_id: identity.organizationId,
  ...(region === undefined ? {} : { region }),
})

export const verifiableAddress = (a: VerifiableAddress): VerifiableIdentityAddress => ({
  id: a.id,
  value: a.value,
  verified: a.verified,
  via: a.via,
  status: a.status,
  ...(a.verifiedAt === undefined ? {} : { verified_at: rfc3339(a.verifiedAt) }),
  created_at: rfc3339(a.createdAt),
  updated_at: rfc3339(a.updatedAt),
})

export const recoveryAddress = (a: RecoveryAddress): RecoveryIdentityAddress => ({
  id: a.id,
  value: a.value,
  via: a.via,
  ...(a.breakGlassForOrganization === undefined ? {} : { break_glass_for_organization: a.breakGlassForOrganization }),
  created_at: rfc3339(a.createdAt),
  updated_at: rfc3339(a.updatedAt),
})

/** A credential for operators; `config` only where it was asked for. */
export const adminCredential = (
  credential: Credential,
  config: Record<string, unknown> | undefined,
): IdentityCredentials => ({
  type: credential.type,
  identifiers: credential.identifiers,
  ...(config === undefined ? {} : { config }),
  version: credential.version,
  created_at: rfc3339(credential.createdAt),
  updated_at: rfc3339(credential.updatedAt),
})

/** Credentials as a read shows them: those of `open` with what they hold. */
export const adminCredentials = (
  deps: OpenDeps,
  credentials: Credentials,
  open: readonly CredentialType[],
): Record<string, IdentityCredentials> =>
  Object.fromEntries(
    Object.values(credentials).map((credential) => [
      credential.type,
      adminCredential(credential, open.includes(credential.type) ? openConfig(deps, credential) : undefined),
    ]),
  )

/** Credentials as the answer to a write shows them. `justCreated` ones have no version yet where it follows from a read. */
export const writtenCredentials = (
  credentials: Credentials,
  { justCreated = false } = {},
): Record<string, IdentityCredentials> =>
  Object.fromEntries(
    Object.values(credentials).map((credential) => [
      credential.type,
      {
        ...adminCredential(credential, undefined),
        // compat: null, not an empty list – identity/credentials.go
        identifiers: credential.identifiers.length === 0 ? null : credential.identifiers,
        ...(justCreated && (credential.type === 'password' || credential.type === 'webauthn') ? { version: 0 } : {}),
      },
    ]),
  )

/** Every credential with its config: the document that a patch changes. Tokens stay as they are stored. */
export const patchableCredentials = (
  deps: { vault: Vault },
  credentials: Credentials,
): Record<string, IdentityCredentials> =>
  Object.fromEntries(
    Object.values(credentials).map((credential) => [
      credential.type,
      adminCredential(credential, openedConfig(deps, credential)),
    ]),
  )

type OpenDeps = { cipher: Cipher; vault: Vault }

function openConfig({ cipher, vault }: OpenDeps, credential: Credential): Record<string, unknown> | undefined {
  const { type } = credential
  const config = openedConfig({ vault }, credential)
  switch (type) {
    case 'oidc': {
      const providers = listOf(config.providers).map(
        ({ subject, provider, organization, use_auto_link: autoLink, ...tokens }) => ({
          initial_id_token: decrypted(cipher, tokens.initial_id_token),
          initial_access_token: decrypted(cipher, tokens.initial_access_token),
          initial_refresh_token: decrypted(cipher, tokens.initial_refresh_token),
          ...linkWire({ subject, provider, organization, autoLink }),
        }),
      )
      return providers.length === 0 ? undefined : { providers }
    }
    case 'saml': {
      const providers = listOf(config.providers).map(({ subject, provider, organization, use_auto_link: autoLink }) =>
        linkWire({ subject, provider, organization, autoLink }),
      )
      return providers.length === 0 ? undefined : { providers }
    }
    case 'deviceauthn':
      return { ...config, credentials: listOf(config.credentials).map(withoutPin) }
    default:
      return config
  }
}

function withoutPin(key: Record<string, Json | undefined>): Record<string, Json | undefined> {
  const { pin: _, ...shown } = key
  return shown
}

const listOf = (value: Json | undefined): Record<string, Json | undefined>[] =>
  Array.isArray(value) ? (value as Record<string, Json>[]) : []

type LinkMembers = Record<'subject' | 'provider' | 'organization' | 'autoLink', Json | undefined>

const linkWire = ({ subject, provider, organization, autoLink }: LinkMembers) => ({
  subject: subject ?? '',
  provider: provider ?? '',
  ...(organization ? { organization } : {}),
  ...(autoLink ? { use_auto_link: true } : {}),
})

// A token that no key opens any more is of no use; the rest of the credential is.
function decrypted(cipher: Cipher, token: Json | undefined): string {
  if (typeof token !== 'string' || token === '') return ''
  try {
    return cipher.decrypt(token)
  } catch {
    return ''
  }
}
