import http from 'node:http'
import https from 'node:https'
import { isIP, Server as NetServer, type AddressInfo } from 'node:net'
import { errors } from '../errors.ts'
import { parseQuery } from './query.ts'
import { noCsrf } from './csrf.ts'
import { errorResponse } from './respond.ts'
import type { Port } from './ports.ts'
import type { Request, Response } from './types.ts'
import { clearSocket, ownSocket, socketOwner, type SocketSettings } from './unix-socket.ts'

export type ListenSettings = {
  /** An address, or `unix:/path/to/socket`. */
  host: string
  port: number
  socket: SocketSettings
  tls: { cert: string; key: string } | undefined
  requestTimeoutMs: number
}

export type ResponseNote = {
  method: string
  pattern: string
  path: string
  status: number
  durationMs: number
  requestBytes: number
  responseBytes: number
  requestId: string
}

export type Listener = { url: string; close(): Promise<void>; use(port: Port): void }

const maxBodyBytes = 5 * 1024 * 1024
// What is a little too large is taken off the wire all the same: who is cut off while sending may never see the answer.
const maxTakenBytes = 4 * maxBodyBytes
const maxHeaderBytes = 1024 * 1024
const idleTimeoutMs = 120_000
/** How long the requests under way may take to end when the server does. */
const farewellMs = 10_000
const sweepMs = 100

/**
 * Serves one port. The port's pipeline can be exchanged while requests are under way: each request ends with the one
 * that it began with.
 */
export async function listen(
  settings: ListenSettings,
  initial: Port,
  onResponse: (note: ResponseNote) => void,
): Promise<Listener> {
  let port = initial
  const options = {
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: idleTimeoutMs,
    headersTimeout: 10_000,
    requestTimeout: settings.requestTimeoutMs,
    noDelay: true,
  }
  let closing = false
  let underWay = 0
  const handle = (raw: http.IncomingMessage, out: http.ServerResponse) => {
    underWay++
    out.once('close', () => underWay--)
    // Whatever goes wrong here concerns this connection and no other.
    serve(port, raw, out, { onResponse, isLast: () => closing }).catch(() => raw.socket.destroy())
  }
  const server: http.Server = settings.tls
    ? https.createServer({ ...options, cert: settings.tls.cert, key: settings.tls.key, minVersion: 'TLSv1.2' }, handle)
    : http.createServer(options, handle)
  server.on('connect', (raw: http.IncomingMessage, socket) => {
    // Only a proxy would open a tunnel; it is answered like any other method and the connection ends. Nobody but us hears
    // of what goes wrong on a connection that was handed over.
    socket.on('error', () => socket.destroy())
    const out = new http.ServerResponse(raw)
    out.assignSocket(socket as never)
    out.shouldKeepAlive = false
    out.on('finish', () => socket.end())
    handle(raw, out)
  })

  const socketPath = settings.host.startsWith('unix:') ? settings.host.slice('unix:'.length) : undefined
  const owner = socketPath && socketOwner(settings.socket)
  if (socketPath) await clearSocket(socketPath)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const ready = () => {
      server.removeListener('error', reject)
      resolve()
    }
    if (socketPath) server.listen(socketPath, ready)
    else server.listen(settings.port, settings.host === '' ? '0.0.0.0' : settings.host, ready)
  })
  try {
    if (socketPath && owner) ownSocket(socketPath, owner, settings.socket.mode)
  } catch (error) {
    server.close()
    throw error
  }

  return {
    url: socketPath ? settings.host : addressOf(server, settings.tls !== undefined),
    use: (next) => (port = next),
    close: async () => {
      closing = true
      // Connections end with the request that is under way on them; none waits for another one. Node takes those for idle,
      // too, whose answer is still on its way but was handed over in full, and ends them as soon as it is told to close.
      const ended = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
      const closeIdle = () => underWay === 0 && server.closeIdleConnections()
      const sweep = setInterval(closeIdle, sweepMs)
      const limit = setTimeout(() => server.closeAllConnections(), farewellMs)
      closeIdle()
      await ended
      clearInterval(sweep)
      clearTimeout(limit)
      server.close(() => {})
    },
  }
}

function addressOf(server: http.Server, secure: boolean): string {
  const { address, port } = server.address() as AddressInfo
  const host = address === '::' || address === '0.0.0.0' ? 'localhost' : isIP(address) === 6 ? `[${address}]` : address
  return `${secure ? 'https' : 'http'}://${host}:${port}`
}

async function serve(
  port: Port,
  raw: http.IncomingMessage,
  out: http.ServerResponse,
  { onResponse, isLast }: { onResponse(note: ResponseNote): void; isLast(): boolean },
): Promise<void> {
  const started = performance.now()
  const request = requestOf(raw)
  let answered: { response: Response; pattern: string }
  try {
    answered = await port(request)
  } catch (error) {
    answered = { response: errorResponse(request, error), pattern: 'unknown' }
  }
  const { response, pattern } = answered
  await endOfTurn()
  const sentBytes = write(raw, out, { method: request.method, isLast: isLast() }, response)
  onResponse({
    method: request.method,
    pattern,
    path: request.fullPath,
    status: response.status,
    durationMs: performance.now() - started,
    requestBytes: Number(raw.headers['content-length'] ?? 0),
    responseBytes: sentBytes,
    requestId: (raw.headers['x-request-id'] as string | undefined) ?? '',
  })
}

let ending: Promise<void> | undefined

/**
 * Resolves when everything that has arrived by now was worked on. Answers that leave together wake whoever waits for them
 * on this machine, or the network card, once: under load that saves a quarter of what a session check costs.
 */
const endOfTurn = (): Promise<void> =>
  (ending ??= new Promise((resolve) =>
    setImmediate(() => {
      ending = undefined
      resolve()
    }),
  ))

function requestOf(raw: http.IncomingMessage): Request {
  const target = raw.url ?? '/'
  // A request line may hold a whole address; only its path and query count.
  const url = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/'
  const queryAt = url.indexOf('?')
  const fullPath = queryAt < 0 ? url : url.slice(0, queryAt)
  const rawQuery = queryAt < 0 ? '' : url.slice(queryAt + 1)
  let query: URLSearchParams | undefined
  let body: Promise<Buffer> | undefined
  const { remoteAddress = '', remotePort = 0 } = raw.socket
  return {
    method: raw.method ?? 'GET',
    path: fullPath,
    fullPath,
    target: url,
    rawQuery,
    get query() {
      return (query ??= parseQuery(rawQuery))
    },
    params: {},
    headers: raw.headers,
    headerLines: (name) => linesOf(raw, name),
    body: () => (body ??= readBody(raw)),
    peer: peerOf(remoteAddress, remotePort),
    scheme: 'encrypted' in raw.socket ? 'https' : 'http',
    csrf: noCsrf,
  }
}

/** IPv4 addresses that arrive on an IPv6 socket are shown as what they are. */
function peerOf(address: string, port: number): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(bare) === 6 ? `[${bare}]:${port}` : `${bare}:${port}`
}

function linesOf(raw: http.IncomingMessage, name: string): string[] {
  const lines: string[] = []
  for (let i = 0; i < raw.rawHeaders.length; i += 2)
    if (raw.rawHeaders[i]!.toLowerCase() === name) lines.push(raw.rawHeaders[i + 1]!)
  return lines
}

function readBody(raw: http.IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => reject(errors.tooLarge(tooLargeReason))
    const incomplete = () => reject(errors.badRequest('The request ended before its body was complete.'))
    // Its end was told before anybody listened.
    if (raw.destroyed && !raw.complete) return incomplete()
    if (Number(raw.headers['content-length'] ?? 0) > maxTakenBytes) return tooLarge()
    const chunks: Buffer[] = []
    let size = 0
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBodyBytes) chunks.push(chunk)
      else chunks.length = 0
      if (size > maxTakenBytes) {
        raw.pause()
        tooLarge()
      }
    })
    raw.on('end', () => {
      if (size > maxBodyBytes) tooLarge()
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))
    })
    raw.on('error', reject)
    raw.on('aborted', incomplete)
  })
}

const tooLargeReason = `A request body may have ${maxBodyBytes / 1024 / 1024} MiB at most.`

/** @returns the number of bytes of the body */
function write(
  raw: http.IncomingMessage,
  out: http.ServerResponse,
  { method, isLast }: { method: string; isLast: boolean },
  { status, headers = {}, cookies = [], body = '' }: Response,
): number {
  const length = Buffer.byteLength(body)
  const bodiless = status === 204 || status === 304
  const all: Record<string, string | number | string[]> = { ...headers }
  if (!bodiless) all['content-length'] = length
  if (cookies.length > 0) all['set-cookie'] = cookies
  // What was not read must not be taken for the next request, nor be waited for.
  if (isLast || (!raw.complete && hasBody(raw))) all.connection = 'close'
  out.writeHead(status, all)
  if (method === 'HEAD' || bodiless) out.end()
  // Text of plain ASCII, which most bodies are, is copied rather than encoded.
  else if (typeof body === 'string' && body.length === length) out.end(body, 'latin1')
  else out.end(body)
  return method === 'HEAD' || bodiless ? 0 : length
}

const hasBody = ({ headers }: http.IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
