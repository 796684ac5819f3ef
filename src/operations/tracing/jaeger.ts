import { createSocket, type Socket } from 'node:dgram'
import type { HrTime } from '@opentelemetry/api'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

/** What a packet may hold so that the agent takes it. */
const maxPacketBytes = 65_000

/**
 * Sends spans to a Jaeger agent: UDP packets that hold a call of `emitBatch` in Thrift's compact protocol. Whether they
 * arrive nobody learns.
 * @see https://github.com/jaegertracing/jaeger-idl/blob/main/thrift/jaeger.thrift
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export function createJaegerExporter({
  address,
  serviceName,
}: {
  /** `host:port`; the port is 6831 unless given. */
  address: string
  serviceName: string
}): SpanExporter {
  const [, host = 'localhost', port = '6831'] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(address) ?? []
  let socket: Socket | undefined

  async function send(packet: Buffer): Promise<void> {
    socket ??= createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const on = socket
    await new Promise<void>((resolve, reject) =>
      on.send(packet, Number(port), host, (error) => (error ? reject(error) : resolve())),
    )
  }

  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void) {
      Promise.all(packetsOf(spans, serviceName).map(send)).then(
        () => done({ code: ExportResultCode.SUCCESS }),
        (error: Error) => done({ code: ExportResultCode.FAILED, error }),
      )
    },
    async shutdown() {
      await new Promise<void>((resolve) => (socket ? socket.close(() => resolve()) : resolve()))
    },
  }
}

function packetsOf(spans: readonly ReadableSpan[], serviceName: string): Buffer[] {
  const process = struct([string(1, serviceName), tags(2, spans[0]?.resource.attributes ?? {})])
  const packets: Buffer[] = []
  let encoded: Buffer[] = []
  let size = 0
  const flush = () => {
    if (encoded.length > 0) packets.push(call(process, encoded))
    encoded = []
    size = 0
  }
  for (const span of spans) {
    const bytes = spanStruct(span)
    // One that is too large by itself would only be refused.
    if (bytes.length + process.length > maxPacketBytes - 100) continue
    if (size + bytes.length + process.length > maxPacketBytes - 100) flush()
    encoded.push(bytes)
    size += bytes.length
  }
  flush()
  return packets
}

/** A call without an answer, whose one argument is a batch. */
const call = (process: Buffer, spans: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x82, 0x81]),
    varint(0n),
    lengthed(Buffer.from('emitBatch')),
    struct([
      field(
        1,
        types.struct,
        struct([field(1, types.struct, process), field(2, types.list, listOf(types.struct, spans))]),
      ),
    ]),
  ])

function spanStruct(span: ReadableSpan): Buffer {
  const { traceId, spanId, traceFlags } = span.spanContext()
  const kind = ['internal', 'server', 'client', 'producer', 'consumer'][span.kind] ?? 'internal'
  return struct([
    i64(1, BigInt(`0x${traceId.slice(16)}`)),
    i64(2, BigInt(`0x${traceId.slice(0, 16)}`)),
    i64(3, BigInt(`0x${spanId}`)),
    i64(4, BigInt(`0x${span.parentSpanContext?.spanId ?? '0'}`)),
    string(5, span.name),
    field(7, types.i32, zigzag(BigInt(traceFlags))),
    i64(8, micros(span.startTime)),
    i64(9, micros(span.duration)),
    tags(10, { ...span.attributes, 'span.kind': kind, ...(span.status.code === 2 ? { error: true } : {}) }),
  ])
}

const micros = ([seconds, nanos]: HrTime): bigint => BigInt(seconds) * 1_000_000n + BigInt(Math.floor(nanos / 1000))

/** Texts, truth values and numbers; the rest is told as JSON. */
function tags(id: number, attributes: Readonly<Record<string, unknown>>): Field {
  const structs = Object.entries(attributes).map(([key, value]) => {
    if (typeof value === 'boolean')
      return struct([string(1, key), i32(2, 2), { id: 5, type: value ? types.true : types.false, value: none }])
    if (typeof value === 'number' && Number.isSafeInteger(value))
      return struct([string(1, key), i32(2, 3), i64(6, BigInt(value))])
    if (typeof value === 'number') {
      const double = Buffer.alloc(8)
      double.writeDoubleLE(value)
      return struct([string(1, key), i32(2, 1), field(4, types.double, double)])
    }
    return struct([string(1, key), i32(2, 0), string(3, typeof value === 'string' ? value : JSON.stringify(value))])
  })
  return field(id, types.list, listOf(types.struct, structs))
}

// -- Thrift's compact protocol -----------------------------------------------------------------------------------------

const types = { true: 1, false: 2, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 } as const
type Field = { id: number; type: number; value: Buffer }

const none = Buffer.alloc(0)
const field = (id: number, type: number, value: Buffer): Field => ({ id, type, value })
const string = (id: number, text: string): Field => field(id, types.binary, lengthed(Buffer.from(text)))
const i32 = (id: number, value: number): Field => field(id, types.i32, zigzag(BigInt(value)))
const i64 = (id: number, value: bigint): Field => field(id, types.i64, zigzag(BigInt.asIntN(64, value)))

/** Fields in the order of their numbers, of which only the distance to the one before is written. */
function struct(fields: readonly Field[]): Buffer {
  let last = 0
  const parts = fields.flatMap(({ id, type, value }) => {
    const header = Buffer.from([((id - last) << 4) | type])
    last = id
    return [header, value]
  })
  return Buffer.concat([...parts, Buffer.from([0])])
}

function listOf(type: number, items: readonly Buffer[]): Buffer {
  const header =
    items.length < 15
      ? Buffer.from([(items.length << 4) | type])
      : Buffer.concat([Buffer.from([0xf0 | type]), varint(BigInt(items.length))])
  return Buffer.concat([header, ...items])
}

const lengthed = (bytes: Buffer): Buffer => Buffer.concat([varint(BigInt(bytes.length)), bytes])

const zigzag = (value: bigint): Buffer => varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)))

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
