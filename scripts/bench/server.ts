import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type BenchServer = {
  publicPort: number
  adminPort: number
  readyMs: number
  pid: number
  residentMb(): number
  stop(): Promise<void>
}

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
            credentials: { password: { identifier: true } },
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

/** Starts the server as an operator would, with a configuration that the measurement asks for. */
export async function startServer({
  dsn,
  bcryptCost,
  selfservice = {},
}: {
  dsn?: string
  bcryptCost: number
  selfservice?: object
}): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'zelos-bench-'))
  const [publicPort, adminPort] = [await freePort(), await freePort()]
  const config = {
    dsn: dsn ?? `sqlite://${folder}/db.sqlite`,
    log: { level: 'error' },
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
      methods: { password: { config: { haveibeenpwned_enabled: false } }, code: { enabled: false } },
      flows: { registration: { after: { password: { hooks: [{ hook: 'session' }] } } } },
      ...selfservice,
    },
  }
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify(config))
  const started = performance.now()
  const child: ChildProcess = spawn(join(import.meta.dirname, '../../bin/zelos'), ['serve', '-c', file, '--dev'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
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
    pid: child.pid!,
    residentMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
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

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
