import {
  anything,
  base64,
  flag,
  integer,
  listOf,
  moment,
  objectOf,
  raw,
  text,
  uuid,
  type Decoded,
  type Decoder,
} from '../lib/decode.ts'
import { Secret } from '../crypto/secret.ts'

/** A text that must not show up anywhere. */
const secret: Decoder<Secret> = (value, at, rules) => {
  const written = text(value, at, rules)
  return written === undefined ? undefined : new Secret(written)
}

const imported = <T>(config: Decoder<T>) => objectOf({ config })
const link = { subject: text, provider: text, organization: uuid }

const authenticator = objectOf({ aaguid: base64, sign_count: integer, clone_warning: flag })
const flags = objectOf({ user_present: flag, user_verified: flag, backup_eligible: flag, backup_state: flag })
const attestation = objectOf({
  client_dataJSON: base64,
  client_data_hash: base64,
  authenticator_data: base64,
  public_key_algorithm: integer,
  object: base64,
})
const securityKey = objectOf({
  id: base64,
  public_key: base64,
  attestation_type: text,
  authenticator,
  display_name: text,
  added_at: moment,
  is_passwordless: flag,
  flags,
  transport: listOf(text, ''),
  attestation,
})
const securityKeys = imported(objectOf({ credentials: listOf(securityKey, {}), user_handle: base64 }))

export type SecurityKeyImport = Decoded<typeof securityKey>

/** Credentials that an operator brings along, each as `{ config }`. */
const imports = objectOf({
  password: imported(objectOf({ password: secret, hashed_password: text, use_password_migration_hook: flag })),
  oidc: imported(objectOf({ providers: listOf(objectOf({ ...link, use_auto_link: flag }), {}) })),
  saml: imported(objectOf({ providers: listOf(objectOf(link), {}) })),
  totp: imported(objectOf({ totp_url: text })),
  lookup_secret: imported(objectOf({ codes: listOf(objectOf({ code: text, used_at: moment }), {}) })),
  webauthn: securityKeys,
  passkey: securityKeys,
})

export type Imports = Decoded<typeof imports>

const moments = { created_at: moment, updated_at: moment }

/** An address as it stands in bodies and in the document that a patch changes. */
export const verifiableAddressBody = objectOf({
  id: uuid,
  value: text,
  verified: flag,
  via: text,
  status: text,
  verified_at: moment,
  ...moments,
})
export const recoveryAddressBody = objectOf({
  id: uuid,
  value: text,
  via: text,
  break_glass_for_organization: uuid,
  ...moments,
})

const updateMembers = {
  schema_id: text,
  traits: raw,
  credentials: imports,
  metadata_public: raw,
  metadata_admin: raw,
  state: text,
  external_id: text,
  region: text,
}

/** The body of a new identity. */
export const createBody = objectOf({
  ...updateMembers,
  verifiable_addresses: listOf(verifiableAddressBody, {}),
  recovery_addresses: listOf(recoveryAddressBody, {}),
  organization_id: uuid,
})

export type CreateBody = Decoded<typeof createBody>

/** The body of `PUT`; what else there may be is not looked at. */
export const updateBody = objectOf(updateMembers)

export type UpdateBody = Decoded<typeof updateBody>

export const batchBody = objectOf({ identities: listOf(objectOf({ create: createBody, patch_id: uuid }), {}) })

export type BatchBody = Decoded<typeof batchBody>

/** The document that `PATCH` changes, as far as what comes out of it counts. */
export const patchedBody = objectOf({
  schema_id: text,
  traits: raw,
  metadata_public: raw,
  metadata_admin: raw,
  state: text,
  state_changed_at: moment,
  external_id: text,
  organization_id: uuid,
  verifiable_addresses: listOf(verifiableAddressBody, {}),
  recovery_addresses: listOf(recoveryAddressBody, {}),
  credentials: anything,
})

export type PatchedBody = Decoded<typeof patchedBody>
