// npm test [-- PATTERN …]: the tests of all files, or of those whose path contains one of the patterns.
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, resolve } from 'node:path'
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

let passed = 0
let failed = 0
const silence = new AbortController()
const results = run({
  files: files.map((file) => resolve(file)),
  concurrency: availableParallelism(),
  timeout,
  signal: silence.signal,
})
// The time limit holds for tests, not for what a file leaves open after its last one, which would keep everybody waiting.
const limit = setTimeout(() => {
  console.error(
    'No test has begun or ended for a while. What a file left open keeps its process alive; it is ended now.',
  )
  silence.abort()
}, timeout + 60_000)
for (const event of ['test:dequeue', 'test:complete', 'test:pass', 'test:fail'] as const)
  results.on(event, () => limit.refresh())
results.on('test:pass', ({ details, skip, todo }) => {
  if (details.type !== 'suite' && !skip && !todo) passed++
})
results.on('test:fail', ({ details, todo }) => {
  if (details.type !== 'suite' && !todo) failed++
})
for await (const chunk of results.compose(new spec())) process.stdout.write(chunk as Buffer)

clearTimeout(limit)
await postgres.stop()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
