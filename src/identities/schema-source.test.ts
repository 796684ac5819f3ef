import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../errors.ts'
import { createOutbound } from '../http/outbound.ts'
import { createSourceLoader, SourceError, type SourceProblem } from '../lib/source.ts'
import { startHttpStub } from '../../test/support/http-stub.ts'
import { createSchemaSources } from './schema-source.ts'

const clockAt = (moment: number) => {
  const clock = { moment, now: () => clock.moment }
  return clock
}
const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`
const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [], retryDelayMs: 1 })
const loadSource = createSourceLoader({ outbound })
const sources = (...urls: string[]) =>
  createSchemaSources({ schemas: urls.map((url, i) => ({ id: `s${i}`, url })), loadSource, clock: clockAt(0) })
const fails = (status: number, id?: string) => (error: unknown) =>
  error instanceof ApiError && error.body.status === status && error.body.id === id

test('a document is compact, and otherwise as it was written', async () => {
  const { documentOf } = sources(base64('{ "$schema": "x",\n "b": 1.0, "a": [ 1e3 ] }\n'))
  assert.equal(await documentOf('s0'), '{"$schema":"x","b":1.0,"a":[1e3]}')
})

test('of two schemas with one id the first counts', async () => {
  const { ids, has, documentOf } = createSchemaSources({
    schemas: [
      { id: 'b', url: base64('1') },
      { id: 'a', url: base64('2') },
      { id: 'b', url: base64('3') },
    ],
    loadSource,
    clock: clockAt(0),
  })
  assert.deepEqual([ids, has('a'), has('A'), await documentOf('b')], [['b', 'a'], true, false, '1'])
})

test('an unknown id is not found', async () => {
  await assert.rejects(sources(base64('{}')).documentOf('S0'), fails(404))
})

test('a missing file, broken Base64, no JSON and an unknown scheme are errors of the configuration', async () => {
  const urls = ['file://./no/such/file.json', 'base64://e30', base64('{'), 'ftp://example.test/x']
  for (const url of urls) await assert.rejects(sources(url).documentOf('s0'), fails(500, 'invalid_configuration'), url)
})

test('a file that cannot be read is an internal error', async () => {
  await assert.rejects(sources('file://./src').documentOf('s0'), fails(500))
})

test('a remote that says 404 is an error of the configuration, any other failure is one of the remote', async () => {
  const stub = await startHttpStub()
  const { documentOf } = sources(`${stub.origin}/schema.json`)
  await assert.rejects(documentOf('s0'), fails(500, 'invalid_configuration'))
  stub.otherwise(() => ({ status: 500 }))
  await assert.rejects(documentOf('s0'), fails(502, 'upstream_error'))
  stub.otherwise(() => ({ status: 403 }))
  await assert.rejects(documentOf('s0'), fails(502, 'upstream_error'))
  stub.otherwise(() => ({ body: '{ }' }))
  assert.equal(await documentOf('s0'), '{}')
  await stub.close()
  assert.equal(await documentOf('s0'), '{}')
  await assert.rejects(sources(stub.origin).documentOf('s0'), fails(502, 'upstream_error'))
})

test('no reason tells an address', async () => {
  const kinds: SourceProblem[] = [
    'missing',
    'unreachable',
    'unsupported-scheme',
    'too-large',
    'bad-base64',
    'unreadable',
  ]
  for (const kind of kinds) {
    const failing = createSchemaSources({
      schemas: [{ id: 'a', url: 'http://inner.example.test/' }],
      loadSource: () => Promise.reject(new SourceError(kind, 'inner.example.test')),
      clock: clockAt(0),
    })
    const error: ApiError = await failing.documentOf('a').then(assert.fail, (e) => e)
    assert.doesNotMatch(JSON.stringify(error.body), /inner\.example/)
  }
})

test('a file is read again after a second, a remote after five minutes, Base64 never', async () => {
  const clock = clockAt(0)
  const loaded: string[] = []
  const schemas = ['file://f', 'https://h', 'base64://b'].map((url) => ({ id: url, url }))
  const { documentOf } = createSchemaSources({ schemas, clock, loadSource: async (url) => (loaded.push(url), '{}') })
  const readAll = () => Promise.all(schemas.map(({ id }) => documentOf(id)))
  for (const seconds of [0, 0.5, 1, 300]) {
    clock.moment = seconds * 1_000_000
    await readAll()
  }
  assert.deepEqual(loaded, ['file://f', 'https://h', 'base64://b', 'file://f', 'file://f', 'https://h'])
})
