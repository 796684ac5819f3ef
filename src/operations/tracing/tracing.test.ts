import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { startCollector, type CollectedSpan } from '../../../test/support/collector.ts'
import { startHttpStub } from '../../../test/support/http-stub.ts'
import { startServer } from '../../../test/support/server.ts'
import { createOutbound } from '../../http/outbound.ts'
import { createSpans } from './spans.ts'
import { askedShare, shareOf } from './sampling.ts'
import { collectorUrl } from './tracing.ts'
import { tracedOutbound } from './traced.ts'

const otel = (address: string, more: object = {}) => ({
  tracing: {
    provider: 'otel',
    service_name: 'identities',
    deployment_environment: 'test',
    providers: { otlp: { server_url: address, insecure: true, ...more } },
  },
})

const register = async (publicUrl: string, headers: Record<string, string> = {}) => {
  const flow = (await (await fetch(`${publicUrl}/self-service/registration/api`)).json()) as { id: string }
  const answer = await fetch(`${publicUrl}/self-service/registration?flow=${flow.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      method: 'password',
      password: 'difference-engine-1842',
      traits: { email: 'ada@shop.example' },
    }),
  })
  assert.equal(answer.status, 200)
}

const serving = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = spans.find((span) => span.name === name)
  assert.ok(found, `there is no span ${name}`)
  return found
}

test('a request, its queries and its hash are one trace, which the caller may have begun', async () => {
  const collector = await startCollector()
  const server = await startServer({ config: otel(collector.address, { authorization_header: 'Bearer secret' }) })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await register(server.publicUrl, { traceparent })
  await fetch(`${server.publicUrl}/health/ready`)
  await server.stop()
  const spans = collector.spans()
  await collector.close()

  const [request] = collector.requests
  assert.deepEqual([request?.path, request?.headers.authorization], ['/v1/traces', 'Bearer secret'])
  const served = serving(spans, 'POST /self-service/registration')
  assert.deepEqual(
    [served.traceId, served.parentId, served.kind],
    ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', 2],
  )
  assert.deepEqual(
    [served.attributes['http.route'], served.attributes['http.response.status_code'], served.failed],
    ['/self-service/registration', 200, false],
  )
  assert.deepEqual(
    [served.resource['service.name'], served.resource['deployment.environment.name']],
    ['identities', 'test'],
  )

  const parts = spans.filter((span) => span.traceId === served.traceId && span !== served)
  const known = new Set([served.spanId, ...parts.map(({ spanId }) => spanId)])
  assert.ok(parts.every(({ parentId }) => known.has(parentId)))
  const names = parts.map(({ name }) => name)
  for (const expected of ['select flows', 'batch', 'password hash']) assert.ok(names.includes(expected), expected)

  const started = serving(spans, 'GET /self-service/registration/api')
  assert.deepEqual([started.parentId, started.traceId === served.traceId], ['', false])
  assert.ok(!spans.some(({ name }) => name.includes('health')))
  const all = collector.requests.map(({ body }) => body.toString('latin1')).join()
  for (const secret of ['difference-engine', 'ada@shop.example', '$2a$']) assert.ok(!all.includes(secret), secret)
})

test('what nobody samples is not sent', async () => {
  const collector = await startCollector()
  const server = await startServer({ config: otel(collector.address, { sampling: { sampling_ratio: 0 } }) })
  await register(server.publicUrl, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' })
  await fetch(`${server.publicUrl}/sessions/whoami`, {
    headers: { traceparent: '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
  })
  await server.stop()
  await collector.close()
  const traces = new Set(collector.spans().map(({ traceId }) => traceId))
  assert.deepEqual([...traces], ['1af7651916cd43dd8448eb211c80319c'])
})

test('a collector that is away keeps nobody waiting, and is noted once', async () => {
  const server = await startServer({ config: { ...otel('127.0.0.1:9'), log: { level: 'warning' } } })
  await register(server.publicUrl)
  const before = performance.now()
  await server.stop()
  assert.ok(performance.now() - before < 6000)
  const notes = server.logged.filter((line) => line.includes('Traces could not be sent.'))
  assert.equal(notes.length, 1)
})

test('requests to the outside take the trace along, and tell no more of their address than the host', async () => {
  const stub = await startHttpStub()
  stub.otherwise(() => ({ status: 204 }))
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ sampler: shareOf(1), spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const spans = createSpans(provider.getTracer('test'), new W3CTraceContextPropagator())
  const outbound = tracedOutbound(spans, createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] }))
  await spans.served({}, 'GET', {}, () => outbound(`${stub.origin}/hook?token=secret`))
  await assert.rejects(outbound('http://127.0.0.1:9/'))
  await outbound.close()
  await stub.close()

  const [asked, served, failed] = exporter.getFinishedSpans()
  const { traceId, spanId } = asked!.spanContext()
  assert.equal(stub.requests[0]!.headers.traceparent, `00-${traceId}-${spanId}-01`)
  assert.equal(asked!.parentSpanContext?.spanId, served!.spanContext().spanId)
  assert.deepEqual(asked!.attributes, {
    'http.request.method': 'GET',
    'server.address': '127.0.0.1',
    'server.port': stub.port,
    'http.response.status_code': 204,
  })
  assert.deepEqual([failed!.status.code, failed!.attributes['error.type']], [2, 'OutboundError'])
  assert.equal(trace.getActiveSpan(), undefined)
})

test('work that nothing led to is not measured', async () => {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ sampler: shareOf(1), spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  const spans = createSpans(provider.getTracer('test'), new W3CTraceContextPropagator())
  assert.equal(await spans.part('select messages', {}, async () => 'done'), 'done')
  assert.deepEqual(exporter.getFinishedSpans(), [])
})

test('Zipkin gets spans in its own notation, of traces that callers began', async () => {
  const stub = await startHttpStub()
  stub.otherwise(() => ({ status: 202 }))
  const config = {
    tracing: { provider: 'zipkin', providers: { zipkin: { server_url: `${stub.origin}/api/v2/spans` } } },
  }
  const server = await startServer({ config })
  await register(server.publicUrl, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })
  await server.stop()
  await stub.close()
  const spans = stub.requests.flatMap(
    ({ body }) => JSON.parse(body) as { traceId: string; name: string; kind: string }[],
  )
  assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], ['0af7651916cd43dd8448eb211c80319c'])
  assert.ok(spans.some(({ name, kind }) => name === 'POST /self-service/registration' && kind === 'SERVER'))
})

test('a Jaeger agent gets spans in packets that it can read', async () => {
  const agent = createSocket('udp4')
  const packets: Buffer[] = []
  agent.on('message', (packet) => packets.push(packet))
  agent.bind(0, '127.0.0.1')
  await once(agent, 'listening')
  const config = {
    tracing: {
      provider: 'jaeger',
      service_name: 'identities',
      providers: { jaeger: { local_agent_address: `127.0.0.1:${agent.address().port}` } },
    },
  }
  const server = await startServer({ config })
  await register(server.publicUrl, { traceparent: '00-8af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })
  await server.stop()
  await once(
    agent.on('message', () => {}),
    'message',
    { signal: AbortSignal.timeout(20) },
  ).catch(() => {})
  agent.close()

  const batches = packets.map(readEmitBatch)
  assert.equal(structIn(batches[0]!, 1).get(1), 'identities')
  const spans = batches.flatMap((batch) => structsIn(batch, 2))
  const served = spans.find((span) => span.get(5) === 'POST /self-service/registration')!
  assert.equal(hexIn(served, 2), '8af7651916cd43dd')
  assert.equal(hexIn(served, 1), '8448eb211c80319c')
  assert.equal(hexIn(served, 4), 'b7ad6b7169203331')
  const tags = new Map(structsIn(served, 10).map((tag) => [tag.get(1), tag.get(3) ?? tag.get(6) ?? tag.get(5)]))
  assert.deepEqual(
    [tags.get('span.kind'), tags.get('http.response.status_code'), tags.get('http.route')],
    ['server', 200n, '/self-service/registration'],
  )
  const started = Number(served.get(8)) / 1000
  assert.ok(Math.abs(started - Date.now()) < 60_000)
})

test('the share of traces is the one that the sampling server says, or the last one known', async (t) => {
  const stub = await startHttpStub()
  t.after(() => stub.close())
  const failures: unknown[] = []
  const outbound = createOutbound({ disallowPrivateRanges: false, exceptionUrls: [] })
  t.after(() => outbound.close())
  const before = 'ParentBased{root=AskedShare{TraceIdRatioBased{1}}'
  const ask = async (answer: object | undefined) => {
    stub.reset()
    stub.script(answer === undefined ? { status: 500 } : { body: JSON.stringify(answer) })
    const asked = askedShare({
      outbound,
      serverUrl: `${stub.origin}/sampling`,
      serviceName: 'identities',
      initialShare: 1,
      onFailure: (error) => failures.push(error),
    })
    await stub.received(1)
    for (let i = 0; i < 100 && asked.sampler.toString().startsWith(before) && failures.length === 0; i++)
      await new Promise((resolve) => setTimeout(resolve, 5))
    asked.close()
    return asked.sampler.toString()
  }
  assert.match(await ask({ strategyType: 'PROBABILISTIC', probabilisticSampling: { samplingRate: 0.25 } }), /\{0\.25\}/)
  assert.equal(stub.requests[0]!.path, '/sampling?service=identities')
  assert.match(await ask({ rateLimitingSampling: { maxTracesPerSecond: 5 } }), /AtMost\{5\}/)
  assert.match(await ask(undefined), /TraceIdRatioBased\{1\}/)
  assert.equal(failures.length, 1)
})

test('the address of a collector may be a host and port, or a whole address', () => {
  assert.equal(collectorUrl('collector:4318', true), 'http://collector:4318/v1/traces')
  assert.equal(collectorUrl('collector:4318', false), 'https://collector:4318/v1/traces')
  assert.equal(collectorUrl('http://collector:4318', false), 'http://collector:4318/v1/traces')
  assert.equal(
    collectorUrl('https://collector.example/otlp/v1/traces', false),
    'https://collector.example/otlp/v1/traces',
  )
})

// -- Thrift's compact protocol, as an agent reads it --------------------------------------------------------------------

type Value = bigint | boolean | string | Thrift | Value[]
/** The fields of a struct, by number. */
interface Thrift extends Map<number, Value> {}
const structIn = (struct: Thrift, id: number) => struct.get(id) as Thrift
const structsIn = (struct: Thrift, id: number) => struct.get(id) as Thrift[]
const hexIn = (struct: Thrift, id: number) => BigInt.asUintN(64, struct.get(id) as bigint).toString(16)

function readEmitBatch(packet: Buffer): Thrift {
  let at = 0
  const byte = () => packet[at++]!
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const next = byte()
      value |= BigInt(next & 0x7f) << shift
      if (next < 0x80) return value
    }
  }
  const zigzag = (): bigint => {
    const value = varint()
    return (value >> 1n) ^ -(value & 1n)
  }
  const text = () => {
    const length = Number(varint())
    return packet.toString('utf8', at, (at += length))
  }
  const value = (type: number): Value => {
    if (type === 1 || type === 2) return type === 1
    if (type === 5 || type === 6) return zigzag()
    if (type === 8) return text()
    if (type === 9) {
      const header = byte()
      const count = header >> 4 === 15 ? Number(varint()) : header >> 4
      return Array.from({ length: count }, () => value(header & 15))
    }
    assert.equal(type, 12, 'a type that is not expected here')
    return struct()
  }
  const struct = (): Thrift => {
    const fields: Thrift = new Map()
    for (let id = 0, header = byte(); header !== 0; header = byte()) {
      id += header >> 4
      fields.set(id, value(header & 15))
    }
    return fields
  }
  assert.deepEqual([byte(), byte()], [0x82, 0x81])
  varint()
  assert.equal(text(), 'emitBatch')
  const call = struct()
  assert.equal(at, packet.length)
  return structIn(call, 1)
}
