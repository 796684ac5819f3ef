// What docs/architecture.md says about imports and file names, kept honest. Nothing else about the tree is policed.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const root = dirname(import.meta.dirname)
const files = globSync('src/**/*.ts', { cwd: root })
  .filter((file) => !file.endsWith('.test.ts'))
  .toSorted()
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')

/** From the bottom up: a folder may use its own row and those above it in this list. */
const layers = [
  ['lib', 'version.ts'],
  ['ui', 'errors.ts', 'crypto', 'db', 'http'],
  ['identities', 'sessions', 'courier'],
  ['flows'],
  ['methods', 'hooks', 'pages', 'operations'],
  ['config'],
]
/** What stands beside the folders – the commands and the composition root – may use everything. */
const layerOf = (file: string) => {
  const index = layers.findIndex((names) => names.includes(file.split('/')[1] ?? ''))
  return index === -1 ? layers.length : index
}

type Import = { from: string; to: string; typesOnly: boolean }

function importsOf(file: string): Import[] {
  const statements = textOf(file).matchAll(
    /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'(\.[^']+)'|^import\s+'(\.[^']+)'|import\('(\.[^']+)'\)/gm,
  )
  return [...statements].map(([, type, named, bare, lazy]) => ({
    from: file,
    to: normalize(join(dirname(file), named ?? bare ?? lazy ?? '')),
    typesOnly: type !== undefined,
  }))
}

const imports = files.flatMap(importsOf)
const shown = (found: Import[]) => found.map(({ from, to }) => `${from} → ${to}`)

test('every part of the tree has its place in the order of imports', () => {
  const known = new Set([
    ...layers.flat(),
    'app',
    'main.ts',
    'commands',
    'serve.ts',
    'migrate.ts',
    'courier-commands.ts',
  ])
  assert.deepEqual(
    [...new Set(files.map((file) => file.split('/')[1]!))].filter((name) => !known.has(name)),
    [],
  )
})

test('imports point one way', () => {
  // The type of the whole configuration follows from the fragments of all features, which take their share of it.
  const isConfigType = ({ to, typesOnly }: Import) => typesOnly && to.startsWith('src/config/')
  const upwards = imports.filter((each) => layerOf(each.to) > layerOf(each.from) && !isConfigType(each))
  assert.deepEqual(shown(upwards), [])
})

test('methods do not import each other', () => {
  const methodOf = (file: string) => /^src\/methods\/([^/]+)\//.exec(file)?.[1]
  const sideways = imports.filter(({ from, to }) => {
    const [own, other] = [methodOf(from), methodOf(to)]
    return own !== undefined && other !== undefined && own !== other
  })
  assert.deepEqual(shown(sideways), [])
})

test('SQL is seen by stores only', () => {
  const sql =
    /[`'"]\s*(?:select\s[^`'"]*\sfrom\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s|with\s+\w+\s+as\s*\()/i
  const outside = files.filter(
    (file) => !file.startsWith('src/db/') && basename(file) !== 'store.ts' && sql.test(textOf(file)),
  )
  assert.deepEqual(outside, [])
})

test('requests get no further than routes, flows and sessions', () => {
  const readers = new Set(['http', 'flows', 'sessions', 'pages', 'operations'])
  const further = imports.filter(({ from, to }) => {
    const reads = readers.has(from.split('/')[1]!) || basename(from) === 'routes.ts' || layerOf(from) === layers.length
    // Social sign-in is a conversation of several requests, at whose end it goes on in whatever flow the person needs.
    const converses = from.startsWith('src/methods/oidc/') && !from.includes('/providers/')
    return to === 'src/http/types.ts' && !reads && !converses
  })
  assert.deepEqual(shown(further), [])
})

test('time comes from the clock', () => {
  // Lint finds `Date.now()`; this finds the other spelling of it.
  const reading = files.filter((file) => file !== 'src/lib/clock.ts' && /\bnew Date\(\s*\)/.test(textOf(file)))
  assert.deepEqual(reading, [])
})

test('what the API description and traces are made of is loaded for nobody who does not ask for it', () => {
  const loads = (file: string) =>
    [...textOf(file).matchAll(/^(?:import|export)\s+(?!type\s)[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm)].map(
      ([, named, bare]) => named ?? bare!,
    )
  const loaded = new Set<string>()
  const follow = (file: string): void => {
    if (loaded.has(file)) return
    loaded.add(file)
    for (const target of loads(file)) if (target.startsWith('.')) follow(normalize(join(dirname(file), target)))
  }
  follow('src/serve.ts')
  assert.ok(loaded.has('src/flows/wire.ts') && loaded.has('src/operations/openapi.ts'))
  assert.deepEqual(
    [...loaded].filter((file) => loads(file).some((name) => name === 'typebox' || name.startsWith('@opentelemetry/'))),
    [],
  )
})
