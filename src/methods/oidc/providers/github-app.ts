import { oauth2 } from '../oauth2.ts'
import { endpoints, userClaims } from './github.ts'

/** @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app */
export const githubApp = oauth2({
  endpoints: () => endpoints,
  // What an app may see is settled when it is installed; there are no scopes.
  claims: (visit) => userClaims(visit, { readsEmails: true }),
})
