import { openAdminApi, type ApiOptions } from '../admin-api.ts'
import { printList, type OutputOptions } from '../output.ts'
import { UsageError } from '../problem.ts'
import { identityList, type IdentityJson } from './columns.ts'

export type ListOptions = ApiOptions & OutputOptions & { pageSize: string; pageToken?: string; consistency: string }

/**
 * Shows a page of identities, and the token of the next one.
 * @param numbers two of them mean a page and its size, as it was before there were tokens
 */
export async function listIdentities(numbers: readonly string[], options: ListOptions): Promise<number> {
  if (numbers.length === 1) throw new UsageError('name the page and the size of a page, or use --page-token')
  const query =
    numbers.length === 2
      ? new URLSearchParams({ page: numbers[0]!, per_page: numbers[1]! })
      : new URLSearchParams({
          page_size: options.pageSize,
          ...(options.pageToken ? { page_token: options.pageToken } : {}),
          ...(options.consistency ? { consistency: options.consistency } : {}),
        })
  const api = openAdminApi(options)
  const { value, headers } = await api.call({ path: `/admin/identities?${query}` })
  await api.close()
  await printList(
    identityList(value as IdentityJson[], { nextPageToken: nextToken(headers.link ?? ''), wrapped: true }),
    options,
  )
  return 0
}

/** The token of the page that a `Link` header calls the next one. */
function nextToken(link: string): string {
  const [, target = ''] = /<([^>]*)>;\s*rel="next"/.exec(link) ?? []
  return new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('page_token') ?? ''
}
