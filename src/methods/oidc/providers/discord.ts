import { claimsFrom, oauth2, textIn } from '../oauth2.ts'
import type { Json } from '../../../lib/json.ts'

const api = 'https://discord.com/api/v9'

/** @see https://discord.com/developers/docs/topics/oauth2 */
export const discord = oauth2({
  endpoints: () => ({ authorization: `${api}/oauth2/authorize`, token: `${api}/oauth2/token` }),
  // Whoever allowed it before is not asked again, unless they are to confirm a sign-in.
  parameters: ({ refresh }) => ({ prompt: refresh ? 'consent' : 'none' }),
  grantedScopes: ' ',
  async claims({ ask }) {
    const user = await ask(`${api}/users/@me`)
    const username = textIn(user, 'username')
    return claimsFrom({
      iss: `${api}/oauth2/`,
      sub: textIn(user, 'id'),
      name: `${username}#${textIn(user, 'discriminator')}`,
      nickname: username,
      preferred_username: username,
      picture: avatarUrl(user),
      email: user['email'] ?? null,
      email_verified: user['verified'] === true,
      locale: user['locale'] ?? null,
    })
  },
})

function avatarUrl(user: Readonly<Record<string, Json>>): string {
  const avatar = textIn(user, 'avatar')
  if (avatar === '')
    return `https://cdn.discordapp.com/embed/avatars/${(Number(textIn(user, 'discriminator')) || 0) % 5}.png`
  return `https://cdn.discordapp.com/avatars/${textIn(user, 'id')}/${avatar}.${avatar.startsWith('a_') ? 'gif' : 'png'}`
}
