import { equalInConstantTime } from '../../crypto/tokens.ts'
import { errors } from '../../errors.ts'
import type { BodyField } from '../../flows/decode.ts'
import { checkCrossSite } from '../../flows/cross-site.ts'
import type { Flow } from '../../flows/flow.ts'
import { waitingLink } from '../../flows/login/linking.ts'
import { tokenOf } from '../../flows/mailed.ts'
import type { Leaving, Switching } from '../../flows/outcome.ts'
import { isObject, type Json } from '../../lib/json.ts'
import type { Request } from '../../http/types.ts'
import { arrive } from './arrive.ts'
import { depart } from './attempt.ts'
import { namesSomebody } from './claims.ts'
import { getProvider, type OidcDeps } from './deps.ts'
import { upstreamParameters } from './oauth2.ts'
import type { Arrival } from './provider.ts'

/** What a start says, beside the fields of all methods. */
export const startFields: readonly BodyField[] = [
  { name: 'provider', type: 'string' },
  { name: 'id_token', type: 'string' },
  { name: 'id_token_nonce', type: 'string' },
  { name: 'upstream_parameters', type: 'object' },
  ...upstreamParameters.map((name): BodyField => ({ name: `upstream_parameters.${name}`, type: 'string' })),
]

/** Whether a submission is a start: a provider and no other method. */
export const isStart = ({ method, provider }: Readonly<Record<string, unknown>>): boolean =>
  typeof provider === 'string' &&
  provider !== '' &&
  (method === undefined || method === '' || String(method).toLowerCase() === 'oidc')

/** Sends somebody to a provider, or takes what an app has got from it by itself. */
export async function begin(
  deps: OidcDeps,
  kind: 'login' | 'registration',
  { request, flow, fields }: { request: Request; flow: Flow; fields: Readonly<Record<string, unknown>> },
): Promise<Leaving | Switching> {
  checkBrowser(deps, kind, { request, flow, fields })
  const providerId = String(fields['provider'])
  const provider = getProvider(deps, providerId)
  const token = fields['id_token']
  if (typeof token !== 'string' || token === '') return depart(deps, { request, flow, kind, providerId, fields })
  const arrival = await nativeArrival(deps, providerId, token, fields['id_token_nonce'])
  return {
    kind: 'switch',
    answer: ({ request: sent, client }) =>
      arrive(deps, {
        request: sent,
        client,
        flow,
        kind,
        provider,
        arrival,
        byExchange: false,
        traits: isObject(fields['traits']) ? (fields['traits'] as Record<string, Json>) : {},
        transientPayload: (fields['transient_payload'] ?? {}) as Json,
      }),
  }
}

/**
 * A link may begin a sign-in, as it can do no more than sign its reader in. Where somebody's account waits to be connected
 * with whoever signs in, or where the start says who a new person is, it has to come from the browser that has the form.
 * @throws errors.csrf
 */
function checkBrowser(
  { flows }: OidcDeps,
  kind: 'login' | 'registration',
  { request, flow, fields }: { request: Request; flow: Flow; fields: Readonly<Record<string, unknown>> },
): void {
  if (flow.type !== 'browser' || !(waitingLink(flow) || saysSomething(fields['traits']))) return
  checkCrossSite(flows()[kind].crossSite, request, flow.type, tokenOf(flow))
}

/** Forms bring empty fields along. */
const saysSomething = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.values(value).some(saysSomething) : Boolean(value)

/** @throws errors.upstream where such tokens are not taken, or the nonce is not the one that the app knows */
async function nativeArrival(deps: OidcDeps, providerId: string, token: string, nonce: unknown): Promise<Arrival> {
  const { readNative } = getProvider(deps, providerId)
  if (!readNative) throw errors.upstream('ID tokens of this provider are not taken from apps.')
  const { claims, mayLackNonce } = await readNative(token)
  if (!namesSomebody(claims)) throw errors.forbidden('The ID token names nobody.')
  if (claims.nonce === undefined) {
    if (!mayLackNonce) throw errors.upstream('The ID token has no nonce.')
  } else if (typeof nonce !== 'string' || nonce === '') {
    throw errors.upstream('The ID token has a nonce, and id_token_nonce was not sent.')
  } else if (!equalInConstantTime(claims.nonce, nonce)) {
    throw errors.upstream('The ID token has another nonce than id_token_nonce.')
  }
  return { claims, tokens: { idToken: '', accessToken: '', refreshToken: '' } }
}
