// npm test [-- PATTERN …]: the tests of all files, or of those whose path contains one of the patterns.
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { startPostgresServer } from '../test/support/postgres-server.ts'

process.chdir(dirname(import.meta.dirname))
const patterns = process.argv.slice(2)
// Walks of many steps take minutes.
const isLong = process.env.ZELOS_TEST_LONG === '1' || process.env.STEPS !== undefined
const timeout = isLong ? 3_600_000 : 120_000
const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'])
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
  .toSorted()
if (files.length === 0) {
  console.error(`No test file's path contains ${patterns.join(' or ')}.`)
  process.exit(2)
}

const postgres = await startPostgresServer({ fast: true })
process.env.ZELOS_TEST_POSTGRES = postgres.dsn

/** What became of the tests of a file. */
type Tally = { passed: number; failed: string[] }

/** Runs files, prints what they say, and ends a run in which nothing goes on. */
async function tally(paths: readonly string[], concurrency: number): Promise<Map<string, Tally>> {
  const tallies = new Map<string, Tally>()
  const of = (file = '') => {
    const known = tallies.get(file) ?? { passed: 0, failed: [] }
    tallies.set(file, known)
    return known
  }
  const silence = new AbortController()
  const results = run({ files: [...paths], concurrency, timeout, signal: silence.signal })
  // The time limit holds for tests, not for what a file leaves open after its last one, which would keep everybody waiting.
  const limit = setTimeout(() => {
    console.error(
      'No test has begun or ended for a while. What a file left open keeps its process alive; it is ended now.',
    )
    silence.abort()
  }, timeout + 60_000)
  for (const event of ['test:dequeue', 'test:complete', 'test:pass', 'test:fail'] as const)
    results.on(event, () => limit.refresh())
  results.on('test:pass', ({ details, skip, todo, file }) => {
    if (details.type !== 'suite' && !skip && !todo) of(file).passed++
  })
  results.on('test:fail', ({ details, todo, file, name }) => {
    if (details.type !== 'suite' && !todo) of(file).failed.push(name)
  })
  for await (const chunk of results.compose(new spec())) process.stdout.write(chunk as Buffer)
  clearTimeout(limit)
  return tallies
}

const tallies = await tally(
  files.map((file) => resolve(file)),
  availableParallelism(),
)
const failing = [...tallies].filter(([, { failed }]) => failed.length > 0)
// A slow moment of the machine may fail a test among thousands; what is broken fails again, and so do many at once.
if (patterns.length === 0 && failing.length > 0 && failing.length <= 2 && failing.every(([file]) => file !== '')) {
  console.log('\nA few tests failed. Their files are run once more, alone.')
  for (const [file, again] of await tally(
    failing.map(([file]) => file),
    1,
  ))
    tallies.set(file, again)
  for (const [file, { failed }] of failing)
    if (tallies.get(file)!.failed.length === 0)
      console.log(`Unsteady, to be looked into: ${relative('.', file)}: ${failed.join(', ')}`)
}
await postgres.stop()

const all = [...tallies.values()]
const passed = all.reduce((sum, each) => sum + each.passed, 0)
const failed = all.reduce((sum, each) => sum + each.failed.length, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
