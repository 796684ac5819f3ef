import { joinPath } from '../../../http/urls.ts'
import { claimsFrom, oauth2 } from '../oauth2.ts'
import { withSeconds } from './auth0.ts'

/** @see https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_userinfo_endpoint.htm */
export const salesforce = oauth2({
  endpoints({ issuer_url: base = '' }) {
    const at = (name: string) => joinPath(base, 'services/oauth2', name)
    return { authorization: at('authorize'), token: at('token'), userinfo: at('userinfo') }
  },
  asksForClaims: true,
  claims: async ({ ask, endpoints, config }) =>
    claimsFrom(withSeconds({ iss: config.issuer_url ?? '', ...(await ask(endpoints.userinfo!)) }), { status: 500 }),
})
