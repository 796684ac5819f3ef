import { joinPath } from '../../../http/urls.ts'
import { parseRfc3339 } from '../../../lib/clock.ts'
import type { Json } from '../../../lib/json.ts'
import { claimsFrom, oauth2 } from '../oauth2.ts'

/** @see https://auth0.com/docs/api/authentication */
export const auth0 = oauth2({
  endpoints: ({ issuer_url: base = '' }) => ({
    authorization: joinPath(base, 'authorize'),
    token: joinPath(base, 'oauth/token'),
    userinfo: joinPath(base, 'userinfo'),
  }),
  asksForClaims: true,
  claims: async ({ ask, endpoints, config }) =>
    claimsFrom(withSeconds({ iss: config.issuer_url ?? '', ...(await ask(endpoints.userinfo!)) }), { status: 500 }),
})

/** Claims whose `updated_at`, if it is a moment as text, counts seconds as OpenID Connect says. */
export function withSeconds(claims: Record<string, Json>): Record<string, Json> {
  const { updated_at: updated } = claims
  const moment = typeof updated === 'string' ? parseRfc3339(updated) : undefined
  return moment === undefined ? claims : { ...claims, updated_at: Math.floor(moment / 1_000_000) }
}
