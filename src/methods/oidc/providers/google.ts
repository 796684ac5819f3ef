import { oauth2 } from '../oauth2.ts'
import { openidClaims } from './generic.ts'

const issuer = 'https://accounts.google.com'

/** @see https://developers.google.com/identity/openid-connect/openid-connect */
export const google = oauth2({
  endpoints: 'discovery',
  issuer: () => issuer,
  openid: true,
  asksForClaims: true,
  // Google has a parameter instead of the scope.
  scope: (scope) => scope.filter((name) => name !== 'offline_access'),
  parameters: ({ config }) =>
    config.scope?.includes('offline_access') ? { access_type: 'offline' } : ({} as Record<string, string>),
  claims: (visit) => openidClaims(visit, visit.config.claims_source),
  native: { issuer, jwks: 'https://www.googleapis.com/oauth2/v3/certs', mayLackNonce: () => true },
})
