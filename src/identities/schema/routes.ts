import { ApiError, errors } from '../../errors.ts'
import { tokenOrNumberedPage, tokenPageHeaders } from '../../http/paging.ts'
import { json } from '../../http/respond.ts'
import type { Handler, Route } from '../../http/types.ts'
import { RawJson } from '../../lib/json.ts'
import type { IdentitySchemas } from '../schemas.ts'

export type SchemaRouteDeps = { schemas: Pick<IdentitySchemas, 'ids' | 'has' | 'document'> }

/** The documents of the identity schemas, for everybody. On the public port. */
export const schemaRoutes = (deps: SchemaRouteDeps): Route[] => [
  { method: 'GET', path: '/schemas', operationId: 'listIdentitySchemas', handler: list(deps) },
  { method: 'GET', path: '/schemas/{id}', operationId: 'getIdentitySchema', handler: get(deps) },
  { method: 'GET', path: '/admin/schemas', handler: list(deps) },
  { method: 'GET', path: '/admin/schemas/{id}', handler: get(deps) },
]

const limits = { defaultSize: 250, maxSize: 1000 }

const list =
  ({ schemas }: SchemaRouteDeps): Handler =>
  async (request) => {
    const at = tokenOrNumberedPage(request.query, limits)
    const ids = schemas.ids.slice(at.page * at.size, (at.page + 1) * at.size)
    const body = await Promise.all(ids.map(async (id) => ({ id, schema: new RawJson(await readable(schemas, id)) })))
    return json(200, body, tokenPageHeaders(request, at, schemas.ids.length))
  }

/** One document that cannot be had makes the list useless, whatever the reason. */
async function readable(schemas: SchemaRouteDeps['schemas'], id: string): Promise<string> {
  try {
    return await schemas.document(id)
  } catch (error) {
    throw errors.invalidConfiguration(
      error instanceof ApiError && error.body.reason
        ? error.body.reason
        : `The identity schema ${JSON.stringify(id)} cannot be read.`,
      error,
    )
  }
}

/** A schema by its id, or by the base64url of its id, as it stands in `schema_url`. */
const get =
  ({ schemas }: SchemaRouteDeps): Handler =>
  async ({ params }) => {
    const wanted = params.id!
    const id = schemas.has(wanted) ? wanted : (decoded(wanted) ?? wanted)
    return json(200, new RawJson(await schemas.document(id)))
  }

function decoded(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes.toString('utf8') : undefined
}
