import { oauth2 } from '../oauth2.ts'
import { openidClaims } from './generic.ts'

/** @see https://developers.line.biz/en/docs/line-login/integrate-line-login/ */
export const line = oauth2({
  endpoints: 'discovery',
  issuer: () => 'https://access.line.me',
  openid: true,
  asksForClaims: true,
  // Otherwise the token is signed with the secret that we share.
  tokenParameters: { id_token_key_type: 'JWK' },
  claims: (visit) => openidClaims(visit, visit.config.claims_source),
})
