import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

export type DiskSync = {
  /** Resolves once everything that was written before this call lies on the disk. @throws Error when the disk fails */
  (): Promise<void>
  close(): Promise<void>
}

/**
 * Brings what was written to a file to the disk without holding up the event loop. All who ask while a sync is under way
 * share the next one. The file is opened with the first call, and by then has to exist.
 */
export function createDiskSync(file: string): DiskSync {
  let opened: Promise<FileHandle> | undefined
  let current = Promise.resolve()
  let next: Promise<void> | undefined

  async function begin(): Promise<void> {
    current = next!
    next = undefined
    try {
      opened ??= openDurably(file)
      await (await opened).datasync()
    } catch (error) {
      // Whatever is wrong with the file, the next one looks at it anew.
      await forget()
      throw error
    }
  }

  async function forget(): Promise<void> {
    const handle = await opened?.catch(() => undefined)
    opened = undefined
    await handle?.close().catch(() => {})
  }

  // The sync under way may have begun before the last write, so that only the one after it counts.
  const sync = () => (next ??= current.then(begin, begin))
  return Object.assign(sync, {
    async close() {
      await (next ?? current).catch(() => {})
      await forget()
    },
  })
}

/** A file may be lost with its contents as long as its folder was not brought to the disk. */
async function openDurably(file: string): Promise<FileHandle> {
  const handle = await open(file, 'r+')
  try {
    const folder = await open(dirname(file), 'r')
    await folder.sync().finally(() => folder.close())
  } catch {
    // Not every system lets folders be opened; those that do not look after them themselves.
  }
  return handle
}
