import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { request as send } from 'node:http'
import { errorResponse } from './respond.ts'
import { listen, type Listener } from './server.ts'

const mib = 1024 * 1024
let listener: Listener

before(async () => {
  const settings = {
    host: '127.0.0.1',
    port: 0,
    socket: { owner: '', group: '', mode: 0o755 },
    tls: undefined,
    requestTimeoutMs: 15_000,
  }
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
