import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, test } from 'node:test'
import { createSourceLoader, SourceError, type SourceFetch } from './source.ts'

const folder = mkdtempSync(join(tmpdir(), 'source-'))
after(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'ä b.json')
writeFileSync(file, '{"a":"ü"}')

const nobody: SourceFetch = () => Promise.reject(new Error('nobody is asked here'))
const load = createSourceLoader({ outbound: nobody, maxBytes: 20 })
const loadFrom = (outbound: SourceFetch) => createSourceLoader({ outbound, maxBytes: 20 })
const answering = (status: number, body = '') => loadFrom(async () => ({ status, body: Buffer.from(body) }))
const fails = (kind: string) => (error: unknown) => error instanceof SourceError && error.kind === kind

test('a file is read by its absolute path and by one relative to the working directory', async () => {
  assert.equal(await load(`file://${file}`), '{"a":"ü"}')
  assert.equal(await load(`file://${relative(process.cwd(), file)}`), '{"a":"ü"}')
  assert.equal(await load(`file://./${relative(process.cwd(), file)}`), '{"a":"ü"}')
})

test('a file that is not there is missing, one that is no file is unreadable', async () => {
  await assert.rejects(load(`file://${folder}/none.json`), fails('missing'))
  await assert.rejects(load(`file://${file}/none.json`), fails('missing'))
  await assert.rejects(createSourceLoader({ outbound: nobody })(`file://${folder}`), fails('unreadable'))
})

test('a device that never ends is too large', async () => {
  await assert.rejects(load('file:///dev/zero'), fails('too-large'))
})

test('standard Base64 is decoded, line breaks allowed', async () => {
  assert.equal(await load('base64://w7w+Pw=='), 'ü>?')
  assert.equal(await load('base64://w7w+\r\nPw=='), 'ü>?')
  assert.equal(await load('base64://'), '')
})

test('other Base64 is refused', async () => {
  for (const text of ['w7w+Pw', 'w7w-Pw==', 'w7w+P===', '====', 'a b=', '%%%%'])
    await assert.rejects(load(`base64://${text}`), fails('bad-base64'), text)
})

test('a page is fetched with two retries', async () => {
  const seen: unknown[] = []
  const text = await loadFrom(async (url, init) => {
    seen.push(url, init.retries, init.maxBytes)
    return { status: 200, body: Buffer.from('text') }
  })('https://example.test/x?y')
  assert.deepEqual([text, ...seen], ['text', 'https://example.test/x?y', 2, 20])
})

test('a page that answers 404 is missing, any other bad answer leaves it unreachable', async () => {
  await assert.rejects(answering(404)('http://example.test/'), fails('missing'))
  for (const status of [204, 403, 500])
    await assert.rejects(answering(status)('http://example.test/'), fails('unreachable'), String(status))
  await assert.rejects(loadFrom(nobody)('http://example.test/'), fails('unreachable'))
})

test('a message does not repeat what is secret in an address', async () => {
  const error: Error = await answering(500)('http://ada:pass@example.test/x?token=t').then(assert.fail, (e) => e)
  assert.match(error.message, /example\.test\/x/)
  assert.doesNotMatch(error.message, /pass|token/)
})

test('whatever holds too much is refused', async () => {
  writeFileSync(join(folder, 'large'), 'x'.repeat(21))
  await assert.rejects(load(`file://${folder}/large`), fails('too-large'))
  await assert.rejects(load(`base64://${Buffer.alloc(21).toString('base64')}`), fails('too-large'))
  await assert.rejects(
    loadFrom(() => Promise.reject(Object.assign(new Error(), { kind: 'too-large' })))('http://example.test'),
    fails('too-large'),
  )
})

test('other schemes and plain paths are refused', async () => {
  for (const url of ['', '/etc/hosts', 'x.json', 'ftp://example.test', 'data:,x', 'javascript:1'])
    await assert.rejects(load(url), fails('unsupported-scheme'), url)
})
