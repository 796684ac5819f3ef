import Type, { type Static } from 'typebox'
import { anyJson, body, choice, mapOf, moment, named, nullable, openObject, uuid } from '../http/schema.ts'
import { genericError } from '../http/error-schema.ts'
import { credentialTypes } from './identity.ts'

const via = choice(['email', 'sms'])

export const verifiableIdentityAddress = named('verifiableIdentityAddress', {
  id: uuid,
  value: Type.String(),
  verified: Type.Boolean(),
  via,
  status: choice(['pending', 'sent', 'completed']),
  verified_at: Type.Optional(moment),
  created_at: moment,
  updated_at: moment,
})

export const recoveryIdentityAddress = named('recoveryIdentityAddress', {
  id: uuid,
  value: Type.String(),
  via,
  break_glass_for_organization: Type.Optional(uuid),
  created_at: moment,
  updated_at: moment,
})

export const credentialType = choice(credentialTypes)

export const identityCredentials = named('identityCredentials', {
  type: credentialType,
  identifiers: Type.Union([Type.Array(Type.String()), Type.Null()], {
    description: 'Ascending in answers to reads; in an answer to a write null where there are none.',
  }),
  config: Type.Optional(openObject('What the credential holds: only for types that were asked for.')),
  version: Type.Integer(),
  created_at: moment,
  updated_at: moment,
})

const traits = anyJson('What is known about the person, in the shape of the identity schema.')
const metadata = (whose: string) => anyJson(`Any JSON that an operator keeps ${whose}.`)
const metadataPublic = metadata('about the person, who may see it')
const metadataAdmin = metadata('about the person, for operators only')
const state = choice(['active', 'inactive'])
const region = Type.String({ description: 'Echoed where it was sent; it is not stored.' })

const publicMembers = {
  id: uuid,
  external_id: Type.Optional(Type.String({ description: 'A name that another system gave it; unique.' })),
  schema_id: Type.String(),
  schema_url: Type.String({ description: 'Where the identity schema is found.' }),
  state,
  state_changed_at: Type.Optional(moment),
  traits,
  verifiable_addresses: Type.Optional(Type.Array(verifiableIdentityAddress)),
  recovery_addresses: Type.Optional(Type.Array(recoveryIdentityAddress)),
  metadata_public: metadataPublic,
  created_at: moment,
  updated_at: moment,
  organization_id: nullable(uuid),
}

export const publicIdentity = named(
  'publicIdentity',
  publicMembers,
  'A person as the person and their applications see it.',
)

export const identity = named(
  'identity',
  {
    ...publicMembers,
    credentials: Type.Optional(mapOf(identityCredentials, 'By type.')),
    metadata_admin: Type.Optional(metadataAdmin),
    region: Type.Optional(region),
  },
  'A person as operators see it.',
)

export const identities = Type.Array(identity)

const providerLink = { subject: Type.String(), provider: Type.String(), organization: Type.Optional(uuid) }
const securityKeys = Type.Object({
  config: Type.Object({
    credentials: Type.Array(openObject('A security key as it was stored.')),
    user_handle: Type.String({ description: 'Base64.' }),
  }),
})

export const identityWithCredentials = body(
  'identityWithCredentials',
  {
    password: Type.Optional(
      Type.Object({
        config: Type.Object({
          hashed_password: Type.Optional(
            Type.String({ description: 'A hash in any of the encodings that are known here.' }),
          ),
          password: Type.Optional(
            Type.String({ description: 'In clear; it is hashed and no rule for passwords applies.' }),
          ),
          use_password_migration_hook: Type.Optional(
            Type.Boolean({ description: 'The password is asked of a web hook at the first login.' }),
          ),
        }),
      }),
    ),
    oidc: Type.Optional(
      Type.Object({
        config: Type.Object({
          providers: Type.Array(Type.Object({ ...providerLink, use_auto_link: Type.Optional(Type.Boolean()) })),
        }),
      }),
    ),
    saml: Type.Optional(Type.Object({ config: Type.Object({ providers: Type.Array(Type.Object(providerLink)) }) })),
    totp: Type.Optional(Type.Object({ config: Type.Object({ totp_url: Type.String() }) })),
    lookup_secret: Type.Optional(
      Type.Object({
        config: Type.Object({
          codes: Type.Array(Type.Object({ code: Type.String(), used_at: Type.Optional(nullable(moment)) })),
        }),
      }),
    ),
    webauthn: Type.Optional(securityKeys),
    passkey: Type.Optional(securityKeys),
  },
  'Credentials that an operator brings along.',
)

const writtenMembers = {
  schema_id: Type.Optional(Type.String()),
  traits: Type.Optional(traits),
  credentials: Type.Optional(identityWithCredentials),
  metadata_public: Type.Optional(metadataPublic),
  metadata_admin: Type.Optional(metadataAdmin),
  state: Type.Optional(state),
  external_id: Type.Optional(Type.String()),
  region: Type.Optional(region),
}

const addressTemplate = { value: Type.String(), via }

export const createIdentityBody = body('createIdentityBody', {
  ...writtenMembers,
  verifiable_addresses: Type.Optional(
    Type.Array(
      Type.Object({
        ...addressTemplate,
        verified: Type.Optional(Type.Boolean()),
        status: Type.Optional(choice(['pending', 'sent', 'completed'])),
        verified_at: Type.Optional(nullable(moment)),
      }),
      { description: 'What is known about addresses that the traits hold.' },
    ),
  ),
  recovery_addresses: Type.Optional(
    Type.Array(Type.Object({ ...addressTemplate, break_glass_for_organization: Type.Optional(uuid) })),
  ),
  organization_id: Type.Optional(nullable(uuid)),
})

export const updateIdentityBody = body('updateIdentityBody', writtenMembers)

export const jsonPatchDocument = Type.Array(
  body('jsonPatch', {
    op: choice(['add', 'remove', 'replace']),
    path: Type.String({ description: 'A JSON pointer into the identity.' }),
    value: Type.Optional(anyJson('What comes there.')),
  }),
  { $id: 'jsonPatchDocument' },
)

export const patchIdentitiesBody = body('patchIdentitiesBody', {
  identities: Type.Optional(
    Type.Array(
      body('identityPatch', { create: Type.Optional(nullable(createIdentityBody)), patch_id: Type.Optional(uuid) }),
    ),
  ),
})

export const batchPatchIdentitiesResponse = named('batchPatchIdentitiesResponse', {
  identities: Type.Array(
    nullable(
      named('identityPatchResponse', {
        action: choice(['create', 'error']),
        identity: Type.Optional(uuid),
        patch_id: Type.Optional(uuid),
        error: Type.Optional(genericError),
      }),
    ),
    { description: 'One entry for each item that was sent, in the same order.' },
  ),
})

export const identitySchema = Type.Unknown({
  $id: 'identitySchema',
  description: 'A JSON Schema with the keywords of this server.',
})

export const identitySchemas = Type.Array(
  named('identitySchemaContainer', { id: Type.String(), schema: identitySchema }),
  { $id: 'identitySchemas' },
)

export type VerifiableIdentityAddress = Static<typeof verifiableIdentityAddress>
export type RecoveryIdentityAddress = Static<typeof recoveryIdentityAddress>
export type IdentityCredentials = Static<typeof identityCredentials>
export type PublicIdentityView = Static<typeof publicIdentity>
export type IdentityView = Static<typeof identity>
export type BatchItemView = Static<typeof batchPatchIdentitiesResponse>['identities'][number]
