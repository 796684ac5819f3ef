import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { CommandError } from '../problem.ts'

/** One identity of a source: its place in it, counted from 0, and its JSON text as it stands there. */
export type SourceItem = { index: number; text: string }

/** A file, or standard input. */
export type Source = {
  /** What messages call it. */
  name: string
  /** Undefined for standard input, which can be read once only. */
  path: string | undefined
  /** @throws CommandError when it cannot be read or holds no list of objects */
  items(): AsyncGenerator<SourceItem[]>
}

/** The named files, or standard input when there are none; `-` is standard input, too. */
export function sourcesOf(files: readonly string[]): Source[] {
  const names = files.length === 0 ? ['-'] : files
  return names.map((name) => ({
    name: name === '-' ? 'stdin' : name,
    path: name === '-' ? undefined : name,
    items: () => objectsIn(name === '-' ? 'stdin' : name, name === '-' ? process.stdin : createReadStream(name)),
  }))
}

/**
 * How many identities a file holds. It is read to the end, so that nothing is sent of a file that breaks off.
 * @throws CommandError as `items` does
 */
export async function countItems(source: Source): Promise<number> {
  let count = 0
  for await (const items of source.items()) count += items.length
  return count
}

/** Every identity of a source. @throws CommandError when it cannot be read, also for what is no JSON inside of an object */
export async function allItems(source: Source): Promise<SourceItem[]> {
  const all: SourceItem[] = []
  for await (const items of source.items()) all.push(...items)
  for (const { index, text } of all) {
    try {
      JSON.parse(text)
    } catch {
      throw new CommandError(`${source.name}[${index}] is no JSON.`)
    }
  }
  return all
}

/** What tells one file from another, or from an earlier state of it. */
export async function fingerprintOf(path: string): Promise<string> {
  const { createHash } = await import('node:crypto')
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0)
    return `${size}:${createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')}`
  } finally {
    await file.close()
  }
}

const byte = (character: string): number => character.charCodeAt(0)
const [quote, backslash, opens, closes, listOpens, listCloses, comma] = ['"', '\\', '{', '}', '[', ']', ','].map(byte)
const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9
const maxItemBytes = 5 * 1024 * 1024

/**
 * The objects of a JSON text that is one object, a list of objects or objects one after another, as far as they have
 * come. Of the inside of an object only the brackets are looked at.
 */
async function* objectsIn(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<SourceItem[]> {
  let depth = 0
  let inText = false
  let escaped = false
  let inList = false
  let ended = false
  let count = 0
  let begun: Buffer[] = []
  let begunBytes = 0
  const wrong = (what: string) => new CommandError(`${name} cannot be imported: ${what}`)

  try {
    for await (const chunk of chunks) {
      const items: SourceItem[] = []
      let from = depth > 0 ? 0 : -1
      for (let at = 0; at < chunk.length; at++) {
        const code = chunk[at]!
        if (inText) {
          if (escaped) escaped = false
          else if (code === backslash) escaped = true
          else if (code === quote) inText = false
        } else if (depth > 0) {
          if (code === quote) inText = true
          else if (code === opens || code === listOpens) depth++
          else if ((code === closes || code === listCloses) && --depth === 0) {
            begun.push(chunk.subarray(from, at + 1))
            items.push({ index: count++, text: Buffer.concat(begun).toString() })
            begun = []
            begunBytes = 0
            from = -1
          }
        } else if (code === opens && !ended) {
          depth = 1
          from = at
        } else if (code === listOpens && count === 0 && !inList) inList = true
        else if (code === listCloses && inList && !ended) ended = true
        else if (!isSpace(code) && !(code === comma && inList && !ended) && !isMark(code, chunk, at, count))
          throw wrong(`it has to be one object or a list of objects, and entry ${count} is none.`)
      }
      if (from !== -1) {
        begun.push(chunk.subarray(from))
        begunBytes += chunk.length - from
        if (begunBytes > maxItemBytes) throw wrong(`entry ${count} is larger than 5 MiB, or its brackets do not match.`)
      }
      if (items.length > 0) yield items
    }
  } catch (error) {
    if (error instanceof CommandError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw wrong(code === 'ENOENT' ? 'there is no such file.' : `it cannot be read (${code ?? 'unknown reason'}).`)
  }
  if (depth > 0 || (inList && !ended)) throw wrong('it breaks off.')
}

/** A byte order mark, which some editors put in front. */
const isMark = (code: number, chunk: Buffer, at: number, count: number): boolean =>
  count === 0 && at < 3 && [0xef, 0xbb, 0xbf].indexOf(code) === at && chunk.length > at
