import { isObject, type Json } from '../../../lib/json.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'
import { withQuery } from '../../../http/urls.ts'

const api = 'https://www.patreon.com/api/oauth2'
const fields = 'first_name,last_name,url,full_name,email,image_url,is_email_verified'

/** @see https://docs.patreon.com/#oauth */
export const patreon = oauth2({
  endpoints: () => ({ authorization: 'https://www.patreon.com/oauth2/authorize', token: `${api}/token` }),
  parameters: ({ refresh }) => ({ prompt: refresh ? 'consent' : 'none' }),
  async claims({ ask }) {
    const { data } = await ask(withQuery(`${api}/v2/identity`, { 'fields[user]': fields }))
    const user = isObject(data) ? (data as Record<string, Json>) : {}
    const about = isObject(user['attributes']) ? (user['attributes'] as Record<string, Json>) : {}
    return claimsFrom({
      iss: 'https://www.patreon.com/',
      sub: textIn(user, 'id'),
      name: about['full_name'] ?? null,
      nickname: about['first_name'] ?? null,
      given_name: about['first_name'] ?? null,
      last_name: about['last_name'] ?? null,
      family_name: about['last_name'] ?? null,
      email: about['email'] ?? null,
      email_verified: about['is_email_verified'] === true,
      profile: about['url'] ?? null,
      picture: about['image_url'] ?? null,
    })
  },
})
