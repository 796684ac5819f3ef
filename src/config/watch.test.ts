import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Loaded, loadConfig } from './load.ts'
import type { Problem } from './problem.ts'
import { watchConfig } from './watch.ts'

const minimal = {
  dsn: 'memory',
  secrets: { default: ['a-secret-for-the-tests'] },
  identity: { schemas: [{ id: 'default', url: 'base64://e30=' }] },
  selfservice: { default_browser_return_url: 'https://shop.example/' },
}

type News = { loaded: Loaded } | { problems: readonly Problem[] }

async function watching(
  use: (tools: {
    write(config: unknown): void
    replace(config: unknown): void
    news(): Promise<News>
    /** From here on, new configurations cannot be used, or can be again. */
    refuse(refuses: boolean): void
  }) => Promise<void>,
) {
  const folder = mkdtempSync(join(tmpdir(), 'zelos-watch-'))
  const file = join(folder, 'zelos.json')
  writeFileSync(file, JSON.stringify(minimal))
  const sources = { files: [file], env: {} }
  const current = await loadConfig(sources)
  assert.ok(current.ok)
  const queue: News[] = []
  let refuses = false
  let waiting: ((news: News) => void) | undefined
  const tell = (news: News) => {
    if (!waiting) return void queue.push(news)
    waiting(news)
    waiting = undefined
  }
  const watcher = watchConfig({
    sources,
    current,
    settleMs: 5,
    onChange(loaded) {
      tell({ loaded })
      return !refuses
    },
    onProblems: (problems) => tell({ problems }),
  })
  // The watcher alone does not keep the process alive, so that a server without work can end.
  const alive = setInterval(() => {}, 1000)
  try {
    await use({
      write: (config) => writeFileSync(file, JSON.stringify(config)),
      replace(config) {
        writeFileSync(`${file}.new`, JSON.stringify(config))
        renameSync(`${file}.new`, file)
      },
      refuse: (wanted) => void (refuses = wanted),
      news: () => (queue.length > 0 ? Promise.resolve(queue.shift()!) : new Promise((resolve) => (waiting = resolve))),
    })
  } finally {
    clearInterval(alive)
    watcher.close()
    rmSync(folder, { recursive: true })
  }
}

const lifespanOf = (news: News): string =>
  'loaded' in news ? news.loaded.config.session.lifespan : JSON.stringify(news.problems)
const warningsOf = (news: News): string => ('loaded' in news ? news.loaded.warnings.join(' ') : '')
const pathsOf = (news: News): string[] => ('problems' in news ? news.problems.map(({ path }) => path) : [])

test('a change is taken over, also when the file is replaced again and again', () =>
  watching(async ({ write, replace, news }) => {
    write({ ...minimal, session: { lifespan: '1h' } })
    assert.equal(lifespanOf(await news()), '1h')
    replace({ ...minimal, session: { lifespan: '2h' } })
    assert.equal(lifespanOf(await news()), '2h')
    replace({ ...minimal, session: { lifespan: '3h' } })
    assert.equal(lifespanOf(await news()), '3h')
  }))

test('an invalid file is reported, and the next valid one is taken over', () =>
  watching(async ({ write, news }) => {
    write({ ...minimal, session: { lifespan: 'long' } })
    assert.deepEqual(pathsOf(await news()), ['session.lifespan'])
    write({ ...minimal, session: { lifespan: '1h' } })
    assert.equal(lifespanOf(await news()), '1h')
  }))

test('a change of where the server listens refuses the whole new configuration', () =>
  watching(async ({ write, news }) => {
    write({ ...minimal, serve: { public: { port: 9999 } }, session: { lifespan: '1h' } })
    assert.deepEqual(pathsOf(await news()), ['serve.public.port'])
  }))

test('addresses and CORS can be changed while the server runs', () =>
  watching(async ({ write, news }) => {
    const base_url = 'https://id.shop.example/'
    const cors = { enabled: true, allowed_origins: ['https://shop.example'], allowed_headers: ['Max-Age'] }
    write({ ...minimal, serve: { public: { base_url, cors }, admin: { base_url: 'https://admin.shop.example/' } } })
    const got = await news()
    assert.ok('loaded' in got)
    const { serve } = got.loaded.config
    assert.deepEqual(
      [serve.public.base_url, serve.public.cors.allowed_headers, serve.admin.base_url],
      [base_url, ['Max-Age'], 'https://admin.shop.example/'],
    )
    assert.deepEqual(got.loaded.warnings, [])
  }))

test('a change that waits for the next start says so', () =>
  watching(async ({ write, news }) => {
    write({ ...minimal, log: { level: 'debug' } })
    assert.match(warningsOf(await news()), /log takes effect/)
  }))

test('a configuration that was refused is tried again, and compared with the one in use', () =>
  watching(async ({ write, replace, news, refuse }) => {
    refuse(true)
    write({ ...minimal, log: { level: 'debug' } })
    assert.match(warningsOf(await news()), /log takes effect/)
    // The same file once more: what it leads to may be mended.
    refuse(false)
    replace({ ...minimal, log: { level: 'debug' } })
    assert.match(warningsOf(await news()), /log takes effect/)
    write({ ...minimal, log: { level: 'debug' }, session: { lifespan: '1h' } })
    const got = await news()
    assert.equal(lifespanOf(got), '1h')
    assert.doesNotMatch(warningsOf(got), /takes effect/)
  }))
