import { watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../lib/json.ts'
import { type Loaded, type Sources, loadConfig } from './load.ts'
import type { Problem } from './problem.ts'
import type { Config } from './schema.ts'

type Options = {
  sources: Sources
  /** The configuration in use when watching begins. */
  current: Loaded
  /** @returns whether it is in use now; what was refused is tried again when a file changes */
  onChange: (loaded: Loaded) => boolean | Promise<boolean>
  /** The old configuration stays in use. */
  onProblems: (problems: readonly Problem[]) => void
  /** How long a file has to stay as it is before it is read. */
  settleMs?: number
}

/**
 * Follows the configuration files: calls back with each new configuration that is valid and changes nothing for which the
 * server has to be started anew, else with what is wrong.
 */
export function watchConfig({ sources, current, onChange, onProblems, settleMs = 100 }: Options): { close(): void } {
  // A watcher on the file itself goes deaf once the file is replaced by a rename, which editors and Kubernetes do.
  const folders = new Set(sources.files.map((file) => dirname(resolve(file))))
  let inUse = current
  let settling = false
  let again = false
  let closed = false
  let known: string | undefined

  async function settled(): Promise<void> {
    let seen = await fingerprint(sources.files)
    if (seen === known) return
    for (;;) {
      await new Promise((done) => setTimeout(done, settleMs).unref())
      const now = await fingerprint(sources.files)
      if (now === seen) break
      seen = now
    }
    known = seen
    const loaded = await loadConfig(sources)
    if (closed) return
    if (!loaded.ok) return onProblems(loaded.problems)
    if (loaded.hash === inUse.hash) return
    const problems = fixedAfterStart(inUse.config, loaded.config)
    if (problems.length > 0) return onProblems(problems)
    const waiting = waitingForRestart(inUse.config, loaded.config)
    if (await onChange({ ...loaded, warnings: [...loaded.warnings, ...waiting] })) inUse = loaded
  }

  function noticed(): void {
    if (settling) {
      again = true
      return
    }
    settling = true
    again = false
    settled()
      .catch((error: unknown) =>
        onProblems([
          {
            path: '',
            reason: `The new configuration could not be taken over: ${String(error)}.`,
            remedy: 'Start the server anew.',
          },
        ]),
      )
      .finally(() => {
        settling = false
        if (again && !closed) noticed()
      })
  }

  const watchers = [...folders].map((folder) => {
    const watcher = watch(folder, { persistent: false }, noticed)
    watcher.on('error', () => {})
    return watcher
  })
  // A file may have changed between the start and now.
  noticed()
  return {
    close() {
      closed = true
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** Tells versions of the files apart without reading them: a data base beside them writes all the time. */
async function fingerprint(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file, { bigint: true }).catch(() => undefined)
      return found ? `${found.ino}:${found.size}:${found.mtimeNs}` : 'missing'
    }),
  )
  return parts.join(' ')
}

/**
 * What a running server cannot change: where it listens. Its own address follows from that where none is configured, so
 * that half of such a change would lead people astray.
 */
export function fixedAfterStart(before: Config, after: Config): Problem[] {
  return changedKeys(listenersOf(before), listenersOf(after), []).map((path) => ({
    path,
    reason: 'This key cannot be changed while the server runs, so the new configuration is not used at all.',
    remedy: 'Undo the change, or start the server anew.',
  }))
}

const listenersOf = ({ serve }: Config) => ({
  serve: { public: listenerOf(serve.public), admin: listenerOf(serve.admin) },
})
const listenerOf = ({ host, port, socket, tls }: Config['serve']['public' | 'admin']) => ({ host, port, socket, tls })

function changedKeys(before: unknown, after: unknown, path: string[]): string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isObject(before) || !isObject(after)) return [path.join('.')]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => changedKeys(before[key], after[key], [...path, key]))
}

/** What is taken over without any effect before the next start. */
function waitingForRestart(before: Config, after: Config): string[] {
  const [old, fresh] = [readOnce(before), readOnce(after)]
  return (Object.keys(old) as (keyof typeof old)[])
    .filter((key) => !isDeepStrictEqual(old[key], fresh[key]))
    .map((key) => `The change of ${key} takes effect when the server is started anew.`)
}

const readOnce = ({ dsn, log, tracing }: Config) => ({ dsn, log, tracing })
