import { isObject } from '../../../lib/json.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const token = 'https://accounts.spotify.com/api/token'

/** @see https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile */
export const spotify = oauth2({
  endpoints: () => ({ authorization: 'https://accounts.spotify.com/authorize', token }),
  grantedScopes: ' ',
  async claims({ ask }) {
    const user = await ask('https://api.spotify.com/v1/me')
    const image = Array.isArray(user['images']) && isObject(user['images'][0]) ? user['images'][0] : {}
    const links = isObject(user['external_urls']) ? user['external_urls'] : {}
    return claimsFrom({
      iss: token,
      sub: textIn(user, 'id'),
      name: user['display_name'] ?? null,
      nickname: user['display_name'] ?? null,
      preferred_username: user['display_name'] ?? null,
      email: user['email'] ?? null,
      picture: typeof image['url'] === 'string' ? image['url'] : null,
      profile: typeof links['spotify'] === 'string' ? links['spotify'] : null,
      birthdate: user['birthdate'] ?? null,
    })
  },
})
