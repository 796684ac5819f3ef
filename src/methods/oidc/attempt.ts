import { createHash } from 'node:crypto'
import { randomBytes } from '../../crypto/random.ts'
import type { Sealer } from '../../crypto/cipher.ts'
import { equalInConstantTime } from '../../crypto/tokens.ts'
import { errors } from '../../errors.ts'
import { openPendingJar, type PendingJar } from '../../flows/continuity.ts'
import type { Flow } from '../../flows/flow.ts'
import type { Leaving } from '../../flows/outcome.ts'
import { joinPath } from '../../http/urls.ts'
import type { Request } from '../../http/types.ts'
import { microsPerSecond, type Micros } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'
import { newUuid, parseUuid } from '../../lib/uuid.ts'
import { hasExchange } from '../../sessions/exchange/exchange.ts'
import { getProvider, type OidcDeps } from './deps.ts'
import { upstreamParameters } from './oauth2.ts'
import type { Provider, Return } from './provider.ts'
import { findAttempt, insertAttempt } from './store.ts'

/** Flows that lead through a provider. */
export type Kind = 'login' | 'registration' | 'settings'

/** What a provider brings back as `state`, sealed. */
export type State = { attempt: string; flow: string; kind: Kind; provider: string }

export const sealState = (sealer: Sealer, { attempt, flow, kind, provider }: State): string =>
  sealer.seal(JSON.stringify([attempt, flow, kind, provider]))

/** @returns undefined for whatever was not sealed here */
export function openState(sealer: Sealer, sealed: string): State | undefined {
  const text = sealed.length > 2048 ? undefined : sealer.open(sealed)
  if (text === undefined) return undefined
  const [attempt, flow, kind, provider] = JSON.parse(text) as [string, string, Kind, string]
  return { attempt, flow, kind, provider }
}

/** What is kept while somebody is at a provider, sealed and bound to one browser or app and to one flow. */
export type Attempt = {
  id: string
  state: string
  redirectUri: string
  verifier?: string
  nonce?: string
  memo?: string
  traits: Record<string, Json>
  transientPayload: Json
}

const lifespan: Micros = 30 * 60 * microsPerSecond
const cookieEntry = 'ory_kratos_oidc_auth_code_session'
const flowEntry = 'continuity_container_id'

export type Departing = {
  request: Request
  flow: Flow
  kind: Kind
  providerId: string
  fields: Readonly<Record<string, unknown>>
  /** Where the browser's cookie is written by whoever asks. */
  jar?: PendingJar
}

/**
 * Where somebody goes to sign in, once it is noted what has to come back from there.
 * @throws ApiError when the provider is unknown (404) or cannot be reached (500)
 */
export async function depart(deps: OidcDeps, departing: Departing): Promise<Leaving> {
  const { request, flow, kind, providerId, fields } = departing
  const provider = getProvider(deps, providerId)
  const upstream = upstreamOf(fields['upstream_parameters'])
  const id = newUuid()
  const state = sealState(deps.stateSealer, { attempt: id, flow: flow.id, kind, provider: providerId })
  const verifier = (await provider.usesPkce()) ? randomBytes(32).toString('base64url') : undefined
  // Where PKCE does not bind the code to this attempt, a nonce binds at least the ID token.
  const nonce = verifier === undefined && provider.takesNonce ? randomBytes(24).toString('base64url') : undefined
  const redirectUri = redirectUriOf(deps, provider)
  const { url, memo } = await provider.authorize({
    redirectUri,
    state,
    challenge: verifier && createHash('sha256').update(verifier).digest('base64url'),
    nonce,
    refresh: kind === 'login' && flow.refresh === true,
    upstream,
  })

  const attempt: Attempt = {
    id,
    state,
    redirectUri,
    ...(verifier === undefined ? {} : { verifier }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(memo === undefined ? {} : { memo }),
    traits: isObject(fields['traits']) ? (fields['traits'] as Record<string, Json>) : {},
    transientPayload: isObject(fields['transient_payload']) ? (fields['transient_payload'] as Json) : {},
  }
  const payload = deps.continuity.payloadSealer.seal(JSON.stringify(attempt))
  await deps.db.batch([insertAttempt({ id, payload, expiresAt: deps.clock.now() + lifespan })])

  // The tab in which an app's person signs in has none of the app's cookies: the flow itself remembers.
  if (kind !== 'settings' && flow.type === 'api')
    return { kind: 'leave', to: url, internal: { ...flow.internal, [flowEntry]: id } }
  const jar = departing.jar ?? openPendingJar(deps.continuity, request)
  jar.note(cookieEntry, id)
  const cookie = departing.jar ? undefined : jar.cookie()
  return { kind: 'leave', to: url, ...(cookie ? { cookies: [cookie] } : {}) }
}

/** @throws errors.badRequest */
function upstreamOf(given: unknown): Record<string, string> {
  if (given === undefined || given === null) return {}
  if (!isObject(given)) throw errors.badRequest('What is sent as upstream_parameters has to be an object.')
  const known = Object.entries(given).filter(([name]) => (upstreamParameters as readonly string[]).includes(name))
  return Object.fromEntries(
    known.map(([name, value]): [string, string] => {
      if (typeof value !== 'string') throw errors.badRequest(`The upstream parameter ${name} has to be a text.`)
      return [name, value]
    }),
  )
}

function redirectUriOf({ redirectBaseUrl }: OidcDeps, { config, commonRedirect }: Provider): string {
  const base = 'self-service/methods/oidc'
  if (commonRedirect) return joinPath(redirectBaseUrl, base, 'callback')
  const id = encodeURIComponent(config.id)
  return config.organization_id
    ? joinPath(redirectBaseUrl, base, 'organization', config.organization_id, 'callback', id)
    : joinPath(redirectBaseUrl, base, 'callback', id)
}

/**
 * What was kept for a browser that comes back. An app's attempt is found by its flow, a browser's by its cookie.
 * @throws errors.badRequest when nothing was, or it was for another state
 */
export async function resume(
  deps: OidcDeps,
  {
    request,
    flow,
    sealed,
    state,
    byExchange,
  }: { request: Request; flow: Flow; sealed: string; state: State; byExchange: boolean },
): Promise<Attempt> {
  const { clock, continuity, db } = deps
  const kept = byExchange ? flow.internal[flowEntry] : openPendingJar(continuity, request).noted(cookieEntry)
  const id = parseUuid(typeof kept === 'string' ? kept : undefined)
  const stored = id === state.attempt ? await findAttempt(db, id) : undefined
  const text = stored && stored.expiresAt > clock.now() ? continuity.payloadSealer.open(stored.payload) : undefined
  const attempt = text === undefined ? undefined : (JSON.parse(text) as Attempt)
  if (!attempt || !equalInConstantTime(attempt.state, sealed))
    throw errors.badRequest(
      'This sign-in was begun in another browser, or too long ago, or begun anew since. Please begin again.',
    )
  return attempt
}

/** Whether what comes of a flow is handed to an app with codes. */
export const isByExchange = async (deps: OidcDeps, flow: Flow, kind: Kind): Promise<boolean> =>
  kind !== 'settings' && flow.type === 'api' && (await hasExchange(deps.db, flow.id))

/** What a provider's own code is told of a browser's return. */
export const returnOf = (
  { query }: Request,
  { redirectUri, verifier, nonce, memo }: Attempt,
): Omit<Return, 'witness'> => ({ query, redirectUri, verifier, nonce, memo })

/** Why nothing came of it, where the person or the provider ended it. */
export function refusalIn(query: URLSearchParams): string | undefined {
  const error = query.get('error') || (query.has('denied') ? 'access_denied' : '')
  if (error === '') return undefined
  return `${error}: ${query.get('error_description') || 'You or the provider ended it.'}`.slice(0, 500)
}

export const wrongProvider = () =>
  errors.badRequest('This is the answer of another provider than the one that was asked.')
