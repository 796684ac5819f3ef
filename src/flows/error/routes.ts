import { ApiError, errors } from '../../errors.ts'
import { rfc3339, type Clock } from '../../lib/clock.ts'
import { newUuid, parseUuid } from '../../lib/uuid.ts'
import { RawJson } from '../../lib/json.ts'
import { errorObject, json } from '../../http/respond.ts'
import type { Db } from '../../db/db.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { findError } from './store.ts'

/** Where the error page reads why a person was sent to it. */
export const errorRoutes = ({ db, clock }: { db: Db; clock: Clock }): Route[] => [
  {
    method: 'GET',
    path: '/self-service/errors',
    operationId: 'getFlowError',
    handler: (request) => readError({ db, clock }, request),
  },
]

async function readError({ db, clock }: { db: Db; clock: Clock }, request: Request): Promise<Response> {
  const wanted = request.query.get('error') || request.query.get('id')
  if (wanted === 'stub:500')
    return json(200, view({ id: newUuid(), body: JSON.stringify(errorObject(sample)), createdAt: clock.now() }))
  const id = parseUuid(wanted)
  const found = id && (await findError(db, id))
  if (!found) throw errors.notFound()
  return json(200, view(found))
}

/** What page designers try their error page with. */
const sample = new ApiError({
  status: 500,
  reason: 'This is a sample error for trying out the error page.',
  message: 'Nothing is wrong.',
})

const view = ({ id, body, createdAt }: { id: string; body: string; createdAt: number }) => ({
  id,
  error: new RawJson(body),
  created_at: rfc3339(createdAt),
  updated_at: rfc3339(createdAt),
})
