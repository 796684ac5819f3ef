import assert from 'node:assert/strict'
import { test } from 'node:test'
import Type from 'typebox'
import { describeApi, type Operations } from './openapi.ts'
import { named, text } from './schema.ts'
import type { Route } from './types.ts'

const handler = () => ({ status: 200 })
const get = (path: string, operationId?: string): Route => ({
  method: 'GET',
  path,
  handler,
  ...(operationId === undefined ? {} : { operationId }),
})
const described = (operations: Operations, publicRoutes: Route[], adminRoutes: Route[] = []) =>
  describeApi({
    version: 'v1',
    public: { url: 'https://id.example/', routes: publicRoutes },
    admin: { url: 'https://admin.example/', routes: adminRoutes },
    operations,
  }) as {
    paths: Record<string, Record<string, Record<string, unknown>>>
    components: { schemas: Record<string, unknown> }
  }

const cat = named('cat', { name: Type.String() })
const json = (schema: unknown) => ({ 'application/json': { schema } })

test('a schema with a name is pointed at, wherever it stands', () => {
  const owner = named('owner', { cats: Type.Array(cat), favourite: Type.Optional(cat) })
  const { paths, components } = described({ get: { tag: 'frontend', summary: 'x', answers: { 200: owner } } }, [
    get('/owner', 'get'),
  ])
  const pointer = { $ref: '#/components/schemas/cat' }
  const answers = paths['/owner']!['get']!['responses'] as Record<string, { content: unknown }>
  assert.deepEqual(answers['200']!.content, json({ $ref: '#/components/schemas/owner' }))
  assert.deepEqual(components.schemas['owner'], {
    type: 'object',
    required: ['cats'],
    properties: { cats: { type: 'array', items: pointer }, favourite: pointer },
    additionalProperties: false,
  })
  assert.deepEqual(Object.keys(components.schemas), ['cat', 'errorGeneric', 'genericError', 'owner'])
})

test('several bodies of one status are a choice', () => {
  const dog = named('dog', { name: Type.String() })
  const { paths } = described({ get: { tag: 'frontend', summary: 'x', answers: { 200: [cat, dog] } } }, [
    get('/pet', 'get'),
  ])
  const answers = paths['/pet']!['get']!['responses'] as Record<string, { content: unknown }>
  assert.deepEqual(
    answers['200']!.content,
    json({ anyOf: [{ $ref: '#/components/schemas/cat' }, { $ref: '#/components/schemas/dog' }] }),
  )
})

test('parameters are those of the path, of the query and the headers that tell who asks', () => {
  const { paths } = described(
    {
      get: {
        tag: 'frontend',
        summary: 'x',
        params: { id: 'Which one.' },
        query: { wide: Type.String({ description: 'How wide.', required: true }), deep: text('How deep.') },
        reads: 'session',
        answers: { 204: 'empty' },
      },
    },
    [get('/cats/{id}', 'get')],
  )
  const schema = { type: 'string' }
  assert.deepEqual((paths['/cats/{id}']!['get']!['parameters'] as { name: string }[]).slice(0, 3), [
    { name: 'id', in: 'path', required: true, description: 'Which one.', schema },
    { name: 'wide', in: 'query', required: true, description: 'How wide.', schema },
    { name: 'deep', in: 'query', description: 'How deep.', schema },
  ])
  assert.deepEqual(
    (paths['/cats/{id}']!['get']!['parameters'] as { name: string; in: string }[])
      .slice(3)
      .map((p) => `${p.in} ${p.name}`),
    ['header X-Session-Token', 'header Cookie'],
  )
})

test('an operation of both ports stands there once, with both servers', () => {
  const { paths } = described(
    { isAlive: { tag: 'metadata', summary: 'x', path: '/alive', answers: { 200: cat } } },
    [get('/alive', 'isAlive'), get('/unnamed')],
    [get('/admin/alive', 'isAlive')],
  )
  assert.deepEqual(Object.keys(paths), ['/alive'])
  assert.deepEqual(paths['/alive']!['get']!['servers'], [
    { url: 'https://id.example' },
    { url: 'https://admin.example' },
  ])
})

test('paths and schemas are sorted, so that the text depends on nothing but what it says', () => {
  const operation = { tag: 'frontend', summary: 'x', answers: { 204: 'empty' } } as const
  const { paths } = described({ b: operation, a: operation }, [get('/b', 'b'), get('/a', 'a')])
  assert.deepEqual(Object.keys(paths), ['/a', '/b'])
})

test('what does not fit together is refused', () => {
  const operation = { tag: 'frontend', summary: 'x', answers: { 200: cat } } as const
  assert.throws(() => described({}, [get('/cats', 'cats')]), /cats has no description/)
  assert.throws(() => described({ cats: operation, dogs: operation }, [get('/cats', 'cats')]), /no route serves dogs/)
  const other = named('cat', { age: Type.Integer() })
  assert.throws(
    () =>
      described({ cats: operation, old: { ...operation, answers: { 200: other } } }, [
        get('/cats', 'cats'),
        get('/old', 'old'),
      ]),
    /two schemas are called cat/,
  )
})
