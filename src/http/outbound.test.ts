import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startHttpStub } from '../../test/support/http-stub.ts'
import { createOutbound, globPattern, isReachable, OutboundError } from './outbound.ts'

const stub = await startHttpStub()
const open = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [], retryDelayMs: 1 })
const guarded = createOutbound({ disallowPrivateRanges: true, exceptionUrls: [] })
beforeEach(() => stub.reset())
after(async () => {
  await Promise.all([open.close(), guarded.close()])
  await stub.close()
})

const fails = (kind: string) => (error: unknown) => error instanceof OutboundError && error.kind === kind

test('method, headers and body go out, status, headers and body come back', async () => {
  stub.script({ status: 202, headers: { 'X-Answer': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }, body: 'fine' })
  const { status, headers, body } = await open(`${stub.origin}/hook?a=b%20c`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Key': 'k' },
    body: '{"a":1}',
  })
  assert.deepEqual(
    [status, headers['x-answer'], headers['set-cookie'], body.toString()],
    [202, 'yes', 'a=1, b=2', 'fine'],
  )
  const [seen] = stub.requests
  assert.deepEqual([seen?.method, seen?.path, seen?.body], ['POST', '/hook?a=b%20c', '{"a":1}'])
  assert.deepEqual([seen?.headers['content-type'], seen?.headers['x-key']], ['application/json', 'k'])
})

test('name and password of an address become basic authentication, unless the request has its own', async () => {
  stub.otherwise(() => ({}))
  const url = stub.origin.replace('//', '//ada:p%40ss@')
  await open(url)
  await open(url, { headers: { Authorization: 'Bearer x' } })
  assert.deepEqual(
    stub.requests.map(({ headers }) => headers.authorization),
    [`Basic ${Buffer.from('ada:p@ss').toString('base64')}`, 'Bearer x'],
  )
})

test('private addresses are out of reach when that is asked for, however they are written', async () => {
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0.0.0.0',
    '[::]',
    '[64:ff9b::7f00:1]',
  ]
  for (const host of hosts) await assert.rejects(guarded(`http://${host}:${stub.port}/`), fails('refused'), host)
  assert.deepEqual(stub.requests, [])
})

test('private addresses can be reached otherwise, other reserved ones cannot', async () => {
  stub.otherwise(() => ({}))
  assert.equal((await open(`http://localhost:${stub.port}/`)).status, 200)
  for (const host of ['0.0.0.0', '224.0.0.1', '[ff02::1]', '[fe80::1]', '255.255.255.255']) {
    await assert.rejects(open(`http://${host}:${stub.port}/`), fails('refused'), host)
  }
})

test('addresses that are excepted can be reached, their neighbours cannot', async () => {
  const excepting = createOutbound({
    disallowPrivateRanges: true,
    exceptionUrls: [`${stub.origin}/allowed`, `${stub.origin}/below/**`],
  })
  stub.otherwise(() => ({}))
  for (const path of ['/allowed', '/allowed?x=1#y', '/below/a/b.c'])
    assert.equal((await excepting(stub.origin + path)).status, 200, path)
  for (const path of ['/', '/allowed/more', '/Allowed', '/below/../secret'])
    await assert.rejects(excepting(stub.origin + path), fails('refused'), path)
  await excepting.close()
})

test('a redirect from an excepted address to a private one is refused', async () => {
  const excepting = createOutbound({ disallowPrivateRanges: true, exceptionUrls: [`${stub.origin}/start`] })
  stub.otherwise(({ path }) => (path === '/start' ? { status: 302, headers: { Location: '/secret' } } : {}))
  await assert.rejects(excepting(`${stub.origin}/start`, { followRedirects: 5 }), fails('refused'))
  assert.deepEqual(
    stub.requests.map(({ path }) => path),
    ['/start'],
  )
  await excepting.close()
})

test('only http and https addresses are asked', async () => {
  for (const url of ['file:///etc/passwd', 'ftp://example.test/', 'gopher://example.test', 'nonsense', '/path']) {
    await assert.rejects(open(url), fails('refused'), url)
  }
  stub.script({ status: 302, headers: { Location: 'file:///etc/passwd' } })
  await assert.rejects(open(stub.origin, { followRedirects: 1 }), fails('refused'))
})

test('a redirect is the answer, unless following was asked for', async () => {
  stub.otherwise(({ path }) => (path === '/a' ? { status: 302, headers: { Location: '/b' } } : { body: path }))
  assert.equal((await open(`${stub.origin}/a`)).status, 302)
  assert.equal((await open(`${stub.origin}/a`, { followRedirects: 1 })).body.toString(), '/b')
})

test('redirects without end are given up', async () => {
  stub.otherwise(() => ({ status: 302, headers: { Location: '/again' } }))
  await assert.rejects(open(stub.origin, { followRedirects: 3 }), fails('network'))
  assert.equal(stub.requests.length, 4)
})

test('a redirected POST becomes a GET without a body by 303, and stays as it is by 307', async () => {
  stub.otherwise(({ path }) => (path === '/' ? {} : { status: Number(path.slice(1)), headers: { Location: '/' } }))
  const init = { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' }, followRedirects: 1 }
  await open(`${stub.origin}/303`, init)
  await open(`${stub.origin}/307`, init)
  assert.deepEqual(
    stub.requests
      .filter(({ path }) => path === '/')
      .map(({ method, body, headers }) => [method, body, headers['content-type']]),
    [
      ['GET', '', undefined],
      ['POST', 'x', 'text/plain'],
    ],
  )
})

test('credentials for one origin do not go to another by redirect', async () => {
  const other = await startHttpStub()
  other.otherwise(() => ({}))
  stub.script({ status: 307, headers: { Location: other.origin } })
  await open(stub.origin, { headers: { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Kind': 'k' }, followRedirects: 1 })
  const [seen] = other.requests
  assert.deepEqual(
    [seen?.headers.authorization, seen?.headers.cookie, seen?.headers['x-kind']],
    [undefined, undefined, 'k'],
  )
  await other.close()
})

test('a body that is too large is not read to its end', async () => {
  stub.script({ body: 'x'.repeat(101) }, (response) => {
    const more = () => void response.write('x'.repeat(1000), more)
    response.on('close', () => response.destroy())
    more()
  })
  await assert.rejects(open(stub.origin, { maxBytes: 100 }), fails('too-large'))
  await assert.rejects(open(stub.origin, { maxBytes: 100_000 }), fails('too-large'))
})

test('an answer that does not come, or does not end, is given up after the time-out', async () => {
  stub.script(
    () => undefined,
    (response) => void response.write('a beginning'),
  )
  await assert.rejects(open(stub.origin, { timeoutMs: 50 }), fails('timeout'))
  await assert.rejects(open(stub.origin, { timeoutMs: 50 }), fails('timeout'))
})

test('what cannot be reached is a network error that does not tell the path', async () => {
  const gone = await startHttpStub()
  await gone.close()
  await assert.rejects(
    open(`${gone.origin}/secret?token=1`),
    (error) => fails('network')(error) && !/secret|token/.test((error as Error).message),
  )
  await assert.rejects(open('http://nowhere.invalid/'), fails('network'))
})

test('a failed attempt is repeated as often as asked', async () => {
  const broken = (response: { destroy(): void }) => response.destroy()
  stub.script({ status: 503 }, broken, { body: 'at last' })
  assert.equal((await open(stub.origin, { retries: 2 })).body.toString(), 'at last')

  stub.reset()
  stub.otherwise(() => ({ status: 500 }))
  assert.equal((await open(stub.origin, { retries: 2 })).status, 500)
  assert.equal(stub.requests.length, 3)

  stub.reset()
  assert.equal((await open(stub.origin, { retries: 2 })).status, 404)
  assert.equal(stub.requests.length, 1)
})

test('special ranges are told from public addresses', () => {
  const publicOnes = ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8']
  const privateOnes = [
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '169.254.169.254',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
  ]
  const never = [
    '0.0.0.0',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '240.0.0.1',
    '224.0.0.1',
    '::',
    'fe80::1',
    '64:ff9b::808:808',
    '2002:a00:1::',
    '2001:db8::1',
    '4000::1',
    'ff02::1',
    '',
    'localhost',
  ]
  const reach = (privateToo: boolean) => (address: string) => isReachable(address, { privateToo })
  assert.deepEqual(publicOnes.filter(reach(false)), publicOnes)
  assert.deepEqual([...privateOnes, ...never].filter(reach(false)), [])
  assert.deepEqual(privateOnes.filter(reach(true)), privateOnes)
  assert.deepEqual(never.filter(reach(true)), [])
})

test('globs keep to the parts of an address', () => {
  const fits = (glob: string, url: string) => globPattern(glob).test(url)
  assert.ok(fits('http://*.example.test/x', 'http://a.example.test/x'))
  assert.ok(!fits('http://*.example.test/x', 'http://a.b.example.test/x'))
  assert.ok(fits('http://**.example.test/x', 'http://a.b.example.test/x'))
  assert.ok(fits('http://{a,b}.test/?[0-9][!x]', 'http://b.test/y1z'))
  assert.ok(!fits('http://a.test/?', 'http://a.test/.'))
  assert.ok(!fits('http://a.test/x', 'http://aXtest/x'))
  assert.ok(fits('http://a,b.test/(+)', 'http://a,b.test/(+)'))
})
