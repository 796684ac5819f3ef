import { errors } from '../errors.ts'
import { isObject } from '../lib/json.ts'
import { parseUuid } from '../lib/uuid.ts'
import type { SessionSelection } from './store.ts'

export type ManageSessions = { action: 'disable' | 'delete'; selection: SessionSelection }

const maxIds = 500
/** How many sessions one call for everybody's touches at most. */
export const maxSessionsPerCall = 5000

/**
 * Reads what an operator wants to do to many sessions at once: `{ action, identities }` or `{ action, sessions }`,
 * where `identities: ["*"]` means everybody. Other members do not count, nor does the content type.
 * @throws errors.badRequest for anything else.
 */
export function parseManageSessions(body: Buffer): ManageSessions {
  const input = parse(body)
  const { action } = input
  if (action !== 'disable' && action !== 'delete') throw errors.badRequest('The action has to be disable or delete.')
  const identities = idList(input.identities, 'identities')
  const sessions = idList(input.sessions, 'sessions')
  if ((identities.length === 0) === (sessions.length === 0))
    throw errors.badRequest('Name either identities or sessions: one of them, and not both.')
  if (identities.length === 1 && identities[0] === '*')
    return { action, selection: { kind: 'all', limit: maxSessionsPerCall } }
  const kind = identities.length > 0 ? 'identities' : 'sessions'
  return { action, selection: { kind, ids: [...identities, ...sessions].map(uuid) } }
}

function parse(body: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    throw errors.badRequest('The body is no JSON.')
  }
  if (!isObject(value)) throw errors.badRequest('The body has to be a JSON object.')
  return value
}

function idList(value: unknown, name: string): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every((id) => typeof id === 'string'))
    throw errors.badRequest(`The member ${name} has to be a list of ids.`)
  if (value.length > maxIds) throw errors.badRequest(`The list ${name} is longer than ${maxIds} ids.`)
  return value
}

function uuid(text: string): string {
  const id = parseUuid(text)
  if (id === undefined)
    throw errors.badRequest('One of the ids is no UUID. An asterisk can only stand alone, for all identities.')
  return id
}
