import Type from 'typebox'
import { errorGeneric } from '../http/error-schema.ts'
import type { Operations } from '../http/openapi.ts'
import { choice, pageHeaders, pageQuery, text } from '../http/schema.ts'
import * as schemas from './wire-schema.ts'

const includeCredential = Type.Array(schemas.credentialType, {
  description: 'Types of credentials that are shown with what they hold; once for each.',
})
const tag = 'identity'
const id = { id: 'The id of the identity.' }
const readErrors = { 400: errorGeneric, 404: errorGeneric }
const writeErrors = { 400: errorGeneric, 404: errorGeneric, 409: errorGeneric }

/** What operators do with identities. */
export const identityOperations = {
  listIdentities: {
    tag,
    summary: 'List identities, in the order of their ids',
    query: {
      ...pageQuery,
      consistency: choice(['', 'strong', 'eventual']),
      ids: Type.Array(Type.String(), { description: 'Only these; once for each, 500 at most.' }),
      credentials_identifier: text('Only who signs in with exactly this.'),
      preview_credentials_identifier_similar: text('Only who signs in with something that begins like this.'),
      include_credential: includeCredential,
      organization_id: text('Only the members of this organization.'),
    },
    answers: { 200: schemas.identities, 400: errorGeneric },
    headers: pageHeaders,
  },
  createIdentity: {
    tag,
    summary: 'Create an identity',
    body: schemas.createIdentityBody,
    answers: { 201: schemas.identity, 400: errorGeneric, 409: errorGeneric },
    headers: { Location: 'Where the identity is found.' },
  },
  batchPatchIdentities: {
    tag,
    summary: 'Create many identities at once',
    body: schemas.patchIdentitiesBody,
    answers: { 200: schemas.batchPatchIdentitiesResponse, 400: errorGeneric, 409: errorGeneric },
  },
  getIdentity: {
    tag,
    summary: 'Read an identity',
    params: id,
    query: { include_credential: includeCredential },
    answers: { 200: schemas.identity, ...readErrors },
  },
  getIdentityByExternalID: {
    tag,
    summary: 'Read the identity with a name that another system gave it',
    params: { externalID: 'The name.' },
    query: { include_credential: includeCredential },
    answers: { 200: schemas.identity, ...readErrors },
  },
  updateIdentity: {
    tag,
    summary: 'Replace an identity; what is not sent is taken away, except state and credentials',
    params: id,
    body: schemas.updateIdentityBody,
    answers: { 200: schemas.identity, ...writeErrors },
  },
  patchIdentity: {
    tag,
    summary: 'Change parts of an identity by a JSON Patch',
    params: id,
    body: schemas.jsonPatchDocument,
    answers: { 200: schemas.identity, ...writeErrors },
  },
  deleteIdentity: {
    tag,
    summary: 'Delete an identity with everything that belongs to it',
    params: id,
    answers: { 204: 'empty', 404: errorGeneric },
  },
  deleteIdentityCredentials: {
    tag,
    summary: 'Delete a credential of an identity',
    params: { ...id, type: 'The type of the credential.' },
    query: { identifier: text('Which one, where there can be several of a type.') },
    answers: { 204: 'empty', ...readErrors },
  },
  listIdentitySchemas: {
    tag,
    summary: 'List the identity schemas',
    query: pageQuery,
    answers: { 200: schemas.identitySchemas },
    headers: pageHeaders,
  },
  getIdentitySchema: {
    tag,
    summary: 'Read an identity schema',
    params: { id: 'The id of the schema, as it is or in base64url.' },
    answers: { 200: schemas.identitySchema, 404: errorGeneric },
  },
} satisfies Operations
