import { writeFile } from 'node:fs/promises'
import { loadConfig, type Sources } from './config/load.ts'
import { checkTemplates } from './app/check-templates.ts'
import { ConfigurationError, describe } from './config/problem.ts'
import { logProblems, logRefusal, refused } from './config/report.ts'
import type { Config } from './config/schema.ts'
import { watchConfig } from './config/watch.ts'
import { courier as courierSection } from './courier/config.ts'
import { createCourier, type Courier } from './courier/courier.ts'
import type { Via } from './courier/message.ts'
import { languages } from './courier/templates/language.ts'
import { createTemplateLibrary } from './courier/templates/library.ts'
import { preview } from './courier/templates/preview.ts'
import { templateKinds } from './courier/templates/sample.ts'
import { connect } from './db/connect.ts'
import type { Db } from './db/db.ts'
import { hasPendingMigrations } from './db/migrate.ts'
import { createOutbound } from './http/outbound.ts'
import { createAdminPort } from './http/ports.ts'
import { listen } from './http/server.ts'
import { complete } from './config/check.ts'
import { readConfigFile } from './config/files.ts'
import { merge } from './config/merge.ts'
import { systemClock } from './lib/clock.ts'
import { isObject } from './lib/json.ts'
import { createJsonnet } from './lib/jsonnet/jsonnet.ts'
import { createSourceLoader } from './lib/source.ts'
import { createLog, type Logger } from './operations/log.ts'
import { createMetrics } from './operations/metrics.ts'
import { operationsRoutes } from './operations/routes.ts'
import { buildInfo } from './version.ts'

type WatchOptions = { files: string[]; flags: Record<string, unknown>; env: NodeJS.ProcessEnv }

/**
 * Sends what is queued in the database until a signal ends it; any number of processes may do so.
 * @returns the exit code: 1 when it could not start.
 */
export async function courierWatch({ files, flags, env }: WatchOptions): Promise<number> {
  const sources: Sources = { files, env, flags }
  const loaded = await loadConfig(sources)
  if (!loaded.ok) return refuse(describe(loaded.problems))
  const { config } = loaded
  if (config.dsn === 'memory')
    return refuse('A database in the memory of another process cannot be reached. Use zelos serve --watch-courier.\n')

  const log = createLog(config.log, buildInfo().version)
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
  try {
    const db = await connect(config.dsn, { onError: (error) => log.warn({ error }, 'A database connection broke.') })
    if (await hasPendingMigrations(db)) return refuse('The database is not up to date. Run zelos migrate sql before.\n')
    let sender = await createSender(db, config, log)
    const metrics = await serveMetrics(config, loaded.hash, db)
    sender.courier.start()
    log.info('Sending messages.')

    const watcher = watchConfig({
      sources,
      current: loaded,
      async onChange({ config: fresh, hash, warnings }) {
        let next: Sender
        try {
          next = await createSender(db, fresh, log, { goesOn: true })
        } catch (error) {
          logRefusal(log, error)
          return false
        }
        next.courier.start()
        const previous = sender
        sender = next
        await previous.close()
        for (const warning of warnings) log.warn(warning)
        log.info({ hash }, 'New configuration in use.')
        return true
      },
      onProblems: (problems) => logProblems(log, problems, refused),
    })
    log.info({ signal: await ended }, 'Ending: the messages under way are finished.')
    watcher.close()
    await sender.close()
    await metrics?.close()
    await db.close()
    return 0
  } catch (error) {
    if (error instanceof ConfigurationError) return refuse(describe(error.problems))
    return refuse(`${(error as Error).message}\n`)
  }
}

type Sender = { courier: Courier; close(): Promise<void> }

/** @throws ConfigurationError when a template cannot be used */
async function createSender(db: Db, config: Config, log: Logger, { goesOn = false } = {}): Promise<Sender> {
  const { disallow_private_ip_ranges, private_ip_exception_urls } = config.clients.http
  const outbound = createOutbound({
    disallowPrivateRanges: disallow_private_ip_ranges,
    exceptionUrls: private_ip_exception_urls,
  })
  const jsonnet = createJsonnet({})
  const courier = createCourier({
    db,
    clock: systemClock(),
    log,
    outbound,
    jsonnet,
    loadSource: createSourceLoader({ outbound }),
    config: config.courier,
    disallowPrivateSmtp: config.clients.smtp.disallow_private_ip_ranges,
  })
  const close = async () => {
    await courier.stop()
    await jsonnet.close()
    await outbound.close()
  }
  try {
    await checkTemplates(courier, log, { goesOn })
  } catch (error) {
    await close()
    throw error
  }
  return { courier, close }
}

/** The figures of this process, where a port for them is named. */
async function serveMetrics(config: Config, hash: string, db: Db) {
  const port = config['expose-metrics-port']
  if (port === 0) return undefined
  const { host, socket } = config.serve.admin
  const metrics = createMetrics(buildInfo())
  const routes = operationsRoutes({
    db,
    metrics,
    version: buildInfo().version,
    revision: config.revision ?? hash,
  }).filter(({ path }) => path === '/admin/metrics/prometheus')
  const admin = createAdminPort({ routes, onFailure: () => {} })
  return listen({ host, port, socket, tls: undefined, requestTimeoutMs: 30_000 }, admin, () => {})
}

type PreviewOptions = {
  template: string | undefined
  via: string
  language: string
  output: string | undefined
  files: string[]
}

/**
 * Shows a message with sample data, with the templates of the configuration where files are named: as HTML in the file
 * `output` when that ends in `.html`, else subject and text, on standard output without a file.
 * @returns the exit code: 1 for a template that does not exist or cannot be filled in
 */
export async function courierPreview({ template, via, language, output, files }: PreviewOptions): Promise<number> {
  const kind = templateKinds.find((each) => each.template === template && each.via === via)
  const spoken = languages.find((each) => each === language)
  if (!kind) {
    const listed = templateKinds.map(
      (each) => `  ${each.template}${each.via === ('sms' satisfies Via) ? ' --via sms' : ''}`,
    )
    process.stdout.write(`These messages can be shown:\n\n${listed.join('\n')}\n`)
    return template === undefined ? 0 : fail(`There is no template ${template} for ${via}.`)
  }
  if (!spoken) return fail(`There are no texts in the language ${language}, but in ${languages.join(', ')}.`)
  try {
    const config = await courierConfigOf(files)
    const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] })
    const library = createTemplateLibrary({
      templates: config.templates,
      overridePath: config.template_override_path,
      loadSource: createSourceLoader({ outbound }),
      warn: ({ error }, text) => process.stderr.write(`${text} ${(error as Error).message}\n`),
    })
    const { subject, body, htmlBody } = await preview(library, { ...kind, language: spoken })
    await outbound.close()
    const asHtml = output !== undefined && /\.html?$/i.test(output)
    if (asHtml && htmlBody === null) return fail('This message has no HTML.')
    const text = asHtml ? htmlBody! : `${subject === '' ? '' : `Subject: ${subject}\n\n`}${body.replace(/\n*$/, '\n')}`
    if (output === undefined) process.stdout.write(text)
    else await writeFile(output, text)
    return 0
  } catch (error) {
    return fail((error as Error).message)
  }
}

/** The section about messages alone: a preview must be possible before the rest is complete. */
async function courierConfigOf(files: string[]): Promise<Config['courier']> {
  let merged: unknown = {}
  for (const file of files) {
    const parsed = await readConfigFile(file)
    if ('problem' in parsed) throw new Error(describe([parsed.problem]))
    merged = merge(merged, parsed.value)
  }
  const given = isObject(merged) ? (merged.courier ?? {}) : {}
  const { value, problems } = complete(courierSection, given)
  if (problems.length > 0)
    throw new Error(describe(problems.map((problem) => ({ ...problem, path: `courier.${problem.path}` }))))
  return value
}

function fail(message: string): number {
  process.stderr.write(`Error: ${message}\n`)
  return 1
}

function refuse(report: string): number {
  process.stderr.write(`${report}Error: no messages are sent.\n`)
  return 1
}
