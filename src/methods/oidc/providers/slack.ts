import { errors } from '../../../errors.ts'
import { isObject, type Json } from '../../../lib/json.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

/** @see https://docs.slack.dev/legacy/legacy-sign-in-with-slack */
export const slack = oauth2({
  endpoints: () => ({
    authorization: 'https://slack.com/oauth/authorize',
    token: 'https://slack.com/api/oauth.access',
  }),
  grantedScopes: ',',
  async claims({ ask }) {
    const answer = await ask('https://slack.com/api/users.identity')
    // Slack calls failures 200, too.
    if (answer['ok'] !== true) throw errors.upstream(`Slack does not say who you are (${textIn(answer, 'error')}).`)
    const [user, team] = [objectIn(answer, 'user'), objectIn(answer, 'team')]
    return claimsFrom({
      iss: 'https://slack.com/oauth/',
      sub: textIn(user, 'id'),
      name: user['name'] ?? null,
      nickname: user['name'] ?? null,
      preferred_username: user['name'] ?? null,
      email: user['email'] ?? null,
      // Nobody is a member of a workspace with an address that was not confirmed.
      email_verified: true,
      picture: user['image_512'] ?? null,
      team: textIn(team, 'id'),
    })
  },
})

const objectIn = (object: Readonly<Record<string, Json>>, name: string): Record<string, Json> =>
  isObject(object[name]) ? (object[name] as Record<string, Json>) : {}
