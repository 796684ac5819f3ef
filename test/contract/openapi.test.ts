import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { describeServer } from '../support/description.ts'
import { startServer, type InnerServer } from '../support/server.ts'
import { kratosOperations } from './operations.ts'

type Operation = { operationId: string; tags: string[]; servers: { url: string }[]; responses: unknown }
type Description = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

let text: string
let description: Description
before(async () => {
  text = await describeServer()
  description = JSON.parse(text) as Description
})

const operations = () =>
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  )

test('docs/openapi.json is what the server serves', () => {
  const kept = readFileSync(join(import.meta.dirname, '../../docs/openapi.json'), 'utf8')
  assert.ok(text === kept, 'it is out of date: bin/node24 scripts/openapi.ts > docs/openapi.json')
})

test('every operation has the name, the method, the path and the tag that it has in Kratos', () => {
  const served = operations().map(({ operationId, method, path, tags }) => [operationId, [method, path, ...tags]])
  const byName = ([a]: unknown[], [b]: unknown[]) => (String(a) < String(b) ? -1 : 1)
  assert.deepEqual(served.toSorted(byName), Object.entries(kratosOperations).toSorted(byName))
})

test('every operation says on which port it is found; health on both', () => {
  const [publicPort, adminPort] = ['http://127.0.0.1:4433', 'http://127.0.0.1:4434']
  const ports = new Map(operations().map(({ operationId, servers }) => [operationId, servers.map(({ url }) => url)]))
  assert.deepEqual(ports.get('toSession'), [publicPort])
  assert.deepEqual(ports.get('listIdentities'), [adminPort])
  assert.deepEqual(ports.get('isAlive'), [publicPort, adminPort])
})

test('whatever is pointed at exists, and nothing is there that nobody points at', () => {
  const pointed = new Set([...text.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name))
  assert.deepEqual([...pointed].toSorted(), Object.keys(description.components.schemas).toSorted())
})

test('no answer for the public has a place for what only operators may see', () => {
  const { schemas } = description.components
  const reached = new Set<string>()
  const follow = (value: unknown): void => {
    for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (reached.has(name!)) continue
      reached.add(name!)
      follow(schemas[name!])
    }
  }
  for (const { servers, responses } of operations()) if (servers[0]!.url.endsWith('4433')) follow(responses)
  const texts = [...reached].map((name) => JSON.stringify(schemas[name]))
  assert.ok(reached.has('session') && reached.has('publicIdentity'))
  assert.deepEqual(
    texts.filter((each) => /"(metadata_admin|credentials|identityCredentials)"/.test(each)),
    [],
  )
})

let server: InnerServer
before(async () => (server = await startServer()))
after(() => server.stop())

test('operators get the description with and without the prefix; on the public port there is nothing by that name', async () => {
  for (const path of ['/openapi.json', '/admin/openapi.json']) {
    const response = await fetch(server.adminUrl + path)
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type')!, /^application\/json/)
    assert.equal(((await response.json()) as Description).openapi, '3.1.0')
    assert.equal((await fetch(server.publicUrl + path)).status, 404)
  }
})
