import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { cookieValues } from './cookies.ts'
import { noCsrf } from './csrf.ts'
import { createAdminPort, createPublicPort } from './ports.ts'
import type { Request } from './types.ts'

const csrf = { name: 'csrf_token', path: '/', secure: false, sameSite: 'Lax' } as const
const publicPort = createPublicPort({ routes: [], basePath: '', cors: undefined, csrf, onFailure: () => undefined })
const adminPort = createAdminPort({ routes: [], onFailure: () => undefined })

const get = (path: string): Request => ({
  method: 'GET',
  path,
  fullPath: path,
  target: path,
  rawQuery: '',
  query: new URLSearchParams(),
  params: {},
  headers: {},
  headerLines: () => [],
  body: async () => Buffer.alloc(0),
  peer: '127.0.0.1:1',
  scheme: 'http',
  csrf: noCsrf,
})

test('tidying a path up never leads to another host', async () => {
  for (const port of [publicPort, adminPort])
    for (const path of [
      '//evil.test',
      '/a/../\\evil.test',
      '/.//\\evil.test/',
      '//\\evil.test/x',
      '/../\\/evil.test',
    ]) {
      const { response } = await port(get(path))
      const to = response.headers?.location ?? '/'
      assert.equal(new URL(to, 'https://id.shop.example').host, 'id.shop.example', `${path} leads to ${to}`)
    }
})

test('long paths are not remembered', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  for (let i = 0; i < 500; i++) await publicPort(get(`/${i}/${String(i).padEnd(200_000, 'x')}`))
  assert.ok(used() - before < 20_000_000)
})

test('of endless cookies with one name only the first are looked at', () => {
  const cookie = Array.from({ length: 50_000 }, (_, i) => `session=${i}`).join('; ')
  const values = cookieValues({ ...get('/'), headers: { cookie } }, 'session')
  assert.deepEqual(values.slice(0, 3), ['0', '1', '2'])
  assert.equal(values.length, 20)
})
