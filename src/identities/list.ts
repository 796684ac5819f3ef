import { errors } from '../errors.ts'
import type { Db } from '../db/db.ts'
import { numberedPage, numberedPageHeaders, pageLink, parseInteger } from '../http/paging.ts'
import { nilUuid, parseUuid } from '../lib/uuid.ts'
import { credentialTypes, type CredentialType, type IdentityWithCredentials } from './identity.ts'
import type { Normalisers } from './schema/derive.ts'
import { countIdentities, listIdentities, type IdentityFilter } from './store.ts'

const defaultSize = 250
const maxSize = 500
const maxIds = 500
const maxOffset = 1000
/** Beyond this many ids a link to the first page would be longer than the headers that many clients read. */
const maxLinkedIds = 300

export type Listed = {
  identities: IdentityWithCredentials[]
  withCredentials: boolean
  /** Types whose content is asked for. */
  open: CredentialType[]
  headers: Record<string, string>
}

type ListRequest = { path: string; query: URLSearchParams }

/**
 * A page of identities, in the order of their ids.
 * @throws errors.badRequest for filters that do not go together, and for parameters that cannot be read
 */
export async function listPage(
  { db, normalisers }: { db: Db; normalisers: Normalisers },
  request: ListRequest,
): Promise<Listed> {
  const open = includedCredentials(request.query, { name: true })
  const filter = readFilter(request.query, normalisers)
  const withCredentials = request.query.has('include_credential') || filter?.kind === 'identifier'
  const load = { credentials: withCredentials }
  const page = hasNumbers(request.query)
    ? await numbered(db, filter, request, load)
    : await keyset(db, filter, request, load)
  return { ...page, open, withCredentials }
}

/**
 * The credential types whose content a request asks for.
 * @param name whether the refusal may name what was not understood
 * @throws errors.badRequest for a type that does not exist
 */
export function includedCredentials(query: URLSearchParams, { name = false } = {}): CredentialType[] {
  return query.getAll('include_credential').map((value) => {
    const type = credentialTypes.find((t) => t === value)
    if (type) return type
    throw errors.badRequest(
      `${name ? JSON.stringify(value.slice(0, 100)) : 'A value of include_credential'} is no credential type. There are ${credentialTypes.join(', ')}.`,
    )
  })
}

function readFilter(query: URLSearchParams, { normaliseGracefully }: Normalisers): IdentityFilter | undefined {
  const identifier = query.get('credentials_identifier') ?? ''
  const beginning = query.get('preview_credentials_identifier_similar') ?? ''
  const organization = query.get('organization_id') ?? ''
  const ids = query.getAll('ids')
  const filters: (() => IdentityFilter)[] = []
  if (ids.length > 0) filters.push(() => ({ kind: 'ids', ids: readIds(ids) }))
  if (organization !== '')
    filters.push(() => ({ kind: 'organization', organizationId: readUuid(organization, 'organization_id') }))
  for (const [text, match] of [
    [identifier, 'exact'],
    [beginning, 'prefix'],
  ] as const) {
    if (text.includes('\0')) throw errors.badRequest('No identifier holds a NUL character.')
    if (text !== '')
      filters.push(() => ({ kind: 'identifier', identifiers: [normaliseGracefully(text)], literal: text, match }))
  }
  if (filters.length > 1) {
    throw errors.badRequest(
      'Only one of ids, organization_id, credentials_identifier and preview_credentials_identifier_similar can be given.',
    )
  }
  return filters[0]?.()
}

function readIds(values: readonly string[]): string[] {
  if (values.length > maxIds) throw errors.badRequest(`A request can ask for ${maxIds} ids at most.`)
  return [...new Set(values.map((value) => readUuid(value, 'ids')))]
}

function readUuid(text: string, parameter: string): string {
  const parsed = parseUuid(text)
  if (parsed === undefined) throw errors.badRequest(`A value of ${parameter} is no UUID.`)
  return parsed
}

const hasNumbers = (query: URLSearchParams): boolean =>
  query.has('page') && !query.has('page_token') && !query.has('page_size')

type Page = Pick<Listed, 'identities' | 'headers'>
type Load = { credentials: boolean }

/** Pages by number, as older clients ask for them. */
async function numbered(db: Db, filter: IdentityFilter | undefined, request: ListRequest, load: Load): Promise<Page> {
  const at = numberedPage(request.query, { defaultSize, maxSize })
  const offset = at.page * at.size
  if (offset > maxOffset)
    throw errors.badRequest(`Numbered pages end after ${maxOffset} identities. Use page_size and page_token.`)
  const identities = await listIdentities(db, filter, { ...load, limit: at.size, offset })
  // compat: other filters do not change the number – identity/handler.go
  const exact = filter?.kind === 'identifier' && filter.match === 'exact'
  return {
    identities,
    headers: numberedPageHeaders(request, at, exact ? identities.length : await countIdentities(db)),
  }
}

/** Pages that begin after the last identity of the one before. */
async function keyset(db: Db, filter: IdentityFilter | undefined, request: ListRequest, load: Load): Promise<Page> {
  const { query } = request
  const named = query.has('page_token') || query.has('page_size')
  const size = readSize(named ? query.get('page_size') : query.get('per_page'), filter)
  const token = query.get('page_token')
  const afterId = token ? parseUuid(token) : nilUuid
  if (afterId === undefined)
    throw errors.badRequest('The page_token is none of ours. Take it from the Link header as it is.')
  const found = await listIdentities(db, filter, {
    ...load,
    limit: size + 1,
    ...(afterId === nilUuid ? {} : { afterId }),
  })
  const identities = found.slice(0, size)
  const link = (rel: string, pageToken: string) =>
    pageLink(
      request,
      { page_size: String(size), page_token: pageToken, ...(named ? {} : { per_page: undefined }) },
      rel,
    )
  const links = query.getAll('ids').length > maxLinkedIds ? [] : [link('first', nilUuid)]
  if (found.length > size) links.push(link('next', identities.at(-1)!.id))
  return { identities, headers: links.length === 0 ? {} : { link: links.join(',') } }
}

function readSize(text: string | null, filter: IdentityFilter | undefined): number {
  // Whoever names the identities wants all of them.
  const standard = filter?.kind === 'ids' ? Math.max(defaultSize, filter.ids.length) : defaultSize
  if (text === null || text === '') return standard
  const size = parseInteger(text)
  if (size === undefined) throw errors.badRequest('The page size has to be an integer.')
  return size <= 0 ? standard : Math.min(size, maxSize)
}
