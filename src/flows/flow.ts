import { newUuid } from '../lib/uuid.ts'
import { parseQuery } from '../http/query.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import type { Json } from '../lib/json.ts'
import type { Micros } from '../lib/clock.ts'
import type { Aal } from '../identities/identity.ts'
import type { UiNode } from '../ui/node.ts'
import type { UiText } from '../ui/messages.ts'
import type { Request } from '../http/types.ts'
import type { TestContext } from './wire-schema.ts'

export type FlowName = 'login' | 'registration' | 'settings' | 'recovery' | 'verification'
export type FlowType = 'browser' | 'api'

/** The form of a flow. `nodes` is null when no method had anything to ask. `GET` only where nothing is left but to go on. */
export type Ui = { action: string; method: 'POST' | 'GET'; nodes: UiNode[] | null; messages: UiText[] }

/** What every self-service flow remembers between two requests. Values are never changed in place. */
export type Flow = {
  id: string
  name: FlowName
  type: FlowType
  issuedAt: Micros
  expiresAt: Micros
  requestUrl: string
  /** `choose_method`, `show_form`, `success`, … */
  state: string
  /** The method that was last used with success. */
  active?: string
  ui: Ui
  organizationId: string | null
  /** The identity that a settings flow belongs to. */
  identityId?: string
  /** What methods remember on the server's side only. */
  internal: Record<string, Json>
  /** Schema that the person chose when the flow was created. */
  identitySchema?: string
  loginChallenge?: string
  /** Login only. */
  refresh?: boolean
  requestedAal?: Aal
  /** Only in a login that tries a provider out and signs nobody in. */
  testContext?: TestContext
  createdAt: Micros
  updatedAt: Micros
}

export type NewFlow = Pick<Flow, 'name' | 'type' | 'requestUrl' | 'state'> &
  Partial<
    Pick<Flow, 'organizationId' | 'identityId' | 'identitySchema' | 'loginChallenge' | 'refresh' | 'requestedAal'>
  > & {
    lifespanMicros: Micros
    publicBaseUrl: string
    now: Micros
  }

/** A flow without any node yet. */
export function newFlow({ lifespanMicros, publicBaseUrl, now, organizationId = null, ...rest }: NewFlow): Flow {
  const id = newUuid()
  return {
    ...rest,
    id,
    organizationId,
    issuedAt: now,
    expiresAt: now + lifespanMicros,
    createdAt: now,
    updatedAt: now,
    internal: {},
    ui: { action: flowAction(publicBaseUrl, rest.name, id), method: 'POST', nodes: null, messages: [] },
  }
}

/** Where a flow's form is posted to. */
export const flowAction = (publicBaseUrl: string, name: FlowName, id: string): string =>
  withQuery(joinPath(publicBaseUrl, 'self-service', name), { flow: id })

/** The page that shows a flow. */
export const flowPage = (uiUrl: string, id: string): string => withQuery(uiUrl, { flow: id })

/** Where a new flow of the same kind is begun. */
export const initUrl = (
  publicBaseUrl: string,
  name: FlowName,
  type: FlowType,
  params: Record<string, string | undefined> = {},
): string => withQuery(joinPath(publicBaseUrl, 'self-service', name, type), params)

export const isExpired = (flow: Pick<Flow, 'expiresAt'>, now: Micros): boolean => flow.expiresAt < now

/** The parameters with which a flow was created. */
export const queryOf = ({ requestUrl }: Pick<Flow, 'requestUrl'>): URLSearchParams =>
  parseQuery(requestUrl.split('#', 1)[0]!.split('?').slice(1).join('?'))

/** The `return_to` with which a flow was created, as it was written; empty when there was none. */
export const returnToOf = ({ requestUrl }: Pick<Flow, 'requestUrl'>): string =>
  queryOf({ requestUrl }).get('return_to') ?? ''

/**
 * The address of a request as the client wrote it, as far as proxies pass it on. Of a list in a forwarded header the
 * first element counts. Only shown and searched for parameters; links and redirects are built from the configured URL.
 */
export function requestUrlOf(request: Request): string {
  const first = (value: string | string[] | undefined) =>
    typeof value === 'string' ? value.split(',', 1)[0]!.trim() : ''
  const scheme = first(request.headers['x-forwarded-proto']) || request.scheme
  const host = first(request.headers['x-forwarded-host']) || request.headers.host || ''
  return `${scheme}://${host}${request.target}`
}
