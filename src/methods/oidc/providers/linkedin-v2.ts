import { oauth2 } from '../oauth2.ts'
import { openidClaims } from './generic.ts'

/** @see https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2 */
export const linkedinV2 = oauth2({
  endpoints: 'discovery',
  issuer: () => 'https://www.linkedin.com/oauth',
  openid: true,
  asksForClaims: true,
  claims: (visit) => openidClaims(visit, 'userinfo'),
})
