import { readFile } from 'node:fs/promises'
import { parseLossless } from '../../lib/json.ts'
import { PatchError, readPatch, type PatchOperation } from '../../identities/json-patch.ts'
import { openAdminApi, printFailure, type ApiOptions } from '../admin-api.ts'
import { printItem, printList, type OutputOptions } from '../output.ts'
import { CommandError, UsageError } from '../problem.ts'
import { identityItem, identityList, type IdentityJson } from './columns.ts'

export type PatchOptions = ApiOptions &
  OutputOptions & { add?: string[]; replace?: string[]; remove?: string[]; file?: string }

/** Changes identities alike and shows what became of them. */
export async function patchIdentities(ids: readonly string[], options: PatchOptions): Promise<number> {
  const body = JSON.stringify(await operationsOf(options))
  const api = openAdminApi(options)
  const changed: IdentityJson[] = []
  for (const id of ids) {
    try {
      const { value } = await api.call({ method: 'PATCH', path: `/admin/identities/${encodeURIComponent(id)}`, body })
      changed.push(value as IdentityJson)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      printFailure(id, error)
    }
  }
  await api.close()
  const [only] = changed
  if (ids.length === 1 && only) await printItem(identityItem(only), options)
  else if (changed.length > 0) await printList(identityList(changed), options)
  return changed.length === ids.length ? 0 : 1
}

/** The operations of the file first, then those of the flags: what is taken away, replaced, added. */
async function operationsOf({ add = [], replace = [], remove = [], file }: PatchOptions): Promise<PatchOperation[]> {
  const operations = [
    ...(file === undefined ? [] : await fromFile(file)),
    ...remove.map((path): PatchOperation => ({ op: 'remove', path })),
    ...replace.map((text) => ({ op: 'replace' as const, ...assignment('--replace', text) })),
    ...add.map((text) => ({ op: 'add' as const, ...assignment('--add', text) })),
  ]
  if (operations.length === 0) throw new UsageError('say what to change: --add, --replace, --remove or --file')
  return operations
}

async function fromFile(file: string): Promise<PatchOperation[]> {
  try {
    return readPatch(parseLossless(await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')))
  } catch (error) {
    if (error instanceof PatchError) throw new CommandError(`${file}: ${error.message}`)
    if (error instanceof SyntaxError) throw new CommandError(`${file} holds no JSON.`)
    throw new CommandError(`${file} cannot be read.`)
  }
}

/** `/traits/name="Ada"`: a pointer, and the value as JSON. */
function assignment(flag: string, text: string): { path: string; value: unknown } {
  const [, path, value] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  if (path === undefined || value === undefined)
    throw new UsageError(`${flag} needs a path and a value such as '/traits/name="Ada"'`)
  try {
    return { path, value: parseLossless(value) }
  } catch {
    throw new UsageError(`${flag} ${path} needs a value in JSON: texts stand in double quotes`)
  }
}
