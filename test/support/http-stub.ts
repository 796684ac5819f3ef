import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the stub received it; `path` holds the query too. */
export type StubRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: string }

/** An answer of the stub; or a function that writes it itself, for broken and endless ones. */
export type StubAnswer =
  | { status?: number; headers?: Record<string, string | string[]>; body?: string | Buffer }
  | ((response: ServerResponse, request: StubRequest) => void)

export type HttpStub = {
  /** `http://127.0.0.1:PORT` */
  origin: string
  port: number
  /** Everything that came in, oldest first. */
  requests: StubRequest[]
  /** What comes next, in this order; when all are used up, `otherwise` answers. */
  script(...answers: StubAnswer[]): void
  /** Chooses the answer to a request for which nothing was scripted; 404 at first. */
  otherwise(choose: (request: StubRequest) => StubAnswer): void
  /** Forgets requests and answers. */
  reset(): void
  /** Resolves when `count` requests have come in altogether. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

const nothingThere = (_request: StubRequest): StubAnswer => ({ status: 404 })

/** The outside network of a test: a local HTTP server that records what it is sent and answers by script. */
export async function startHttpStub(): Promise<HttpStub> {
  const requests: StubRequest[] = []
  let scripted: StubAnswer[] = []
  let fallback = nothingThere
  let waiting: { count: number; resolve: () => void }[] = []

  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString(),
    }
    requests.push(request)
    waiting = waiting.filter(({ count, resolve }) => requests.length < count || resolve())
    answer(response, request, scripted.shift() ?? fallback(request))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    script: (...answers) => void scripted.push(...answers),
    otherwise: (choose) => void (fallback = choose),
    reset() {
      requests.length = 0
      scripted = []
      fallback = nothingThere
    },
    received: (count) =>
      requests.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer(response: ServerResponse, request: StubRequest, wanted: StubAnswer): void {
  if (typeof wanted === 'function') return wanted(response, request)
  response.writeHead(wanted.status ?? 200, wanted.headers)
  response.end(wanted.body)
}
