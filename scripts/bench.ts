import { parseArgs } from 'node:util'
import bcrypt from 'bcrypt'
import { call, Connection, measure, median, type Answer } from './bench/load.ts'
import { startServer, type BenchServer } from './bench/server.ts'

// Figures as ratios within one run: these hold on a noisy machine, absolute ones do not. Every ratio is the median of
// rounds in which numerator and denominator take turns.

const { values } = parseArgs({
  options: {
    dsn: { type: 'string' },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const connections = 16
const password = 'difference-engine-1842'

type Line = { what: string; figure: string; goal: string; met: boolean }
const lines: Line[] = []
const report = (what: string, value: number, unit: string, goal: { least?: number; most?: number }) => {
  const met = (goal.least === undefined || value >= goal.least) && (goal.most === undefined || value <= goal.most)
  const bound = goal.least === undefined ? `≤ ${goal.most}` : `≥ ${goal.least}`
  lines.push({ what, figure: `${value.toFixed(2)}${unit}`, goal: `${bound}${unit}`, met })
  process.stdout.write(
    `${met ? 'ok  ' : 'MISS'} ${what.padEnd(62)} ${lines.at(-1)!.figure.padStart(12)}   goal ${lines.at(-1)!.goal}\n`,
  )
}

const parse = (answer: Answer) => JSON.parse(answer.body) as { id: string; session_token: string }

async function createPerson(server: BenchServer, email: string): Promise<void> {
  const admin = new Connection(server.adminPort)
  const { status, body } = await admin.send(
    call('POST', '/admin/identities', {
      json: { schema_id: 'person', traits: { email }, credentials: { password: { config: { password } } } },
    }),
  )
  admin.close()
  if (status !== 201) throw new Error(`creating a person answered ${status} ${body}`)
}

async function signIn(connection: Connection, email: string): Promise<string | undefined> {
  const flow = parse(await connection.send(call('GET', '/self-service/login/api')))
  const answer = await connection.send(
    call('POST', `/self-service/login?flow=${flow.id}`, { json: { method: 'password', identifier: email, password } }),
  )
  return answer.status === 200 ? parse(answer).session_token : undefined
}

const get = (path: string, headers: Record<string, string> = {}) => {
  const request = call('GET', path, { headers })
  return async (connection: Connection) => (await connection.send(request)).status === 200
}

/** Start-up and memory, each time with a fresh process. */
async function starting(): Promise<void> {
  const ready: number[] = []
  const resident: number[] = []
  for (let i = 0; i < 3; i++) {
    const server = await startServer({ bcryptCost: 4 })
    ready.push(server.readyMs)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    resident.push(server.residentMb())
    await server.stop()
  }
  report('ready after the start (schema made in passing)', median(ready) / 1000, ' s', { most: 0.5 })
  report('resident memory when idle', median(resident), ' MB', { most: 120 })
}

/** What a session check costs beside an answer that does nothing. */
async function sessionChecks(server: BenchServer): Promise<void> {
  const connection = new Connection(server.publicPort)
  await createPerson(server, 'ada@shop.example')
  const token = await signIn(connection, 'ada@shop.example')
  connection.close()
  const [nothing, whoami] = [get('/health/alive'), get('/sessions/whoami', { 'x-session-token': token! })]
  const shares: number[] = []
  for (let i = 0; i < rounds; i++) {
    const bare = await measure({ port: server.publicPort, connections, seconds, work: nothing })
    const checks = await measure({ port: server.publicPort, connections, seconds, work: whoami })
    if (checks.failures > 0) throw new Error(`${checks.failures} session checks failed`)
    shares.push(checks.perSecond / bare.perSecond)
  }
  report('session checks, as a share of answers that do nothing', median(shares), '', { least: values.dsn ? 0.3 : 0.4 })
}

/** How much of the hash rate is left for logins, and what they do to everybody else. */
async function logins(): Promise<void> {
  const cost = 10
  const server = await startServer({ bcryptCost: cost, ...(values.dsn ? { dsn: values.dsn } : {}) })
  try {
    await createPerson(server, 'grace@shop.example')
    const connection = new Connection(server.publicPort)
    const token = await signIn(connection, 'grace@shop.example')
    connection.close()
    const hash = await bcrypt.hash(password, cost)
    const whoami = get('/sessions/whoami', { 'x-session-token': token! })
    const [shares, slowdowns]: [number[], number[]] = [[], []]
    for (let i = 0; i < rounds; i++) {
      const bare = await hashRate(hash, 2)
      const storm = await measure({
        port: server.publicPort,
        connections: 8,
        seconds: 2,
        work: async (c) => (await signIn(c, 'grace@shop.example')) !== undefined,
      })
      shares.push(storm.perSecond / bare)
      const idle = await measure({ port: server.publicPort, connections: 4, seconds, work: whoami })
      const [during] = await Promise.all([
        measure({ port: server.publicPort, connections: 4, seconds, work: whoami }),
        measure({
          port: server.publicPort,
          connections: 32,
          seconds,
          work: async (c) => (await signIn(c, 'grace@shop.example')) !== undefined,
        }),
      ])
      slowdowns.push(during.p99Ms / idle.p99Ms)
    }
    report(`logins, as a share of the bare hash rate (bcrypt ${cost})`, median(shares), '', { least: 0.9 })
    report('session checks during 32 parallel logins, p99 against idle', median(slowdowns), '×', { most: 3 })
  } finally {
    await server.stop()
  }
}

async function hashRate(hash: string, forSeconds: number): Promise<number> {
  const until = performance.now() + forSeconds * 1000
  const started = performance.now()
  let count = 0
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (performance.now() < until) {
        await bcrypt.compare(password, hash)
        count++
      }
    }),
  )
  return (count / (performance.now() - started)) * 1000
}

/** No request fails however many come at once. */
async function writes(server: BenchServer): Promise<void> {
  let next = 0
  const register = async (connection: Connection) => {
    const flow = parse(await connection.send(call('GET', '/self-service/registration/api')))
    const traits = { email: `person${next++}@shop.example` }
    const answer = await connection.send(
      call('POST', `/self-service/registration?flow=${flow.id}`, { json: { method: 'password', password, traits } }),
    )
    return answer.status === 200
  }
  const measured = await measure({ port: server.publicPort, connections, seconds: 2 * seconds, work: register })
  report(
    `registrations that failed, of ${Math.round(measured.perSecond * 2 * seconds)} over ${connections} connections`,
    measured.failures,
    '',
    { most: 0 },
  )
}

process.stdout.write(
  `database: ${values.dsn ? values.dsn.replace(/:\/\/.*@/, '://…@') : 'SQLite'}, ${rounds} rounds of ${seconds} s\n`,
)
await starting()
const server = await startServer({ bcryptCost: 4, ...(values.dsn ? { dsn: values.dsn } : {}) })
try {
  await sessionChecks(server)
  await writes(server)
} finally {
  await server.stop()
}
await logins()
const missed = lines.filter(({ met }) => !met).length
process.stdout.write(`${lines.length - missed} of ${lines.length} goals met\n`)
