// npm run bench [-- --only NAME,… --dsn postgres://… --seconds 1 --rounds 5]
// Figures as ratios within one run: these hold on a noisy machine, absolute ones do not. Every ratio is the median of
// rounds in which numerator and denominator take turns.
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createDatabase } from '../test/support/postgres.ts'
import { courier } from './bench/courier.ts'
import { identityImport } from './bench/identity-import.ts'
import { jsonnet } from './bench/jsonnet.ts'
import { logins } from './bench/logins.ts'
import type { Bench, Measurement } from './bench/measurement.ts'
import { operations } from './bench/operations.ts'
import { pages } from './bench/pages.ts'
import { recovery } from './bench/recovery.ts'
import { startServer } from './bench/server.ts'
import { sessionChecks } from './bench/session-checks.ts'
import { settings } from './bench/settings.ts'
import { silentHooks } from './bench/silent-hooks.ts'
import { socialSignIn } from './bench/social-sign-in.ts'
import { start } from './bench/start.ts'

const measurements: Record<string, Measurement> = {
  start,
  'session-checks': sessionChecks,
  operations,
  logins,
  pages,
  settings,
  recovery,
  courier,
  'social-sign-in': socialSignIn,
  jsonnet,
  'silent-hooks': silentHooks,
  'identity-import': identityImport,
}

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(measurements).join(',') },
    dsn: { type: 'string' },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
  },
})
const { dsn } = values
const names = values.only.split(',')
const unknown = names.filter((name) => !Object.hasOwn(measurements, name))
if (unknown.length > 0) {
  console.error(`no such measurement: ${unknown.join(', ')}; there are ${Object.keys(measurements).join(', ')}`)
  process.exit(2)
}

let [goals, met] = [0, 0]
const bench: Bench = {
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  connections: 16,
  onPostgres: dsn !== undefined,
  async start(options) {
    if (dsn === undefined) return startServer(options)
    const name = `bench_${randomBytes(8).toString('hex')}`
    return startServer({ ...options, dsn: await createDatabase(dsn, name) })
  },
  report(what, value, unit, goal) {
    const figure = `${Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2)}${unit}`
    const line = `${what.padEnd(74)} ${figure.padStart(12)}`
    if (goal === undefined) return console.log(`     ${line}`)
    const reached = 'least' in goal ? value >= goal.least : value <= goal.most
    goals++
    if (reached) met++
    const bound = 'least' in goal ? `≥ ${goal.least}` : `≤ ${goal.most}`
    console.log(`${reached ? 'ok  ' : 'MISS'} ${line}   goal ${bound}${unit}`)
  },
}

console.log(`database: ${dsn === undefined ? 'SQLite' : 'PostgreSQL'}, ${bench.rounds} rounds of ${bench.seconds} s`)
for (const name of names) await measurements[name]!(bench)
console.log(`${met} of ${goals} goals met`)
