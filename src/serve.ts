import { mkdirSync } from 'node:fs'
import { startApp } from './app/start.ts'
import { developmentConfig, developmentFolder } from './config/development.ts'
import { type Loaded, type Sources, loadConfig } from './config/load.ts'
import { ConfigurationError, describe } from './config/problem.ts'
import { logProblems, logRefusal, refused } from './config/report.ts'
import type { Config } from './config/schema.ts'
import { watchConfig } from './config/watch.ts'
import { connect } from './db/connect.ts'
import { migrateUp } from './db/migrate.ts'
import type { Outbound } from './http/outbound.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { type Logger, createLog } from './operations/log.ts'
import { buildInfo } from './version.ts'

export type AppOptions = {
  config: Config
  configHash: string
  dev: boolean
  log: Logger
  clock?: Clock
  /** The way to the outside, where it is another than the real one. */
  outbound?: Outbound & { close(): Promise<void> }
  devMailbox?: boolean
}
/** A server that answers on both ports. `close` ends it once the requests under way are answered. */
export type App = {
  reload(config: Config, hash: string): Promise<void>
  close(): Promise<void>
  publicUrl: string
  adminUrl: string
}

type Options = { files: string[]; flags: Record<string, unknown>; env: NodeJS.ProcessEnv }

/**
 * Runs the server until a signal ends it.
 * @returns the exit code: 1 when it could not start.
 */
export async function serve({ files, flags, env }: Options): Promise<number> {
  const builtIn = files.length === 0 && flags.dev === true
  const sources: Sources = { files, env, flags, ...(builtIn ? { base: developmentConfig } : {}) }
  const loaded = await loadConfig(sources)
  if (!loaded.ok) {
    const hint =
      files.length === 0 ? '\nNo file was given. Name one with --config, or try the server with --dev alone.\n' : ''
    return refuse(`${describe(loaded.problems)}${hint}`)
  }

  const { config } = loaded
  const log = createLog(config.log, buildInfo().version)
  if (config.dev)
    log.warn('Development mode: cookies go over plain HTTP, and weak hashing is allowed. Never use it in production.')
  for (const warning of loaded.warnings) log.warn(warning)
  if (builtIn) await prepareDevelopment(config.dsn)

  const ended = signalled()
  let app: App
  try {
    const started = await Promise.race([
      startApp({ config, configHash: loaded.hash, dev: config.dev, log, devMailbox: builtIn }),
      ended,
    ])
    // A start can take minutes, as long as a database is awaited; nothing is under way that deserves a farewell.
    if (typeof started === 'string') return 0
    app = started
  } catch (error) {
    if (error instanceof ConfigurationError) return refuse(describe(error.problems))
    log.fatal({ error }, 'The server could not start.')
    return refuse('', error instanceof Error ? `: ${error.message}` : '')
  }
  log.info({ public: app.publicUrl, admin: app.adminUrl }, 'Ready.')
  if (builtIn) process.stdout.write(welcome(app))

  const watcher = watchConfig({
    sources,
    current: loaded,
    onChange: (fresh) => takeOver(app, fresh, log),
    onProblems: (problems) => logProblems(log, problems, refused),
  })
  log.info({ signal: await ended }, 'Ending: no new connections, the requests under way are answered.')
  watcher.close()
  await app.close()
  return 0
}

/** A first try needs no `migrate` before it; with a configuration of one's own that stays a decision. */
async function prepareDevelopment(dsn: string): Promise<void> {
  mkdirSync(developmentFolder, { recursive: true })
  const db = await connect(dsn)
  try {
    await migrateUp(db, systemClock())
  } finally {
    await db.close()
  }
}

async function takeOver(app: App, { config, hash, warnings }: Loaded, log: Logger): Promise<boolean> {
  try {
    await app.reload(config, hash)
  } catch (error) {
    logRefusal(log, error)
    return false
  }
  for (const warning of warnings) log.warn(warning)
  log.info({ hash }, 'New configuration in use.')
  return true
}

function refuse(report: string, because = '.'): number {
  process.stderr.write(`${report}${report === '' ? '' : '\n'}Error: the server did not start${because}\n`)
  return 1
}

/** Resolves with the first signal; the second one ends the process at once. */
function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal)
        process.once(signal, () => process.exit(130))
      })
    }
  })
}

const welcome = ({ publicUrl, adminUrl }: App): string => `
Zelos is ready, with a development configuration of its own.

  public   ${publicUrl}   for browsers and apps
  admin    ${adminUrl}   for you alone: it asks for no password
  mail     ${publicUrl}dev/mail   what was written to people, without a mail server
  data     ${developmentFolder}/zelos.sqlite

Open ${publicUrl} in a browser to sign up, with a password, a code or a passkey; to set up an authenticator
app and backup codes; to recover an account. Codes and links arrive in the mailbox above. Or ask the API:

  curl ${publicUrl}self-service/registration/api
  curl ${adminUrl}admin/identities -H 'content-type: application/json' \\
    -d '{ "schema_id": "person", "traits": { "email": "ada@shop.example" } }'
  curl ${adminUrl}admin/identities

Your own configuration: zelos serve --config zelos.yaml
`
