import { connect, type Socket } from 'node:net'
import type { BenchServer } from './server.ts'

/** One request as bytes, ready to be sent over and over. */
export type Call = Buffer

export function call(
  method: string,
  path: string,
  { headers = {}, json }: { headers?: Record<string, string>; json?: unknown } = {},
): Call {
  const body = json === undefined ? '' : JSON.stringify(json)
  const lines = Object.entries({
    host: 'localhost',
    accept: 'application/json',
    ...(json === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** `head` is the status line and the headers as they came. */
export type Answer = { status: number; head: string; body: string }

/** A connection that sends one request after another and reads what a client must read, and no more. */
export class Connection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#waiting?.reject(error))
    this.#socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')))
  }

  send(request: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#received.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.#received.length < end + 4 + length) return
    const answer = {
      status: Number(head.slice(9, 12)),
      head,
      body: this.#received.toString('utf8', end + 4, end + 4 + length),
    }
    this.#received = this.#received.subarray(end + 4 + length)
    const { resolve } = this.#waiting!
    this.#waiting = undefined
    resolve(answer)
  }
}

/** The values of a header, in order. */
export const headersOf = ({ head }: Answer, name: string): string[] =>
  [...head.matchAll(new RegExp(`^${name}: *(.*?) *$`, 'gim'))].map(([, value]) => value!)

/** `cpuMs`: processor time of the server for one operation. */
export type Measured = { perSecond: number; cpuMs: number; p50Ms: number; p99Ms: number; failures: number }

/** Does the same work over several connections for a while. What returns false or throws has failed. */
export async function measure({
  server,
  port = server.publicPort,
  connections,
  seconds,
  work,
}: {
  server: Pick<BenchServer, 'publicPort' | 'cpuMs'>
  port?: number
  connections: number
  seconds: number
  work(connection: Connection, index: number): Promise<unknown>
}): Promise<Measured> {
  const times: number[] = []
  let failures = 0
  const used = server.cpuMs()
  const started = performance.now()
  const until = started + seconds * 1000
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const connection = new Connection(port)
      while (performance.now() < until) {
        const before = performance.now()
        const result = await work(connection, index).catch(() => false)
        if (result === false) failures++
        times.push(performance.now() - before)
      }
      connection.close()
    }),
  )
  const elapsed = (performance.now() - started) / 1000
  const cpuMs = (server.cpuMs() - used) / Math.max(1, times.length)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  return { perSecond: times.length / elapsed, cpuMs, p50Ms: at(0.5), p99Ms: at(0.99), failures }
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
