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
const timeout = process.env.STEPS === undefined ? 120_000 : 3_600_000
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
const results = run({
  files: files.map((file) => resolve(file)),
  concurrency: availableParallelism(),
  timeout,
})
results.on('test:pass', ({ details, skip, todo }) => {
  if (details.type !== 'suite' && !skip && !todo) passed++
})
results.on('test:fail', ({ details, todo }) => {
  if (details.type !== 'suite' && !todo) failed++
})
for await (const chunk of results.compose(new spec())) process.stdout.write(chunk as Buffer)

await postgres.stop()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
