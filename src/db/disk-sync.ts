import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

export type DiskSync = {
  /** Resolves once everything that was written before this call lies on the disk. @throws Error when the disk fails */
  (): Promise<void>
  /** Resolves when nobody waits any more. */
  close(): Promise<void>
}

/**
 * Brings what was written to a file to the disk without holding up the event loop. All who ask while a sync is under way
 * share the next one. The file is opened with the first call, and by then has to exist.
 * @param recover to be called after a failure: a system tells of it once and forgets what it could not write, so that
 * whatever the file holds has to be brought to safety in another way before anybody may trust it again
 */
export function createDiskSync(file: string, recover: () => Promise<void>): DiskSync {
  let opened: Promise<FileHandle> | undefined
  let current = Promise.resolve()
  let next: Promise<void> | undefined
  let hasFailed = false
  let closed = false

  async function begin(): Promise<void> {
    current = next!
    next = undefined
    if (hasFailed) await recover()
    hasFailed = true
    await (await handle()).datasync()
    hasFailed = false
  }

  function handle(): Promise<FileHandle> {
    opened ??= openDurably(file).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }

  function sync(): Promise<void> {
    if (closed) return Promise.reject(new Error('The database is closed.'))
    // The sync under way may have begun before the last write, so that only the one after it counts.
    return (next ??= current.then(begin, begin))
  }

  return Object.assign(sync, {
    async close() {
      let waited: Promise<void> | undefined = next ?? current
      for (; waited !== undefined; waited = next) await waited.catch(() => {})
      closed = true
      await (await opened?.catch(() => undefined))?.close()
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
