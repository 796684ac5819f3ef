import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../config/problem.ts'
import { logProblems } from '../config/report.ts'
import type { Config } from '../config/schema.ts'
import { connect } from '../db/connect.ts'
import type { Db } from '../db/db.ts'
import { migrateUp } from '../db/migrate.ts'
import { listen, type Listener, type ListenSettings, type ResponseNote } from '../http/server.ts'
import { checkIdentitySchemaAtStart } from '../identities/schema/start-check.ts'
import { systemClock } from '../lib/clock.ts'
import { shownSource } from '../lib/source.ts'
import type { Logger } from '../operations/log.ts'
import { createMetrics } from '../operations/metrics.ts'
import type { Tracing } from '../operations/tracing/tracing.ts'
import type { App, AppOptions } from '../serve.ts'
import { buildInfo } from '../version.ts'
import { checkTemplates } from './check-templates.ts'
import { listenProblem } from './listen-problem.ts'
import { type Lasting, type Parts, createParts } from './parts.ts'
import { createPorts, preparedPages } from './ports.ts'

/**
 * Starts both ports. A start that fails leaves nothing open.
 * @throws ConfigurationError when the configuration names something that cannot be used
 */
export async function startApp(options: AppOptions): Promise<App> {
  const opened = new AsyncDisposableStack()
  try {
    return await start(options, opened)
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function start(
  { config, configHash, log, clock = systemClock(), outbound, devMailbox = false }: AppOptions,
  opened: AsyncDisposableStack,
): Promise<App> {
  const tracing = await tracingOf(config, log)
  opened.defer(async () => tracing?.close())
  const connected = await connectPatiently(config, log)
  opened.defer(() => connected.close())
  const db = tracing?.db(connected) ?? connected
  // A database that lives as long as the process, or a developer's, is prepared without being asked.
  if (config.dev || config.dsn === 'memory') await migrateUp(db, clock)
  const lasting: Lasting = { db, clock, log, metrics: createMetrics(buildInfo()), devMailbox, outbound, tracing }

  let current = createParts(config, lasting)
  opened.defer(() => current.close())
  // Those that a new configuration has replaced, until requests that began with them have ended.
  const replaced = new Map<Parts, NodeJS.Timeout>()
  opened.defer(async () => {
    for (const timer of replaced.values()) clearTimeout(timer)
    await Promise.all([...replaced.keys()].map((parts) => parts.close()))
  })
  await checkIdentitySchemas(current)
  await checkTemplates(current.courier, log, { goesOn: false })
  const ports = await preparedPorts(current, configHash)
  const onResponse = (note: ResponseNote) => {
    lasting.metrics.record(note)
    logResponse(log, current.config, note)
  }
  const listeners: Listener[] = []
  opened.defer(async () => void (await Promise.all(listeners.map((listener) => listener.close()))))
  const listenOn = async (name: 'public' | 'admin', requestTimeoutMs: number): Promise<Listener> => {
    const tls = await tlsOf(config, name)
    const { host, port, socket } = config.serve[name]
    try {
      const listener = await listen({ host, port, socket, tls, requestTimeoutMs }, ports[name], onResponse)
      listeners.push(listener)
      return listener
    } catch (error) {
      throw listenProblem(name, { host, port, socket }, error)
    }
  }
  const publicListener = await listenOn('public', 15_000)
  const adminListener = await listenOn('admin', 30_000)
  if (config['watch-courier']) current.courier.start()
  current.housekeeping.start()

  return {
    publicUrl: config.serve.public.base_url,
    adminUrl: config.serve.admin.base_url,
    async reload(fresh, hash) {
      const next = createParts(fresh, lasting)
      const prepare = async () => {
        await checkTemplates(next.courier, log, { goesOn: true })
        return preparedPorts(next, hash)
      }
      const nextPorts = await prepare().catch(async (error: unknown) => {
        await next.close()
        throw error
      })
      publicListener.use(nextPorts.public)
      adminListener.use(nextPorts.admin)
      const previous = current
      current = next
      if (fresh['watch-courier']) next.courier.start()
      void previous.courier.stop()
      next.housekeeping.start()
      void previous.housekeeping.stop()
      // compat: a schema that cannot be had does not hold up all other changes – driver/config/config.go
      void checkIdentitySchemas(next).catch((error: unknown) => reportSchemas(log, error))
      const close = () => previous.close().finally(() => replaced.delete(previous))
      replaced.set(previous, setTimeout(() => void close(), replacedForMs).unref())
    },
    close: () => opened.disposeAsync(),
  }
}

/** For how long requests that began with an old configuration may go on with it. */
const replacedForMs = 60_000

/** What both ports answer. @throws ConfigurationError when something cannot be used that the configuration leads to */
async function preparedPorts(parts: Parts, configHash: string): Promise<ReturnType<typeof createPorts>> {
  return createPorts(parts, configHash, await preparedPages(parts))
}

/** Loaded only where traces are wanted. */
async function tracingOf({ tracing }: Config, log: Logger): Promise<Tracing | undefined> {
  if (tracing.provider === undefined) return undefined
  const { startTracing } = await import('../operations/tracing/tracing.ts')
  return startTracing(tracing, { log, version: buildInfo().version })
}

const maxConnectSeconds = 300

/** A database that is still starting is waited for, longer and longer between two attempts. */
async function connectPatiently({ dsn }: Config, log: Logger): Promise<Db> {
  const until = performance.now() + maxConnectSeconds * 1000
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      return await connect(dsn, { onError: (error) => log.warn({ error }, 'A database connection broke.') })
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      const mayCome = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', '57P03'].includes(code)
      if (!mayCome || performance.now() > until) throw error
      log.warn({ error }, `The database does not answer yet; trying again in ${waitMs / 1000} s.`)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
}

/** Every identity schema of the configuration has to be there and sound before the first request. @throws ConfigurationError */
async function checkIdentitySchemas({ config, schemas }: Parts): Promise<void> {
  const problems = await Promise.all(
    config.identity.schemas.map(async ({ id, url }, index) => {
      const path = `identity.schemas.${index}.url`
      const value = JSON.stringify(shownSource(url))
      const problem = (reason: string) => ({
        path,
        value,
        reason: `Identity schema ${JSON.stringify(id)}: ${reason}`,
        remedy: 'Correct the schema or its address.',
      })
      try {
        return checkIdentitySchemaAtStart(await schemas.document(id)).map(problem)
      } catch (error) {
        return [problem((error as Error).message)]
      }
    }),
  )
  if (problems.flat().length > 0) throw new ConfigurationError(problems.flat())
}

/** For a server that goes on without them. */
function reportSchemas(log: Logger, error: unknown): void {
  if (!(error instanceof ConfigurationError)) return log.error({ error }, 'The identity schemas could not be checked.')
  logProblems(log, error.problems, 'Whatever needs it is answered with an error.')
}

async function tlsOf(config: Config, name: 'public' | 'admin'): Promise<ListenSettings['tls']> {
  const { cert, key } = config.serve[name].tls
  if (!cert || !key) return undefined
  return { cert: await pem(cert, `serve.${name}.tls.cert`), key: await pem(key, `serve.${name}.tls.key`) }
}

async function pem({ path, base64 }: { path?: string; base64?: string }, key: string): Promise<string> {
  if (base64) return Buffer.from(base64, 'base64').toString('utf8')
  try {
    return await readFile(path ?? '', 'utf8')
  } catch (error) {
    throw new ConfigurationError([
      {
        path: `${key}.path`,
        value: JSON.stringify(path ?? ''),
        reason: (error as Error).message,
        remedy: 'Name a file that this server may read.',
      },
    ])
  }
}

function logResponse(log: Logger, config: Config, { method, path, status, durationMs, requestId }: ResponseNote): void {
  if (!log.isLevelEnabled('info')) return
  const isHealth = /\/health\/(alive|ready)$/.test(path)
  if (isHealth && config.serve.public.request_log.disable_for_health) return
  log.info(
    {
      method,
      path,
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
      ...(requestId === '' ? {} : { request_id: requestId }),
    },
    'Answered.',
  )
}
