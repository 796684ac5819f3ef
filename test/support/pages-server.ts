import { startApp } from '../../src/app/start.ts'
import { developmentConfig } from '../../src/config/development.ts'
import { loadConfig } from '../../src/config/load.ts'
import { merge } from '../../src/config/merge.ts'
import { systemClock, type Micros } from '../../src/lib/clock.ts'
import { createLog } from '../../src/operations/log.ts'
import { onFreePorts, type ServerPorts } from './free-ports.ts'

export type PagesServer = {
  /** The public base URL, without a slash at its end. */
  url: string
  adminUrl: string
  /** What the server's clock shows. */
  now(): Micros
  /** Sets the server's clock forward. */
  pass(micros: Micros): void
  close(): Promise<void>
}

type Changes = Record<string, unknown>

export const minute: Micros = 60_000_000

/**
 * A whole server with its pages, on a database in memory: the built-in development configuration with changes.
 * @param changes or what makes them of the origin, for what is bound to it
 * @param path below which everything lives, as in `/auth`
 */
export const startPagesServer = (
  changes: Changes | ((origin: string) => Changes) = {},
  path = '',
): Promise<PagesServer> => onFreePorts((ports) => startOn(ports, changes, path))

async function startOn(
  { publicPort, adminPort }: ServerPorts,
  changes: Changes | ((origin: string) => Changes),
  path: string,
): Promise<PagesServer> {
  const origin = `http://localhost:${publicPort}`
  const url = `${origin}${path}`
  const here = {
    dsn: 'memory',
    log: { level: 'fatal' },
    // The clock is set forward: what has expired has to stay until its test has looked at it.
    database: { cleanup: { enabled: false } },
    secrets: { default: ['a secret for tests of the pages'] },
    hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
    serve: {
      public: { port: publicPort, base_url: `${url}/` },
      admin: { port: adminPort, base_url: `http://127.0.0.1:${adminPort}/` },
    },
    selfservice: {
      default_browser_return_url: `${url}/`,
      allowed_return_urls: [origin],
      methods: { passkey: { config: { rp: { origins: [origin] } } } },
    },
  }
  const base = merge(
    merge(developmentConfig, here),
    typeof changes === 'function' ? changes(origin) : changes,
  ) as Record<string, unknown>
  const loaded = await loadConfig({ files: [], env: {}, base })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const wall = systemClock()
  let passed: Micros = 0
  const now = () => wall.now() + passed
  const app = await startApp({
    config: loaded.config,
    configHash: loaded.hash,
    dev: true,
    log: createLog(loaded.config.log, 'test'),
    clock: { now },
  })
  return {
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    now,
    pass: (micros) => void (passed += micros),
    close: app.close,
  }
}
