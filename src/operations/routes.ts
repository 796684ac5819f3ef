import { hasPendingMigrations } from '../db/migrate.ts'
import { ApiError } from '../errors.ts'
import { json } from '../http/respond.ts'
import type { Db } from '../db/db.ts'
import type { Handler, Route } from '../http/types.ts'
import type { Metrics } from './metrics.ts'

export type OperationsDeps = { db: Db; version: string; metrics: Metrics; revision: string }

/** Whether the process lives, and whether it can serve: on both ports. */
export function healthRoutes({ db }: { db: Db }, prefix: '' | '/admin'): Route[] {
  const ready = createReadiness(db, prefix === '/admin')
  return [
    {
      method: 'GET',
      path: `${prefix}/health/alive`,
      operationId: 'isAlive',
      handler: () => json(200, { status: 'ok' }),
    },
    { method: 'GET', path: `${prefix}/health/ready`, operationId: 'isReady', handler: ready },
  ]
}

/** Version, figures and configuration: for operators only. */
export const operationsRoutes = ({ version, metrics, revision }: OperationsDeps): Route[] => [
  { method: 'GET', path: '/admin/version', operationId: 'getVersion', handler: () => json(200, { version }) },
  {
    method: 'GET',
    path: '/admin/metrics/prometheus',
    handler: async () => {
      const { contentType, body } = await metrics.text()
      return { status: 200, headers: { 'content-type': contentType }, body }
    },
  },
  {
    method: 'GET',
    path: '/admin/health/config',
    handler: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: revision }),
  },
]

/** @param tells whether the reason is shown, which only operators may see */
function createReadiness(db: Db, tells: boolean): Handler {
  // A schema that was complete stays so.
  let migrated = false
  return async () => {
    try {
      if (migrated) await db.query('select 1 as one')
      else migrated = !(await hasPendingMigrations(db))
      if (!migrated) throw new Error('migrations are pending: run zelos migrate sql')
    } catch (error) {
      const cause = (error as Error).message
      throw new ApiError(
        { status: 503, message: tells ? `The database is not ready: ${cause}` : 'This server is not ready.' },
        { code: 500, extra: { errors: { database: tells ? cause : 'not ready' } } },
      )
    }
    return json(200, { status: 'ok' })
  }
}
