import { setTimeout as wait } from 'node:timers/promises'
import { isObject } from '../../lib/json.ts'
import { ApiFailure, failureOf, openAdminApi, printFailure, type AdminApi, type ApiOptions } from '../admin-api.ts'
import { printItem, type OutputOptions } from '../output.ts'
import { CommandError, UsageError } from '../problem.ts'
import { createProgressBar } from './progress-bar.ts'
import { openProgressFile, type Progress, type Range } from './progress-file.ts'
import { countItems, fingerprintOf, sourcesOf, type Source, type SourceItem } from './read.ts'

export type ImportOptions = ApiOptions & OutputOptions & { batchSize: string; concurrency: string; resume?: string }

type Counts = { imported: number; failed: number; existed: number; skipped: number }
type Batch = { items: SourceItem[]; range: Range }

const maxBatchBytes = 4 * 1024 * 1024
/** The server hashes them, and takes no more of them at once. */
const maxClearPasswords = 200
const attempts = 6

/**
 * Creates the identities of files in batches, several of which are under way at once, and shows how many there were.
 * With `resume` a file remembers how far it got, so that the same command goes on after an interruption.
 * @throws CommandError when the server cannot be reached any more
 */
export async function importIdentities(files: readonly string[], options: ImportOptions): Promise<number> {
  const [batchSize, concurrency] = [
    numberBetween('--batch-size', options.batchSize, 1, 1000),
    numberBetween('--concurrency', options.concurrency, 1, 32),
  ]
  const api = openAdminApi(options, { timeoutMs: 120_000 })
  const sources = sourcesOf(files)
  if (options.resume !== undefined && sources.some(({ path }) => path === undefined))
    throw new UsageError('what comes from standard input cannot be resumed: name a file')
  const progressFile = await openProgressFile(options.resume)
  const [total, progresses] = await survey(sources, progressFile.of)
  const counts: Counts = { imported: 0, failed: 0, existed: 0, skipped: 0 }
  const bar = createProgressBar(total)
  const started = performance.now()

  for (const [index, source] of sources.entries()) {
    const progress = progresses[index]!
    const batches = batchesOf(source, {
      batchSize,
      isDone: progress.isDone,
      onSkipped: (count) => {
        counts.skipped += count
        bar.advance(count)
      },
    })
    await inParallel(concurrency, batches, async (batch) => {
      await progress.begin(batch.range)
      await send({ api, source, progress, counts }, batch.items, { uncertain: false })
      await progress.end(batch.range)
      bar.advance(batch.items.length)
    })
  }

  bar.close()
  await api.close()
  const seconds = (performance.now() - started) / 1000
  const perSecond = Math.round(counts.imported / seconds)
  await printItem(
    {
      header: ['IMPORTED', 'FAILED', 'EXISTED', 'SKIPPED', 'SECONDS', 'PER SECOND'],
      row: [...Object.values(counts).map(String), seconds.toFixed(1), String(perSecond)],
      value: { ...counts, seconds: Number(seconds.toFixed(3)), per_second: perSecond },
    },
    options,
  )
  return counts.failed === 0 ? 0 : 1
}

/** How many entries there are, if that can be known, and what is known about each source from earlier. */
async function survey(
  sources: readonly Source[],
  progressOf: (name: string, fingerprint: string) => Progress,
): Promise<[total: number | undefined, progresses: Progress[]]> {
  let total: number | undefined = 0
  const progresses: Progress[] = []
  for (const source of sources) {
    if (source.path === undefined) total = undefined
    else {
      const count = await countItems(source)
      total = total === undefined ? undefined : total + count
    }
    progresses.push(progressOf(source.name, source.path === undefined ? '' : await fingerprintOf(source.path)))
  }
  return [total, progresses]
}

type BatchRules = { batchSize: number; isDone(index: number): boolean; onSkipped(count: number): void }

async function* batchesOf(source: Source, { batchSize, isDone, onSkipped }: BatchRules): AsyncGenerator<Batch> {
  let items: SourceItem[] = []
  let size = 0
  let clear = 0
  function* flush(): Generator<Batch> {
    const [first, last] = [items[0], items.at(-1)]
    if (first && last) yield { items, range: [first.index, last.index + 1] }
    items = []
    size = clear = 0
  }
  for await (const part of source.items()) {
    for (const item of part) {
      if (isDone(item.index)) {
        yield* flush()
        onSkipped(1)
        continue
      }
      const isClear = /"password"\s*:\s*"/i.test(item.text)
      const bytes = Buffer.byteLength(item.text)
      if (size + bytes > maxBatchBytes || (isClear && clear === maxClearPasswords)) yield* flush()
      items.push(item)
      size += bytes
      if (isClear) clear++
      if (items.length === batchSize) yield* flush()
    }
  }
  yield* flush()
}

/** Works through a list that is still coming in, several entries at once. The first failure ends it. */
async function inParallel<T>(lanes: number, list: AsyncGenerator<T>, work: (entry: T) => Promise<void>): Promise<void> {
  let failed = false
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (;;) {
        // A generator hands out one entry after another, however many ask.
        const { value, done } = await list.next()
        if (done || failed) return
        try {
          await work(value as T)
        } catch (error) {
          failed = true
          throw error
        }
      }
    }),
  )
}

type Sending = { api: AdminApi; source: Source; progress: Progress; counts: Counts }

/**
 * Sends entries in one request. What is refused as a whole is halved until the entry stands alone that is to blame.
 * @param uncertain whether the server may have got them before
 */
async function send(
  sending: Sending,
  items: readonly SourceItem[],
  { uncertain }: { uncertain: boolean },
): Promise<void> {
  const { api, source, progress, counts } = sending
  const body = `{"identities":[${items.map(({ text }) => `{"create":${text}}`).join(',')}]}`
  let sentBefore = uncertain
  for (let attempt = 1; ; attempt++) {
    try {
      const { value } = await api.call({ method: 'PATCH', path: '/admin/identities', body })
      const results = isObject(value) && Array.isArray(value.identities) ? (value.identities as unknown[]) : []
      for (const [at, item] of items.entries()) settle(item, results[at])
      return
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      if (isPassing(error.status)) {
        if (attempt === attempts) throw stopped(error)
        // Whether it was stored before the answer was lost is not known.
        sentBefore = true
        await wait(500 * 2 ** attempt)
        continue
      }
      if (![400, 409, 413].includes(error.status)) throw stopped(error)
      if (items.length === 1) return fail(items[0]!, error)
      const middle = Math.ceil(items.length / 2)
      await send(sending, items.slice(0, middle), { uncertain: sentBefore })
      return send(sending, items.slice(middle), { uncertain: sentBefore })
    }
  }

  function settle(item: SourceItem, result: unknown): void {
    if (isObject(result) && result.action === 'create') counts.imported++
    else fail(item, failureOf(isObject(result) && isObject(result.error) ? Number(result.error.code) : 0, result))
  }

  function fail(item: SourceItem, failure: ApiFailure): void {
    if (failure.status === 409 && (sentBefore || progress.isUncertain(item.index))) {
      counts.existed++
      return
    }
    counts.failed++
    printFailure(`${source.name}[${item.index}]`, failure)
  }
}

const isPassing = (status: number): boolean => [0, 429, 500, 502, 503, 504].includes(status)

const stopped = (failure: ApiFailure) =>
  new CommandError(
    `The import has stopped: ${failure.reason ?? failure.message} With --resume the same command goes on where it stopped.`,
  )

function numberBetween(flag: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most)
    throw new UsageError(`${flag} has to be a number from ${least} to ${most}`)
  return number
}
