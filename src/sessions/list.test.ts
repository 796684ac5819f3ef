import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../errors.ts'
import { parseQuery } from '../http/query.ts'
import { activityOf, expansionOf, keysetHeaders, keysetPage, pageOfOne } from './list.ts'

const isBadRequest = (error: unknown) => error instanceof ApiError && error.body.status === 400
const token = (offset: number) => Buffer.from(JSON.stringify({ offset: String(offset), v: 2 })).toString('base64url')

const pages: [query: string, page: number, size: number, offset: number][] = [
  ['', 0, 250, 0],
  ['page=0&per_page=2', 0, 2, 0],
  ['page=1&per_page=2', 1, 2, 0],
  ['page=2&per_page=2', 2, 2, 2],
  ['page=-1&per_page=2', 0, 2, 0],
  ['per_page=0', 0, 1, 0],
  ['per_page=100000', 0, 1000, 0],
  ['per_page=abc&page=abc', 0, 250, 0],
  ['page_size=2', 0, 2, 0],
  ['page_size=1&page=1&per_page=5', 0, 1, 0],
  [`page_size=2&page_token=${token(2)}`, 1, 2, 2],
  [`page_size=2&page_token=${token(4)}&page=1&per_page=2`, 2, 2, 4],
  [`page_token=${token(-250)}`, 0, 250, 0],
  ['page_token=garbage', 0, 250, 0],
]

for (const [query, page, size, offset] of pages) {
  test(`"${query}" asks for ${size} rows from ${offset} on`, () => {
    assert.deepEqual(pageOfOne(parseQuery(query)), { page: { page, size }, offset })
  })
}

const linksOf = (header: string) =>
  Object.fromEntries([...header.matchAll(/<([^>]*)>; rel="(\w+)"/g)].map(([, url, rel]) => [rel, url]))

test('the link to the next page leads behind the last row, to the microsecond', () => {
  const last = { createdAt: 1_800_000_000_000_001, id: '0ef0a3c1-5b0f-4c8e-9e32-3c0f4f0f6a11' }
  const request = { path: '/admin/sessions', query: parseQuery('expand=identity&page_size=2&active=true') }
  const { first, next } = linksOf(keysetHeaders(request, 2, last).link!)
  assert.match(next!, /^\/admin\/sessions\?active=true&expand=identity&page_size=2&page_token=[\w%]+$/)
  const after = (url: string) => keysetPage(parseQuery(url.split('?')[1]!)).after
  assert.deepEqual(after(next!), last)
  assert.equal(new Date(after(first!).createdAt / 1000).getUTCFullYear(), 2200)
})

test('the last page has no next one', () => {
  assert.deepEqual(
    Object.keys(linksOf(keysetHeaders({ path: '/admin/sessions', query: parseQuery('') }, 250, undefined).link!)),
    ['first'],
  )
})

test('a page of all sessions has a size within bounds', () => {
  const sizeOf = (query: string) => keysetPage(parseQuery(query)).size
  assert.deepEqual(
    ['', 'page_size=', 'page_size=0', 'page_size=-5', 'page_size=7', 'page_size=1001'].map(sizeOf),
    [250, 250, 250, 250, 7, 1000],
  )
  assert.throws(() => sizeOf('page_size=abc'), isBadRequest)
})

test('a page token may name its parts in either order, and nothing else is one', () => {
  const id = '0ef0a3c1-5b0f-4c8e-9e32-3c0f4f0f6a11'
  const moment = '2027-01-15 08:00:00.5'
  const tokenOf = (text: string) =>
    `page_token=${encodeURIComponent(Buffer.from(text).toString('base64').replace(/=+$/, ''))}`
  const expected = { createdAt: 1_800_000_000_500_000, id }
  assert.deepEqual(keysetPage(parseQuery(tokenOf(`id=${id}/created_at=${moment}`))).after, expected)
  assert.deepEqual(keysetPage(parseQuery(tokenOf(`created_at=${moment}/id=${id}`))).after, expected)
  for (const broken of [
    '{}',
    '',
    `id=${id}`,
    `created_at=${moment}`,
    `id=x/created_at=${moment}`,
    `id=${id}/created_at=soon`,
  ])
    if (broken !== '') assert.throws(() => keysetPage(parseQuery(tokenOf(broken))), isBadRequest, broken)
  assert.throws(() => keysetPage(parseQuery('page_token=garbage')), isBadRequest)
})

test('active is a boolean in any spelling of Go, or nothing', () => {
  const activity = (query: string) => activityOf(parseQuery(query))
  assert.equal(activity(''), undefined)
  assert.equal(activity('active='), undefined)
  for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(activity(`active=${text}`), 'active', text)
  for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False'])
    assert.equal(activity(`active=${text}`), 'inactive', text)
  for (const text of ['yes', 'tRUE', '2']) assert.throws(() => activity(`active=${text}`), isBadRequest, text)
})

test('expand takes one name each', () => {
  const expansion = (query: string) => expansionOf(parseQuery(query))
  assert.deepEqual(expansion(''), { identity: false, devices: false })
  assert.deepEqual(expansion('expand=Identity'), { identity: true, devices: false })
  assert.deepEqual(expansion('expand=identity&expand=DEVICES'), { identity: true, devices: true })
  for (const query of ['expand=', 'expand=identity,devices', 'expand=credentials'])
    assert.throws(() => expansion(query), isBadRequest, query)
})
