import { openAdminApi, printFailure, type ApiOptions } from '../admin-api.ts'
import { printItem, printList, type OutputOptions } from '../output.ts'
import { CommandError } from '../problem.ts'
import { identityItem, identityList, type IdentityJson } from './columns.ts'

export type GetOptions = ApiOptions & OutputOptions & { includeCredentials?: string[]; externalId?: true }

/** Shows identities by their ids. One that cannot be had does not keep the others from being shown. */
export async function getIdentities(ids: readonly string[], options: GetOptions): Promise<number> {
  const api = openAdminApi(options)
  const query = new URLSearchParams()
  for (const type of options.includeCredentials ?? []) query.append('include_credential', type)
  const path = options.externalId ? '/admin/identities/by/external/' : '/admin/identities/'
  const found: IdentityJson[] = []
  let failed = 0
  for (const id of ids) {
    try {
      const { value } = await api.call({ path: `${path}${encodeURIComponent(id)}${query.size > 0 ? `?${query}` : ''}` })
      found.push(value as IdentityJson)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      failed++
      printFailure(id, error)
    }
  }
  await api.close()
  const [only] = found
  if (ids.length === 1 && only) await printItem(identityItem(only), options)
  else if (found.length > 0) await printList(identityList(found), options)
  return failed === 0 ? 0 : 1
}
