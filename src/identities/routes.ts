import type { Cipher } from '../crypto/cipher.ts'
import type { Db } from '../db/db.ts'
import { ApiError, errors } from '../errors.ts'
import { errorObject, json, noContent } from '../http/respond.ts'
import type { Handler, Request, Route } from '../http/types.ts'
import { joinPath } from '../http/urls.ts'
import { DecodeError, decodeJson, type Decoder } from '../lib/decode.ts'
import { parseUuid } from '../lib/uuid.ts'
import { createMany, type BatchItem } from './batch.ts'
import { batchBody, createBody, updateBody } from './body.ts'
import { getIdentity, replaceIdentity } from './change.ts'
import { createIdentity, type CreateDeps } from './create.ts'
import { deleteCredential } from './delete.ts'
import type { IdentityWithCredentials } from './identity.ts'
import { includedCredentials, listPage } from './list.ts'
import { patchIdentity } from './patch.ts'
import { deleteIdentity, findIdentityByExternalId } from './store.ts'
import { adminCredentials, identityWire, writtenCredentials } from './wire.ts'
import type { BatchItemView } from './wire-schema.ts'

export type IdentityRouteDeps = CreateDeps & { db: Db; cipher: Cipher; publicBaseUrl: string; adminBaseUrl: string }

/** What operators do with identities. All of it on the admin port. */
export const identityRoutes = (deps: IdentityRouteDeps): Route[] => [
  { method: 'GET', path: '/admin/identities', operationId: 'listIdentities', handler: list(deps) },
  { method: 'POST', path: '/admin/identities', operationId: 'createIdentity', handler: create(deps) },
  { method: 'PATCH', path: '/admin/identities', operationId: 'batchPatchIdentities', handler: batch(deps) },
  { method: 'GET', path: '/admin/identities/{id}', operationId: 'getIdentity', handler: get(deps) },
  { method: 'PUT', path: '/admin/identities/{id}', operationId: 'updateIdentity', handler: update(deps) },
  { method: 'PATCH', path: '/admin/identities/{id}', operationId: 'patchIdentity', handler: patch(deps) },
  { method: 'DELETE', path: '/admin/identities/{id}', operationId: 'deleteIdentity', handler: remove(deps) },
  {
    method: 'GET',
    path: '/admin/identities/by/external/{externalID}',
    operationId: 'getIdentityByExternalID',
    handler: getByExternalId(deps),
  },
  {
    method: 'DELETE',
    path: '/admin/identities/{id}/credentials/{type}',
    operationId: 'deleteIdentityCredentials',
    handler: removeCredential(deps),
  },
]

const list =
  (deps: IdentityRouteDeps): Handler =>
  async (request) => {
    const { identities, withCredentials, open, headers } = await listPage(deps, request)
    const body = identities.map((identity) =>
      identityWire(identity, deps.publicBaseUrl, {
        withAdminMetadata: true,
        ...(withCredentials ? { credentials: adminCredentials(deps, identity.credentials, open) } : {}),
      }),
    )
    return json(200, body, headers)
  }

const get =
  (deps: IdentityRouteDeps): Handler =>
  async (request) =>
    answerRead(deps, request, await getIdentity(deps.db, request.params.id!))

const getByExternalId =
  (deps: IdentityRouteDeps): Handler =>
  async (request) => {
    const externalId = request.params.externalID!
    const identity = externalId.includes('\0') ? undefined : await findIdentityByExternalId(deps.db, externalId)
    if (!identity) throw errors.notFound()
    return answerRead(deps, request, identity)
  }

function answerRead(deps: IdentityRouteDeps, request: Request, identity: IdentityWithCredentials) {
  const credentials = adminCredentials(deps, identity.credentials, includedCredentials(request.query))
  return json(200, identityWire(identity, deps.publicBaseUrl, { withAdminMetadata: true, credentials }))
}

const create =
  (deps: IdentityRouteDeps): Handler =>
  async (request) => {
    const body = await readBody(request, createBody)
    const identity = await createIdentity(deps, body)
    const answer = identityWire(identity, deps.publicBaseUrl, {
      credentials: writtenCredentials(identity.credentials, { justCreated: true }),
      // compat: only a read shows that there is none – identity/identity.go
      withAdminMetadata: body.metadata_admin !== undefined,
      ...(body.region ? { region: body.region } : {}),
    })
    // compat: without `/admin` – identity/handler.go
    return json(201, answer, { location: joinPath(deps.adminBaseUrl, 'identities', identity.id) })
  }

const batch =
  (deps: IdentityRouteDeps): Handler =>
  async (request) => {
    const items = await createMany(deps, await readBody(request, batchBody))
    return json(200, { identities: items.map(batchItem) })
  }

function batchItem(item: BatchItem): BatchItemView {
  const patchId = item.patchId === undefined ? {} : { patch_id: item.patchId }
  switch (item.kind) {
    case 'nothing':
      return null
    case 'created':
      return { action: 'create', identity: item.id, ...patchId }
    case 'failed':
      return { action: 'error', ...patchId, error: errorObject(item.error) }
  }
}

const update =
  (deps: IdentityRouteDeps): Handler =>
  async (request) => {
    const body = await readUpdate(request)
    const { before, after } = await replaceIdentity(deps, request.params.id!, body)
    const answer = identityWire(after, deps.publicBaseUrl, {
      credentials: writtenCredentials(after.credentials),
      withAdminMetadata: body.metadata_admin !== undefined,
      urlOfSchema: before.schemaId, // compat: computed when the identity was read – identity/handler.go
      ...(body.region ? { region: body.region } : {}),
    })
    return json(200, answer)
  }

const patch =
  (deps: IdentityRouteDeps): Handler =>
  async (request) => {
    const { before, after, region } = await patchIdentity(deps, request.params.id!, async () =>
      (await request.body()).toString('utf8'),
    )
    const answer = identityWire(after, deps.publicBaseUrl, {
      credentials: writtenCredentials(after.credentials),
      withAdminMetadata: true,
      urlOfSchema: before.schemaId,
      ...(region === undefined ? {} : { region }),
    })
    return json(200, answer)
  }

const remove =
  ({ db }: IdentityRouteDeps): Handler =>
  async (request) => {
    const id = parseUuid(request.params.id)
    if (id === undefined || !(await deleteIdentity(db, id))) throw errors.notFound()
    return noContent()
  }

const removeCredential =
  (deps: IdentityRouteDeps): Handler =>
  async ({ params, query }) => {
    await deleteCredential(deps, params.id!, params.type!, query.get('identifier'))
    return noContent()
  }

/** A body of any content type; what nobody knows is refused. The error has no reason, as its message says it all. */
async function readBody<T extends object>(request: Request, decoder: Decoder<T>): Promise<T> {
  try {
    const text = (await request.body()).toString('utf8')
    return decodeJson(text, decoder, { strict: true }) ?? ({} as T)
  } catch (error) {
    throw refusal(error, (message) => errors.badRequest(undefined, { message }))
  }
}

async function readUpdate(request: Request) {
  try {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
    const text = (await request.body()).toString('utf8')
    if (type !== 'application/json') throw new DecodeError('The content type has to be application/json.')
    const body = decodeJson(text, updateBody, { strict: false, whole: true })
    if (body === undefined) throw new DecodeError('The body has to be an object.')
    return body
  } catch (error) {
    throw refusal(error, (message) => errors.badRequest(message))
  }
}

// compat: a body that is too large is a bad request here – identity/handler.go
const refusal = (error: unknown, make: (message: string) => ApiError): unknown =>
  error instanceof DecodeError || (error instanceof ApiError && error.body.status === 413) ? make(error.message) : error
