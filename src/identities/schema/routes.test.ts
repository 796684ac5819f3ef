import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestOf } from '../../../test/support/requests.ts'
import { errors } from '../../errors.ts'
import { createRouter } from '../../http/router.ts'
import { schemaRoutes } from './routes.ts'

const documents: Record<string, string> = {
  plain: '{"title":"Plain","maximum":1.0}',
  'a/b': '{"title":"<Slash>"}',
  cGxhaW4: '{"title":"Named like an encoded one"}',
}

function ask(target: string, failing: Record<string, Error> = {}) {
  const schemas = {
    ids: Object.keys(documents),
    has: (id: string) => id in documents,
    async document(id: string) {
      if (failing[id]) throw failing[id]
      const document = documents[id]
      if (document === undefined) throw errors.notFound('There is no such schema.')
      return document
    },
  }
  const request = requestOf('GET', target)
  const found = createRouter(schemaRoutes({ schemas }))('GET', request.path)
  assert.equal(found.kind, 'route')
  if (found.kind !== 'route') throw new Error('unreachable')
  request.params = found.params
  return Promise.resolve(found.handler(request))
}

test('a document is served as it is written', async () => {
  const { status, body } = await ask('/schemas/plain')
  assert.equal(status, 200)
  assert.equal(body, '{"title":"Plain","maximum":1.0}\n')
})

test('a schema is found by its id and by the encoded id, the id first', async () => {
  assert.match(String((await ask('/schemas/a%2Fb')).body), /\\u003cSlash\\u003e/)
  assert.match(String((await ask(`/schemas/${Buffer.from('a/b').toString('base64url')}`)).body), /Slash/)
  assert.match(String((await ask('/schemas/cGxhaW4')).body), /Named like/)
  for (const unknown of ['nobody', 'PLAIN', 'YS9i=', '%00']) {
    await assert.rejects(async () => ask(`/schemas/${unknown}`), /no such schema/)
  }
})

test('pages follow each other without repetition', async () => {
  const ids = async (query: string) =>
    (JSON.parse(String((await ask(`/schemas${query}`)).body)) as { id: string }[]).map(({ id }) => id)
  assert.deepEqual(await ids(''), ['plain', 'a/b', 'cGxhaW4'])
  assert.deepEqual(await ids('?per_page=1&page=1'), ['a/b'])
  assert.deepEqual(await ids('?page=7'), [])
  const { headers } = await ask('/admin/schemas?page_size=2')
  assert.match(headers!.link!, /^<\/admin\/schemas\?page=1&page_size=2&page_token=[\w-]+&per_page=2>; rel="next"/)
})

test('one schema that cannot be had makes the list a failure of the configuration', async () => {
  const failing = { 'a/b': errors.upstream('The host is away.') }
  await assert.rejects(
    async () => ask('/schemas', failing),
    (error) => (error as { body: { id: string } }).body.id === 'invalid_configuration',
  )
  assert.equal((await ask('/schemas?page_size=1', failing)).status, 200)
  await assert.rejects(
    async () => ask('/schemas/a%2Fb', failing),
    (error) => (error as { body: { id: string } }).body.id === 'upstream_error',
  )
})
