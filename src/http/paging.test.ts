import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requestOf } from '../../test/support/requests.ts'
import {
  numberedPage,
  numberedPageHeaders,
  offsetToken,
  parseInteger,
  tokenOrNumberedPage,
  tokenPageHeaders,
} from './paging.ts'

const limits = { defaultSize: 250, maxSize: 500 }
const query = (text: string) => new URLSearchParams(text)
const linksOf = (headers: Record<string, string>) =>
  Object.fromEntries([...headers.link!.matchAll(/<([^>]*)>; rel="(\w+)"/g)].map(([, url, rel]) => [rel, url]))

describe('paging', () => {
  test('integers are read with a sign and nothing else', () => {
    assert.equal(parseInteger('12'), 12)
    assert.equal(parseInteger('-3'), -3)
    assert.equal(parseInteger('+4'), 4)
    for (const text of ['', null, undefined, 'x', '1.5', ' 1', '1e3', '0x10', '99999999999999999999']) {
      assert.equal(parseInteger(text), undefined)
    }
  })

  test('numbered pages stay within their bounds', () => {
    assert.deepEqual(numberedPage(query(''), limits), { page: 0, size: 250 })
    assert.deepEqual(numberedPage(query('page=2&per_page=10'), limits), { page: 2, size: 10 })
    assert.deepEqual(numberedPage(query('page=-2&per_page=-10'), limits), { page: 0, size: 1 })
    assert.deepEqual(numberedPage(query('page=x&per_page=x'), limits), { page: 0, size: 250 })
    assert.deepEqual(numberedPage(query('per_page=5000'), limits), { page: 0, size: 500 })
  })

  test('a token or a page size has the say over numbers', () => {
    assert.deepEqual(tokenOrNumberedPage(query('page=3&per_page=2'), limits), { page: 3, size: 2 })
    assert.deepEqual(tokenOrNumberedPage(query(`page_size=4&page_token=${offsetToken(8)}&page=1`), limits), {
      page: 2,
      size: 4,
    })
    assert.deepEqual(tokenOrNumberedPage(query('page_size=0'), limits), { page: 0, size: 1 })
    for (const token of ['x', '', 'bnVsbA', Buffer.from('{"offset":"-4"}').toString('base64url')]) {
      assert.deepEqual(tokenOrNumberedPage(query(`page_token=${token}&page=7`), limits), { page: 0, size: 250 })
    }
  })

  test('links lead to the pages that there are and keep other parameters', () => {
    const request = requestOf('GET', '/things?per_page=2&page=1&kind=a')
    const headers = numberedPageHeaders(request, { page: 1, size: 2 }, 7)
    assert.equal(headers['x-total-count'], '7')
    assert.deepEqual(linksOf(headers), {
      first: '/things?kind=a&page=0&per_page=2',
      next: '/things?kind=a&page=2&per_page=2',
      prev: '/things?kind=a&page=0&per_page=2',
      last: '/things?kind=a&page=3&per_page=2',
    })
  })

  test('the first page leads on, the last one back, a page beyond it too', () => {
    const rels = (page: number, total: number) =>
      Object.keys(linksOf(numberedPageHeaders(requestOf('GET', '/'), { page, size: 2 }, total)))
    assert.deepEqual(rels(0, 5), ['next', 'last'])
    assert.deepEqual(rels(2, 5), ['first', 'prev'])
    assert.deepEqual(rels(9, 5), ['first', 'prev'])
    assert.deepEqual(rels(0, 2), ['first'])
    assert.deepEqual(rels(0, 0), ['first', 'next', 'prev'])
  })

  test('tokens hold the offset of a page', () => {
    const { next } = linksOf(tokenPageHeaders(requestOf('GET', '/schemas?page_size=4'), { page: 0, size: 4 }, 6))
    assert.equal(next, '/schemas?page=1&page_size=4&page_token=eyJvZmZzZXQiOiI0IiwidiI6Mn0&per_page=4')
  })
})
