import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-ports.ts'

export type BenchServer = {
  publicPort: number
  adminPort: number
  readyMs: number
  /** The configuration file that it was started with. */
  file: string
  /** Processor time that it has used so far, in all its threads; the system counts in steps of 10 ms. */
  cpuMs(): number
  residentMb(): number
  stop(): Promise<void>
}

// Whatever ends the measurements ends the servers, too.
const running = new Set<ChildProcess>()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

/** What starts the server and its other commands. */
export const launcher = join(import.meta.dirname, '../../bin/zelos')

const personSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          title: 'E-mail',
          'ory.sh/kratos': {
            credentials: {
              password: { identifier: true },
              code: { identifier: true, via: 'email' },
              webauthn: { identifier: true },
              passkey: { display_name: true },
              totp: { account_name: true },
            },
            verification: { via: 'email' },
            recovery: { via: 'email' },
          },
        },
        name: { type: 'string', title: 'Name' },
      },
      required: ['email'],
    },
  },
}

export type ServerOptions = {
  bcryptCost: number
  /** What stands below `selfservice.methods`, `selfservice.flows` and `courier` beside the settings of all measurements. */
  methods?: object
  flows?: object
  courier?: object
  /** Whether it sends messages itself. */
  watchCourier?: boolean
}

/** Starts the server as an operator would, with a configuration that the measurement asks for. */
export async function startServer({
  dsn,
  bcryptCost,
  methods = {},
  flows = {},
  courier = {},
  watchCourier = false,
}: ServerOptions & { dsn?: string }): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'zelos-bench-'))
  const [publicPort, adminPort] = [await freePort(), await freePort()]
  const config = {
    dsn: dsn ?? `sqlite://${folder}/db.sqlite`,
    log: { level: 'fatal' },
    serve: {
      public: { host: '127.0.0.1', port: publicPort, base_url: `http://127.0.0.1:${publicPort}/` },
      admin: { host: '127.0.0.1', port: adminPort, base_url: `http://127.0.0.1:${adminPort}/` },
    },
    secrets: { default: ['a-secret-for-measurements-only'] },
    hashers: { algorithm: 'bcrypt', bcrypt: { cost: bcryptCost } },
    identity: {
      default_schema_id: 'person',
      schemas: [{ id: 'person', url: `base64://${Buffer.from(JSON.stringify(personSchema)).toString('base64')}` }],
    },
    selfservice: {
      default_browser_return_url: 'http://127.0.0.1:4455/',
      methods: {
        password: { config: { haveibeenpwned_enabled: false } },
        code: { enabled: false },
        link: { enabled: false },
        ...methods,
      },
      flows: { registration: { after: { password: { hooks: [{ hook: 'session' }] } } }, ...flows },
    },
    courier,
  }
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  const started = performance.now()
  const flags = ['--dev', ...(watchCourier ? ['--watch-courier'] : [])]
  const child: ChildProcess = spawn(launcher, ['serve', '-c', file, ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const gone = new Promise<never>((_, reject) =>
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`))),
  )
  await Promise.race([ready(adminPort), gone])
  const readyMs = performance.now() - started
  gone.catch(() => {})
  return {
    publicPort,
    adminPort,
    readyMs,
    file,
    cpuMs: () => cpuMs(child.pid!),
    residentMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** User and system time, at 100 steps a second, as Linux has them on every platform that this runs on. */
function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Numbers follow the name of the program, which may hold blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function ready(port: number): Promise<void> {
  for (;;) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200) return
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
