import { isObject, type Json } from '../../../lib/json.ts'
import { claimsFrom, idIn, oauth2, textIn } from '../oauth2.ts'

const info = 'https://login.yandex.ru/info'

/** @see https://yandex.com/dev/id/doc/en/user-information */
export const yandex = oauth2({
  endpoints: () => ({ authorization: 'https://oauth.yandex.com/authorize', token: 'https://oauth.yandex.com/token' }),
  async claims({ ask, tokens }) {
    const user = await ask(`${info}?format=json`, { headers: { authorization: `OAuth ${tokens.access_token}` } })
    const phone = isObject(user['default_phone']) ? (user['default_phone'] as Record<string, Json>) : {}
    return claimsFrom({
      iss: info,
      sub: idIn(user, 'id'),
      name: user['real_name'] ?? null,
      nickname: user['login'] ?? null,
      preferred_username: user['login'] ?? null,
      given_name: user['first_name'] ?? null,
      family_name: user['last_name'] ?? null,
      picture:
        user['is_avatar_empty'] === false
          ? `https://avatars.yandex.net/get-yapic/${textIn(user, 'default_avatar_id')}/islands-200`
          : null,
      email: user['default_email'] ?? null,
      gender: user['sex'] ?? null,
      birthdate: user['birthday'] ?? null,
      phone_number: textIn(phone, 'number'),
    })
  },
})
