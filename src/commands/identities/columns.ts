import { isObject } from '../../lib/json.ts'
import type { Item, List } from '../output.ts'

/** An identity as the server sent it. */
export type IdentityJson = Record<string, unknown>

const header = ['ID', 'EXTERNAL ID', 'VERIFIED ADDRESSES', 'RECOVERY ADDRESSES', 'SCHEMA ID', 'SCHEMA URL']

export const identityItem = (identity: IdentityJson): Item => ({
  header,
  row: rowOf(identity),
  value: withoutEmpty(identity),
})

/** `value` is what stands for the list as data: the bare identities, unless it says more. */
export const identityList = (
  identities: readonly IdentityJson[],
  { nextPageToken = '', wrapped = false }: { nextPageToken?: string; wrapped?: boolean } = {},
): List => {
  const shown = identities.map(withoutEmpty)
  return {
    header,
    rows: identities.map(rowOf),
    footer: [[], ['NEXT PAGE TOKEN', nextPageToken]],
    value: wrapped ? { identities: shown, next_page_token: nextPageToken } : shown,
  }
}

const rowOf = (identity: IdentityJson): string[] => [
  text(identity.id),
  text(identity.external_id) || '<none>',
  addresses(identity.verifiable_addresses),
  addresses(identity.recovery_addresses),
  text(identity.schema_id),
  text(identity.schema_url),
]

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const addresses = (list: unknown): string =>
  (Array.isArray(list) ? list : [])
    .map((address) => (isObject(address) ? text(address.value) : ''))
    .filter((value) => value !== '')
    .join(', ')

/** Metadata that is not there is not shown. */
const withoutEmpty = (identity: IdentityJson): IdentityJson =>
  Object.fromEntries(
    Object.entries(identity).filter(([key, value]) => !(key.startsWith('metadata_') && value === null)),
  )
