import { parseRfc3339 } from '../../../lib/clock.ts'
import type { Json } from '../../../lib/json.ts'
import type { Claims } from '../claims.ts'
import { askForList, claimsFrom, idIn, oauth2, textIn, type Visit } from '../oauth2.ts'

export const endpoints = {
  authorization: 'https://github.com/login/oauth/authorize',
  token: 'https://github.com/login/oauth/access_token',
}
const api = 'https://api.github.com'

/** @see https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps */
export const github = oauth2({
  endpoints: () => endpoints,
  grantedScopes: ',',
  claims: (visit) =>
    userClaims(visit, { readsEmails: textIn(visit.tokens, 'scope').split(',').includes('user:email') }),
})

export async function userClaims(visit: Visit, { readsEmails }: { readsEmails: boolean }): Promise<Claims> {
  const user = await visit.ask(`${api}/user`)
  const emails = readsEmails ? await askForList(visit, `${api}/user/emails`) : []
  const email = emails.find(({ primary }) => primary === true) ?? emails.at(-1)
  const updated = parseRfc3339(textIn(user, 'updated_at'))
  return claimsFrom({
    iss: endpoints.token,
    sub: idIn(user, 'id'),
    name: user['name'] ?? null,
    nickname: user['login'] ?? null,
    website: user['blog'] ?? null,
    picture: user['avatar_url'] ?? null,
    profile: user['html_url'] ?? null,
    updated_at: updated === undefined ? null : Math.floor(updated / 1_000_000),
    ...emailClaims(email),
  })
}

const emailClaims = (email: Record<string, Json> | undefined): Record<string, Json> =>
  email ? { email: email['email'] ?? null, email_verified: email['verified'] === true } : {}
