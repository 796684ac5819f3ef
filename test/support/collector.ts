import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bytesIn, messagesIn, numberIn, readMessage, textIn, type Message } from './protobuf.ts'

export type CollectedSpan = {
  traceId: string
  spanId: string
  /** Empty for the first of a trace. */
  parentId: string
  name: string
  kind: number
  failed: boolean
  attributes: Record<string, string | number>
  resource: Record<string, string | number>
}

export type Collector = {
  /** `host:port` */
  address: string
  requests: { path: string; headers: IncomingHttpHeaders; body: Buffer }[]
  spans(): CollectedSpan[]
  close(): Promise<void>
}

/** Where traces are sent to by OTLP over HTTP. */
export async function startCollector(): Promise<Collector> {
  const requests: Collector['requests'] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    requests.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) })
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    spans: () => requests.flatMap(({ body }) => spansOf(readMessage(body))),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
function spansOf(request: Message): CollectedSpan[] {
  return messagesIn(request, 1).flatMap((resourceSpans) => {
    const resource = Object.assign({}, ...messagesIn(resourceSpans, 1).map((each) => attributesIn(each, 1))) as Record<
      string,
      string
    >
    return messagesIn(resourceSpans, 2).flatMap((scope) =>
      messagesIn(scope, 2).map((span) => ({
        traceId: bytesIn(span, 1).toString('hex'),
        spanId: bytesIn(span, 2).toString('hex'),
        parentId: bytesIn(span, 4).toString('hex'),
        name: textIn(span, 5),
        kind: numberIn(span, 6),
        failed: messagesIn(span, 15).some((status) => numberIn(status, 3) === 2),
        attributes: attributesIn(span, 9),
        resource,
      })),
    )
  })
}

const attributesIn = (message: Message, field: number): Record<string, string | number> =>
  Object.fromEntries(
    messagesIn(message, field).map((pair) => {
      const value = messagesIn(pair, 2)[0] ?? new Map()
      return [textIn(pair, 1), value.has(1) ? textIn(value, 1) : numberIn(value, 3)]
    }),
  )
