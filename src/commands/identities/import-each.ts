import { openAdminApi, printFailure, type ApiOptions } from '../admin-api.ts'
import { printItem, printList, type OutputOptions } from '../output.ts'
import { CommandError } from '../problem.ts'
import { identityItem, identityList, type IdentityJson } from './columns.ts'
import { allItems, sourcesOf } from './read.ts'

/**
 * Creates the identities of files one by one, and shows them. Nothing is sent unless all files can be read; an identity
 * that is refused does not keep the others from being created.
 */
export async function importEach(files: readonly string[], options: ApiOptions & OutputOptions): Promise<number> {
  const api = openAdminApi(options)
  const items: { subject: string; text: string }[] = []
  for (const source of sourcesOf(files))
    for (const { index, text } of await allItems(source)) items.push({ subject: `${source.name}[${index}]`, text })

  const created: IdentityJson[] = []
  for (const { subject, text } of items) {
    try {
      const { value } = await api.call({ method: 'POST', path: '/admin/identities', body: text })
      created.push(value as IdentityJson)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      printFailure(subject, error)
    }
  }
  await api.close()
  const [only] = created
  if (created.length === 1 && only) await printItem(identityItem(only), options)
  else await printList(identityList(created), options)
  return created.length === items.length ? 0 : 1
}
