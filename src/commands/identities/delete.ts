import { openAdminApi, printFailure, type ApiOptions } from '../admin-api.ts'
import { printItem, printList, type OutputOptions } from '../output.ts'
import { CommandError } from '../problem.ts'

/** Deletes identities and prints the ids of those that are gone now. */
export async function deleteIdentities(ids: readonly string[], options: ApiOptions & OutputOptions): Promise<number> {
  const api = openAdminApi(options)
  const gone: string[] = []
  for (const id of ids) {
    try {
      await api.call({ method: 'DELETE', path: `/admin/identities/${encodeURIComponent(id)}` })
      gone.push(id)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      printFailure(id, error)
    }
  }
  await api.close()
  const [only] = gone
  if (ids.length === 1 && only !== undefined) await printItem({ header: ['ID'], row: [only], value: only }, options)
  else if (gone.length > 0) await printList({ header: ['ID'], rows: gone.map((id) => [id]), value: gone }, options)
  return gone.length === ids.length ? 0 : 1
}
