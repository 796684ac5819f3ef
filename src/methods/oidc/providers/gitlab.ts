import { joinPath } from '../../../http/urls.ts'
import { claimsFrom, oauth2 } from '../oauth2.ts'

const base = (issuerUrl = 'https://gitlab.com') => issuerUrl

/** @see https://docs.gitlab.com/integration/openid_connect_provider/ */
export const gitlab = oauth2({
  endpoints: ({ issuer_url: issuer }) => ({
    authorization: joinPath(base(issuer), 'oauth/authorize'),
    token: joinPath(base(issuer), 'oauth/token'),
    userinfo: joinPath(base(issuer), 'oauth/userinfo'),
  }),
  asksForClaims: true,
  claims: async ({ ask, endpoints, config }) =>
    claimsFrom({ iss: base(config.issuer_url), ...(await ask(endpoints.userinfo!)) }),
})
