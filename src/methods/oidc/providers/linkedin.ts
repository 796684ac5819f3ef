import { isObject, type Json } from '../../../lib/json.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const api = 'https://api.linkedin.com/v2'
const person =
  '(id,localizedLastName,localizedFirstName,profilePicture(displayImage~digitalmediaAsset:playableStreams))'

/** The products of old; newer apps use `linkedin_v2`. @see https://learn.microsoft.com/en-us/linkedin/shared/integrations/people/profile-api */
export const linkedin = oauth2({
  endpoints: () => ({
    authorization: 'https://www.linkedin.com/oauth/v2/authorization',
    token: 'https://www.linkedin.com/oauth/v2/accessToken',
  }),
  async claims({ ask }) {
    const user = await ask(`${api}/me?projection=${person}`)
    const emails = await ask(`${api}/emailAddress?q=members&projection=(elements*(handle~))`)
    return claimsFrom({
      iss: 'https://login.linkedin.com/',
      sub: textIn(user, 'id'),
      given_name: user['localizedFirstName'] ?? null,
      last_name: user['localizedLastName'] ?? null,
      family_name: user['localizedLastName'] ?? null,
      picture: at(user, ['profilePicture', 'displayImage~', 'elements', 0, 'identifiers', 0, 'identifier']),
      email: at(emails, ['elements', 0, 'handle~', 'emailAddress']),
    })
  },
})

/** What stands deep inside a value; null where the way ends early. */
function at(value: Json, path: readonly (string | number)[]): Json {
  let inner: Json | undefined = value
  for (const step of path)
    inner = Array.isArray(inner) ? inner[Number(step)] : isObject(inner) ? (inner[step] as Json | undefined) : undefined
  return inner ?? null
}
