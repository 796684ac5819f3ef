import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../src/app/start.ts'
import { loadConfig } from '../../src/config/load.ts'
import { merge } from '../../src/config/merge.ts'
import { describe } from '../../src/config/problem.ts'
import { microsPerSecond, systemClock, type Micros } from '../../src/lib/clock.ts'
import type { AppOptions } from '../../src/serve.ts'
import { createLog } from '../../src/operations/log.ts'
import { onFreePorts, type ServerPorts } from './free-ports.ts'

export type TestServer = {
  publicUrl: string
  adminUrl: string
  stop(): Promise<void>
}

/** A server that can be seen into, as it runs in the process of the test. */
export type InnerServer = TestServer & {
  /** Lets time go by for the server; nobody waits. */
  pass(seconds: number): void
  /** What its clock shows. */
  now(): Micros
  /** What it logged, one JSON text per entry. */
  logged: readonly string[]
  /** Has it take over a configuration with other keys, on the same ports. @throws Error when it is refused */
  reload(config: ConfigPatch): Promise<void>
}

/** A server in a process of its own. */
export type OuterServer = TestServer & {
  /** Ends the process as a loss of power would. */
  kill(): Promise<void>
}

/** Keys of the configuration, laid over those that all tests have. */
export type ConfigPatch = Readonly<Record<string, unknown>>

/** Where the pages of the application are; nothing answers there. */
export const pages = 'https://shop.example'

const identifies = { credentials: { password: { identifier: true } } }
const reaches = { verification: { via: 'email' }, recovery: { via: 'email' } }
const person = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      required: ['email'],
      additionalProperties: false,
      properties: {
        email: { type: 'string', format: 'email', title: 'E-mail', 'ory.sh/kratos': { ...identifies, ...reaches } },
        name: { type: 'string', title: 'Name' },
      },
    },
  },
}

/** The only schema of people, for `identity.schemas`. */
export const inlineSchemas = (schema: unknown) => [
  { id: 'person', url: `base64://${Buffer.from(JSON.stringify(schema)).toString('base64')}` },
]

/** Somebody who registers is signed in at once; passwords are hashed quickly rather than safely. */
const configuration = (dsn: string, publicPort: number, adminPort: number) => ({
  dsn,
  serve: {
    public: { host: '127.0.0.1', port: publicPort, base_url: `http://127.0.0.1:${publicPort}/` },
    admin: { host: '127.0.0.1', port: adminPort, base_url: `http://127.0.0.1:${adminPort}/` },
  },
  log: { level: 'error' },
  // Clocks are set forward here: what has expired has to stay until its test has looked at it.
  database: { cleanup: { enabled: false } },
  secrets: { cookie: ['a cookie secret for tests'], cipher: ['32-characters-of-insecure-secret'] },
  hashers: { algorithm: 'bcrypt', bcrypt: { cost: 4 } },
  identity: {
    default_schema_id: 'person',
    schemas: inlineSchemas(person),
  },
  session: { whoami: { required_aal: 'aal1' } },
  selfservice: {
    default_browser_return_url: `${pages}/welcome`,
    allowed_return_urls: [pages],
    methods: {
      password: { enabled: true, config: { haveibeenpwned_enabled: false } },
      code: { enabled: false },
      link: { enabled: false },
    },
    flows: {
      error: { ui_url: `${pages}/error` },
      login: { ui_url: `${pages}/login` },
      registration: { ui_url: `${pages}/registration`, after: { password: { hooks: [{ hook: 'session' }] } } },
      settings: { ui_url: `${pages}/settings` },
    },
  },
})

/**
 * The server on free ports of this process, with a migrated database.
 * @throws Error when the configuration is refused
 */
export async function startServer({
  dsn = 'memory',
  config: patch = {},
  outbound,
}: { dsn?: string; config?: ConfigPatch; outbound?: AppOptions['outbound'] } = {}): Promise<InnerServer> {
  const clock = systemClock()
  let passed = 0
  const now = () => clock.now() + passed
  return onFreePorts(async ({ publicPort, adminPort }) => {
    const logged: string[] = []
    const load = async (keys: ConfigPatch) => {
      const base = merge({ ...configuration(dsn, publicPort, adminPort), dev: true }, keys) as Record<string, unknown>
      const loaded = await loadConfig({ files: [], env: {}, base })
      if (!loaded.ok) throw new Error(describe(loaded.problems))
      return loaded
    }
    const { config, hash } = await load(patch)
    const app = await startApp({
      config,
      configHash: hash,
      dev: true,
      log: createLog({ ...config.log, format: 'json' }, 'test', { write: (line) => void logged.push(line) }),
      clock: { now },
      ...(outbound ? { outbound } : {}),
    })
    return {
      publicUrl: `http://127.0.0.1:${publicPort}`,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      logged,
      now,
      pass: (seconds) => void (passed += seconds * microsPerSecond),
      async reload(keys) {
        const fresh = await load(keys)
        await app.reload(fresh.config, fresh.hash)
      },
      stop: () => app.close(),
    }
  })
}

/**
 * The server as operators start it, in a process of its own, on free ports.
 * @throws Error with what the server said last when it does not come up
 */
export const startProcess = (dsn: string): Promise<OuterServer> => onFreePorts((ports) => startOn(ports, dsn))

async function startOn({ publicPort, adminPort }: ServerPorts, dsn: string): Promise<OuterServer> {
  const folder = mkdtempSync(join(tmpdir(), 'zelos-server-'))
  const file = join(folder, 'zelos.json')
  writeFileSync(file, JSON.stringify(configuration(dsn, publicPort, adminPort)))

  const child = spawn(join(import.meta.dirname, '../../bin/zelos'), ['serve', '--dev', '-c', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal)
    await ended
    rmSync(folder, { recursive: true, force: true })
  }

  const publicUrl = `http://127.0.0.1:${publicPort}`
  while (!(await answers(`${publicUrl}/health/ready`))) {
    if (child.exitCode !== null) throw new Error(`The server did not start. It said:\n${output}`)
  }
  return {
    publicUrl,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return false
  }
}
