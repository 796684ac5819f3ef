import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { ApiError } from '../../errors.ts'
import { HookFailure } from '../../flows/hook.ts'
import { createOutbound, type OutboundError, type OutboundOptions } from '../../http/outbound.ts'
import { createJsonnet } from '../../lib/jsonnet/jsonnet.ts'
import { createSourceLoader } from '../../lib/source.ts'
import { startHttpStub, type HttpStub } from '../../../test/support/http-stub.ts'
import { createDelivery, createTemplates, type Deliver, type Delivery, type DeliveryConfig } from './delivery.ts'
import { signatureHeaders } from './sign.ts'

let target: HttpStub
const jsonnet = createJsonnet()
const opened: { close(): Promise<void> }[] = []
const clock = { now: () => 1_700_000_000_000_000 }

before(async () => void (target = await startHttpStub()))
beforeEach(() => target.reset())
after(async () => {
  await target.close()
  await jsonnet.close()
  for (const each of opened) await each.close()
})

const snippet = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

type Made = { guard?: Partial<OutboundOptions>; retryDelayMs?: number; withoutBody?: true; engine?: typeof jsonnet }

function delivery(
  config: Partial<DeliveryConfig> = {},
  { guard = {}, retryDelayMs = 1, withoutBody, engine = jsonnet }: Made = {},
): Deliver {
  const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [], retryDelayMs: 1, ...guard })
  opened.push(outbound)
  const loadSource = createTemplates({ loadSource: createSourceLoader({ outbound }), clock })
  const full = {
    url: `${target.origin}/hook`,
    method: 'POST',
    ...(withoutBody ? {} : { body: snippet('function(ctx) { told: ctx.word }') }),
    emit_analytics_event: true,
    signing_secrets: [],
    timeout: '5s',
    retries: 2,
    follow_redirects: true,
    ...config,
  }
  return createDelivery({ outbound, jsonnet: engine, loadSource, clock }, full, { retryDelayMs })
}

const news: Delivery = { context: { word: 'hello' }, id: '5f5b4c2e-6d5a-4a43-9a35-0a5e3f6f3a01', reads: () => true }

const causeOf = (error: unknown) => (error as Error).cause as OutboundError

test('a target is told what the snippet makes of the context', async () => {
  target.script({ body: 'thanks' })
  const answer = await delivery({ headers: { 'X-Shop': '7' } })(news)
  assert.equal(answer!.body.toString(), 'thanks')
  const [request] = target.requests
  assert.deepEqual(JSON.parse(request!.body), { told: 'hello' })
  assert.equal(request!.method, 'POST')
  assert.equal(request!.headers['content-type'], 'application/json')
  assert.equal(request!.headers['x-shop'], '7')
  assert.equal(request!.headers['idempotency-key'], news.id)
  assert.equal(request!.headers['ory-webhook-trigger-id'], news.id)
  assert.equal(request!.headers['webhook-id'], undefined)
})

test('with secrets every attempt is signed over its body', async () => {
  const secrets = [`whsec_${Buffer.alloc(32, 1).toString('base64')}`, `whsec_${Buffer.alloc(32, 2).toString('base64')}`]
  target.script({ status: 503 }, { status: 200 })
  await delivery({ signing_secrets: secrets })(news)
  assert.equal(target.requests.length, 2)
  for (const { headers, body } of target.requests) {
    const expected = signatureHeaders(secrets, { id: news.id, timestamp: 1_700_000_000, body })
    for (const [name, value] of Object.entries(expected)) assert.equal(headers[name], value)
  }
})

test('attempts share one key and differ in their own id', async () => {
  target.script({ status: 500 }, { status: 429 }, { status: 204 })
  assert.equal((await delivery()(news))!.status, 204)
  const ids = target.requests.map(({ headers }) => headers['ory-webhook-request-id'])
  assert.equal(new Set(ids).size, 3)
  assert.deepEqual([...new Set(target.requests.map(({ headers }) => headers['idempotency-key']))], [news.id])
})

test('a target that never recovers is given up after the configured retries', async () => {
  target.otherwise(() => ({ status: 500 }))
  await assert.rejects(delivery({ retries: 1 })(news), HookFailure)
  assert.equal(target.requests.length, 2)
})

test('a connection that breaks is tried again', async () => {
  target.script((response) => response.destroy(), { status: 200 })
  assert.equal((await delivery()(news))!.status, 200)
})

test('an answer of 501 or 4xx is an answer', async () => {
  target.script({ status: 501 }, { status: 404 })
  assert.equal((await delivery()(news))!.status, 501)
  assert.equal((await delivery()(news))!.status, 404)
  assert.equal(target.requests.length, 2)
})

for (const [name, answer] of Object.entries({
  silent: () => {},
  endless: (response: import('node:http').ServerResponse) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('.'), 5)
    response.on('close', () => clearInterval(timer))
  },
})) {
  test(`a target that is ${name} keeps nobody longer than configured, and is not asked again`, async () => {
    target.otherwise(() => answer)
    const started = performance.now()
    await assert.rejects(delivery({ timeout: '200ms' })(news), (error) => {
      assert.ok(error instanceof ApiError)
      assert.equal(error.body.status, 504)
      return true
    })
    assert.ok(performance.now() - started < 2000)
    assert.equal(target.requests.length, 1)
  })
}

test('retries end with the time, too', async () => {
  target.otherwise(() => ({ status: 500 }))
  const started = performance.now()
  const slow = delivery({ timeout: '300ms', retries: 10 }, { retryDelayMs: 10_000 })
  await assert.rejects(slow(news), (error: ApiError) => error.body.status === 504)
  assert.ok(performance.now() - started < 3000)
})

test('an answer that is too large is refused while it comes', async () => {
  target.otherwise(() => (response) => {
    response.writeHead(200)
    const more = () => {
      while (response.write(Buffer.alloc(64 * 1024, 46)));
    }
    response.on('drain', more)
    response.on('error', () => {})
    more()
  })
  await assert.rejects(delivery()(news), (error) => error instanceof HookFailure && causeOf(error).kind === 'too-large')
  assert.equal(target.requests.length, 1)
})

test('a body that does not count is not read, however much of it comes', async () => {
  target.otherwise(() => (response) => {
    response.writeHead(200)
    response.on('error', () => {})
    const more = () => {
      while (response.write(Buffer.alloc(64 * 1024, 46)));
    }
    response.on('drain', more)
    more()
  })
  const answer = await delivery()({ ...news, reads: () => false })
  assert.equal(answer!.status, 200)
  assert.equal(answer!.body.length, 0)
})

test('an address that is out of bounds is refused without being asked', async () => {
  const guarded = delivery({}, { guard: { disallowPrivateRanges: true } })
  await assert.rejects(guarded(news), (error) => error instanceof HookFailure && causeOf(error).kind === 'refused')
  assert.equal(target.requests.length, 0)
})

test('a redirect takes no configured header to another origin', async () => {
  const elsewhere = await startHttpStub()
  try {
    elsewhere.script({ status: 200 })
    target.script({ status: 307, headers: { location: `${elsewhere.origin}/other` } })
    const keyed = delivery({
      headers: { 'X-Token': 't' },
      auth: { type: 'api_key', config: { name: 'X-Api-Key', value: 'k', in: 'header' } },
    })
    assert.equal((await keyed(news))!.status, 200)
    assert.equal(target.requests[0]!.headers['x-api-key'], 'k')
    const { headers, body } = elsewhere.requests[0]!
    assert.deepEqual([headers['x-api-key'], headers['x-token']], [undefined, undefined])
    assert.deepEqual(JSON.parse(body), { told: 'hello' })
  } finally {
    await elsewhere.close()
  }
})

test('redirects can be refused', async () => {
  target.script({ status: 302, headers: { location: `${target.origin}/other` } })
  await assert.rejects(delivery({ follow_redirects: false })(news), HookFailure)
  assert.equal(target.requests.length, 1)
})

test('a snippet may cancel the request', async () => {
  assert.equal(await delivery({ body: snippet("function(ctx) error 'cancel'") })(news), undefined)
  assert.equal(target.requests.length, 0)
})

for (const [name, config] of Object.entries({
  'a snippet that fails': { body: snippet("function(ctx) error 'cancelled by nobody'") },
  'a snippet that is not there': { body: 'file:///nowhere/hook.jsonnet' },
  'an unknown content type': { headers: { 'content-type': 'text/plain' } },
  'a form that is not flat': {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: snippet('function(ctx) { a: { b: 1 } }'),
  },
  'a form that wants to cancel': {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: snippet("function(ctx) error 'cancel'"),
  },
}) satisfies [string, Partial<DeliveryConfig>][]) {
  test(`${name} is a failure, and nothing is sent`, async () => {
    await assert.rejects(delivery(config)(news), HookFailure)
    assert.equal(target.requests.length, 0)
  })
}

test('without a snippet there is no body to send, except with TRACE', async () => {
  const without = (method: string) => delivery({ method, emit_analytics_event: false }, { withoutBody: true })
  await assert.rejects(without('POST')(news), HookFailure)
  assert.equal(target.requests.length, 0)
  target.script({ status: 200 })
  await without('TRACE')(news)
  assert.equal(target.requests[0]!.body, '')
  assert.equal(target.requests[0]!.headers['ory-webhook-trigger-id'], undefined)
})

test('when too many bodies are being made at once, later is a better time', async () => {
  const narrow = createJsonnet({ maxWaiting: 1 })
  opened.push(narrow)
  target.otherwise(() => ({ status: 204 }))
  const busy = delivery({}, { engine: narrow })
  const all = await Promise.allSettled(Array.from({ length: 10 }, () => busy(news)))
  const refused = all.filter((one) => one.status === 'rejected').map(({ reason }) => reason as ApiError)
  assert.ok(refused.length > 0 && refused.length < 10)
  for (const { body, retryAfterSeconds } of refused) assert.deepEqual([body.status, retryAfterSeconds], [503, 1])
})

test('a snippet from the network is fetched once', async () => {
  target.otherwise(({ path }) => (path === '/snippet' ? { body: 'function(ctx) [ctx.word]' } : { status: 204 }))
  const remote = delivery({ body: `${target.origin}/snippet` })
  await remote(news)
  await remote(news)
  assert.deepEqual(
    target.requests.map(({ path }) => path),
    ['/snippet', '/hook', '/hook'],
  )
})
