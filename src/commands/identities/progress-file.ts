import { readFile, rename, writeFile } from 'node:fs/promises'
import { isObject } from '../../lib/json.ts'
import { CommandError } from '../problem.ts'

/** Places in a source: from the first one up to, but without, the last one. */
export type Range = readonly [from: number, to: number]

/** How far the import of one source got. */
export type Progress = {
  /** Whether an entry was dealt with before, by this run or an earlier one. */
  isDone(index: number): boolean
  /** Whether an entry had been sent when an earlier run ended, so that nobody knows what became of it. */
  isUncertain(index: number): boolean
  begin(range: Range): Promise<void>
  end(range: Range): Promise<void>
}

export type ProgressFile = { of(name: string, fingerprint: string): Progress }

type Stored = { fingerprint: string; done: Range[]; sent: Range[] }

/** Without a file nothing is remembered. */
export async function openProgressFile(path: string | undefined): Promise<ProgressFile> {
  const sources = path === undefined ? new Map<string, Stored>() : await read(path)
  let writing = Promise.resolve()
  const save = async () => {
    if (path === undefined) return
    const text = JSON.stringify(Object.fromEntries(sources), null, 1)
    // One at a time and in order. A rename leaves the old or the new state, whenever the power goes.
    writing = writing.then(async () => {
      await writeFile(`${path}.new`, text, { mode: 0o600 })
      await rename(`${path}.new`, path)
    })
    await writing
  }

  return {
    of(name, fingerprint) {
      const before = sources.get(name)
      if (before && before.fingerprint !== fingerprint)
        throw new CommandError(
          `${name} has changed since its import began, so that nobody can tell what is left. Import what is left as a file of its own, without --resume.`,
        )
      const uncertain = before?.sent ?? []
      const state: Stored = { fingerprint, done: before?.done ?? [], sent: [...uncertain] }
      sources.set(name, state)
      return {
        isDone: (index) => holds(state.done, index),
        isUncertain: (index) => holds(uncertain, index),
        begin(range) {
          state.sent.push(range)
          return save()
        },
        end(range) {
          state.done = merged([...state.done, range])
          state.sent = state.sent.filter((each) => !covers(state.done, each))
          return save()
        },
      }
    },
  }
}

async function read(path: string): Promise<Map<string, Stored>> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw new CommandError(`The file ${path}, which tells how far an import got, cannot be read.`)
  }
  try {
    const stored: unknown = JSON.parse(text)
    if (isObject(stored) && Object.values(stored).every(isStored)) return new Map(Object.entries(stored as never))
  } catch {
    // The message below is all there is to say.
  }
  throw new CommandError(`The file ${path} does not tell how far an import got. Name another one with --resume.`)
}

const isStored = (value: unknown): value is Stored =>
  isObject(value) && typeof value.fingerprint === 'string' && isRanges(value.done) && isRanges(value.sent)

const isRanges = (value: unknown): value is Range[] =>
  Array.isArray(value) && value.every((range) => Array.isArray(range) && range.every(Number.isSafeInteger))

const holds = (ranges: readonly Range[], index: number): boolean =>
  ranges.some(([from, to]) => index >= from && index < to)

const covers = (ranges: readonly Range[], [from, to]: Range): boolean =>
  ranges.some((range) => range[0] <= from && to <= range[1])

/** The same places in as few ranges as possible, in order. */
export function merged(ranges: readonly Range[]): Range[] {
  const out: Range[] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1)
    if (last && from <= last[1]) out[out.length - 1] = [last[0], Math.max(last[1], to)]
    else out.push([from, to])
  }
  return out
}
