import { joinPath } from '../../../http/urls.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const base = (issuerUrl = 'https://id.uaepass.ae') => issuerUrl.replace(/\/+$/, '')

/** @see https://docs.uaepass.ae/feature-guides/authentication/web-application */
export const uaepass = oauth2({
  endpoints({ issuer_url: issuer }) {
    const at = (name: string) => joinPath(base(issuer), 'idshub', name)
    return { authorization: at('authorize'), token: at('token'), userinfo: at('userinfo') }
  },
  issuer: false,
  pkce: 'force',
  authentication: 'basic',
  parameters: () => ({ acr_values: 'urn:safelayer:tws:policies:authentication:level:low' }),
  async claims({ ask, endpoints, config }) {
    const user = await ask(endpoints.userinfo!, { telling: true })
    const { email_verified: _, ...said } = user
    const named = {
      name: textIn(user, 'fullnameEN'),
      given_name: textIn(user, 'firstnameEN'),
      last_name: textIn(user, 'lastnameEN'),
    }
    return {
      ...claimsFrom({ ...said, ...named, iss: base(config.issuer_url) }),
      raw_claims: user,
    }
  },
})
