import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Agent, get, request as send } from 'node:http'
import { connect } from 'node:net'
import { errorResponse } from './respond.ts'
import { listen, type Listener } from './server.ts'

const mib = 1024 * 1024
const settings = {
  host: '127.0.0.1',
  port: 0,
  socket: { owner: '', group: '', mode: 0o755 },
  tls: undefined,
  requestTimeoutMs: 15_000,
}
let listener: Listener

before(async () => {
  listener = await listen(
    settings,
    async (request) => {
      try {
        const body = await request.body()
        return { response: { status: 200, body: String(body.length) }, pattern: '/' }
      } catch (error) {
        return { response: errorResponse(request, error), pattern: '/' }
      }
    },
    () => undefined,
  )
})
after(() => listener.close())

function put(bytes: number, { chunked = false } = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': bytes }
    const outgoing = send(listener.url, { method: 'PUT', headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    outgoing.on('error', reject)
    for (let sent = 0; sent < bytes; sent += mib) outgoing.write(Buffer.alloc(Math.min(mib, bytes - sent)))
    outgoing.end()
  })
}

test('a body up to five mebibytes is read', async () => {
  for (const chunked of [false, true]) {
    assert.deepEqual(await put(0, { chunked }), { status: 200, text: '0' })
    assert.deepEqual(await put(5 * mib, { chunked }), { status: 200, text: String(5 * mib) })
  }
})

test('whoever sends more gets to see that it is too much', async () => {
  for (const chunked of [false, true]) {
    const answers = await Promise.all(Array.from({ length: 8 }, () => put(5 * mib + 1, { chunked })))
    for (const { status, text } of answers) {
      assert.equal(status, 413)
      assert.match(text, /"code":413/)
    }
  }
})

test('whoever sends much more is not listened to until the end', async () => {
  const answer = await put(64 * mib).catch((error: NodeJS.ErrnoException) => error.code)
  if (typeof answer === 'object') assert.equal(answer.status, 413)
  else assert.ok(['EPIPE', 'ECONNRESET'].includes(answer ?? ''))
})

/** Sends bytes as they are and tells what came back until the other side closed. */
function exchange(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    let answer = ''
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.write(text)
  })
}

test('whoever asks for a tunnel and vanishes harms nobody', async () => {
  const uncaught: unknown[] = []
  const note = (error: unknown) => uncaught.push(error)
  process.on('uncaughtException', note)
  for (let i = 0; i < 20; i++) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(listener.url).port), '127.0.0.1', () => {
        socket.write('CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n')
        setTimeout(() => socket.resetAndDestroy(), i % 5)
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
    })
  }
  assert.equal((await put(1)).status, 200)
  process.off('uncaughtException', note)
  assert.deepEqual(uncaught, [])
})

test('a chunked body that nobody reads ends the connection with the answer', async () => {
  const early = await listen(
    settings,
    async () => ({ response: { status: 404 }, pattern: '/' }),
    () => undefined,
  )
  const answer = await exchange(early.url, 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc')
  await early.close()
  assert.match(answer.split('\r\n\r\n', 1)[0]!, /^HTTP\/1\.1 404 [^]*connection: close/i)
})

test('an answer that cannot be written ends its connection only', async () => {
  const broken = await listen(
    settings,
    async ({ path }) => ({
      response: path === '/broken' ? { status: 200, headers: { location: 'a\nb' } } : { status: 200 },
      pattern: '/',
    }),
    () => undefined,
  )
  const failed = await fetch(`${broken.url}/broken`).catch(() => 'cut')
  assert.equal(failed, 'cut')
  assert.equal((await fetch(broken.url)).status, 200)
  await broken.close()
})

test('requests under way are answered before the listener closes, and kept connections do not hold it', async () => {
  let answerNow = () => {}
  const held = new Promise<void>((resolve) => (answerNow = resolve))
  const ending = await listen(
    settings,
    async ({ path }) => {
      if (path === '/held') await held
      return { response: { status: 200, body: path }, pattern: '/' }
    },
    () => undefined,
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const ask = (path: string): Promise<{ body: string; connection: string | undefined }> =>
    new Promise((resolve, reject) => {
      get(`${ending.url}${path}`, { agent }, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ body, connection: response.headers.connection }))
      }).on('error', reject)
    })

  await Promise.all([ask('/a'), ask('/b')])
  const late = ask('/held')
  await ask('/c')
  const closed = ending.close()
  // Longer than the second after which they were once cut off.
  await new Promise((resolve) => setTimeout(resolve, 1300))
  answerNow()
  assert.deepEqual(await late, { body: '/held', connection: 'close' })
  await closed
  agent.destroy()
})

test('bodies arrive as they are, whatever letters they have', async () => {
  const bodies = ['', '{"plain":true}', 'Grüße', '雪だるま ☃', Buffer.from([0, 200, 255])]
  const other = await listen(
    settings,
    async ({ query }) => ({ response: { status: 200, body: bodies[Number(query.get('n'))]! }, pattern: '/' }),
    () => undefined,
  )
  for (const [n, body] of bodies.entries()) {
    const response = await fetch(`${other.url}/?n=${n}`)
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(body as string))
  }
  await other.close()
})

test('an answer that somebody takes slowly arrives in full, though the listener closes', async () => {
  const size = 30 * mib
  const other = await listen(
    settings,
    async () => ({ response: { status: 200, body: Buffer.alloc(size, 1) }, pattern: '/' }),
    () => undefined,
  )
  const received = new Promise<number>((resolve, reject) => {
    get(other.url, async (response) => {
      let bytes = 0
      const closed = other.close()
      for await (const chunk of response) {
        bytes += (chunk as Buffer).length
        if (bytes < 3 * mib) await new Promise((go) => setTimeout(go, 10))
      }
      await closed
      resolve(bytes)
    }).on('error', reject)
  })
  assert.equal(await received, size)
})
