import { createHmac } from 'node:crypto'
import { withQuery } from '../../../http/urls.ts'
import { isObject } from '../../../lib/json.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const me = 'https://graph.facebook.com/me'
const fields = 'id,name,first_name,last_name,middle_name,email,picture,birthday,gender'

/** @see https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow */
export const facebook = oauth2({
  endpoints: () => ({
    authorization: 'https://facebook.com/dialog/oauth',
    token: 'https://graph.facebook.com/oauth/access_token',
  }),
  issuer: () => 'https://www.facebook.com',
  openid: true,
  asksForClaims: true,
  async claims({ ask, config, tokens }) {
    // Proves that the token is asked with by the app that it was given to.
    const proof = createHmac('sha256', config.client_secret ?? '')
      .update(tokens.access_token)
      .digest('hex')
    const user = await ask(withQuery(me, { fields, appsecret_proof: proof }))
    const picture = isObject(user['picture']) && isObject(user['picture']['data']) ? user['picture']['data'] : {}
    const email = textIn(user, 'email')
    return claimsFrom({
      iss: me,
      sub: textIn(user, 'id'),
      name: user['name'] ?? null,
      given_name: user['first_name'] ?? null,
      family_name: user['last_name'] ?? null,
      last_name: user['last_name'] ?? null,
      middle_name: user['middle_name'] ?? null,
      nickname: user['name'] ?? null,
      preferred_username: user['name'] ?? null,
      picture: typeof picture['url'] === 'string' ? picture['url'] : null,
      email,
      email_verified: email !== '',
      gender: user['gender'] ?? null,
      birthdate: user['birthday'] ?? null,
    })
  },
})
