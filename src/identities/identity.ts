import type { Json, RawJson } from '../lib/json.ts'
import type { Micros } from '../lib/clock.ts'

export const credentialTypes = [
  'password',
  'oidc',
  'saml',
  'totp',
  'lookup_secret',
  'webauthn',
  'code',
  'link_recovery',
  'code_recovery',
  'deviceauthn',
  'passkey',
] as const
export type CredentialType = (typeof credentialTypes)[number]

/**
 * How long an identifier, an address or an external id may be. All have to be unique, and PostgreSQL's indexes take
 * little more.
 */
export const maxIdentifierBytes = 2048

export type Aal = 'aal0' | 'aal1' | 'aal2'
export type Via = 'email' | 'sms'

export type Credential = {
  type: CredentialType
  /** Ascending, each once. */
  identifiers: string[]
  /** Shape by type, as contract and database hold it: `{ hashed_password }`, `{ providers }`, … */
  config: Record<string, Json>
  version: number
  createdAt: Micros
  updatedAt: Micros
}

export type VerifiableAddress = {
  id: string
  via: Via
  /** Normalised. */
  value: string
  verified: boolean
  status: 'pending' | 'sent' | 'completed'
  verifiedAt?: Micros
  createdAt: Micros
  updatedAt: Micros
}

export type RecoveryAddress = {
  id: string
  via: Via
  /** Normalised. */
  value: string
  breakGlassForOrganization?: string
  createdAt: Micros
  updatedAt: Micros
}

/** A person or thing that can sign in. Values are never changed in place; every change makes a new object. */
export type Identity = {
  id: string
  /** A name that another system gave it; unique. */
  externalId?: string
  schemaId: string
  state: 'active' | 'inactive'
  stateChangedAt?: Micros
  traits: RawJson
  metadataPublic: RawJson | null
  metadataAdmin: RawJson | null
  organizationId: string | null
  /** The highest level that its credentials allow, as computed at the last write; null when never computed. */
  availableAal: Aal | null
  verifiableAddresses: VerifiableAddress[]
  recoveryAddresses: RecoveryAddress[]
  createdAt: Micros
  updatedAt: Micros
}

export type Credentials = Partial<Record<CredentialType, Credential>>

/** An identity together with what it signs in with. */
export type IdentityWithCredentials = Identity & { credentials: Credentials }

export const credentialsOf = (identity: IdentityWithCredentials): Credential[] => Object.values(identity.credentials)
