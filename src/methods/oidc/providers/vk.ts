import { errors } from '../../../errors.ts'
import { withQuery } from '../../../http/urls.ts'
import { isObject, type Json } from '../../../lib/json.ts'
import { claimsFrom, idIn, oauth2, textIn } from '../oauth2.ts'

const api = 'https://api.vk.com/method/users.get'
const genders: Record<string, string> = { 1: 'female', 2: 'male' }

/** @see https://dev.vk.com/en/api/access-token/authcode-flow-user */
export const vk = oauth2({
  endpoints: () => ({
    authorization: 'https://oauth.vk.com/authorize',
    token: 'https://oauth.vk.com/access_token',
  }),
  async claims({ ask, tokens }) {
    const answer = await ask(
      withQuery(api, {
        fields: 'photo_200,nickname,bdate,sex',
        access_token: tokens.access_token,
        v: '5.103',
      }),
      { unauthorized: true },
    )
    const list = answer['response']
    const user = Array.isArray(list) && isObject(list[0]) ? (list[0] as Record<string, Json>) : undefined
    if (!user) throw errors.upstream('VK does not say who you are.')
    return claimsFrom({
      iss: api,
      sub: idIn(user, 'id'),
      given_name: user['first_name'] ?? null,
      family_name: user['last_name'] ?? null,
      nickname: user['nickname'] ?? null,
      picture: user['photo_200'] ?? null,
      // It comes with the tokens.
      email: textIn(tokens, 'email'),
      gender: genders[idIn(user, 'sex')] ?? null,
      birthdate: user['bdate'] ?? null,
    })
  },
})
