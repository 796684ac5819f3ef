import { errors } from '../../../errors.ts'
import { readClaims, type Claims } from '../claims.ts'
import { parseObject } from '../documents.ts'
import { oauth2, request, textIn, type Visit } from '../oauth2.ts'

/** Any provider that describes itself as OpenID Connect Discovery says. */
export const generic = oauth2({
  endpoints: 'discovery',
  openid: true,
  asksForClaims: true,
  claims: (visit) => openidClaims(visit, visit.config.claims_source),
})

/** The claims of the ID token, or of the userinfo endpoint if that is about the same person. */
export async function openidClaims(visit: Visit, source: 'id_token' | 'userinfo'): Promise<Claims> {
  const token = await visit.idToken()
  if (source === 'id_token') return readClaims(token, { keepRaw: true })
  const said = await userinfo(visit)
  if (textIn(said, 'sub') !== textIn(token, 'sub'))
    throw errors.badRequest('The provider talks about two different people at once.')
  return readClaims({ ...said, iss: textIn(said, 'iss') || textIn(token, 'iss') }, { keepRaw: true })
}

// compat: a userinfo endpoint that fails or is missing is a plain 500 – selfservice/strategy/oidc/provider_generic_oidc.go
async function userinfo({ endpoints, saw, tokens, tools }: Visit) {
  if (endpoints.userinfo === undefined) throw errors.internal(new Error('The provider has no userinfo endpoint.'))
  const { status, body } = await request(tools.outbound, endpoints.userinfo, {
    headers: { accept: 'application/json', authorization: `Bearer ${tokens.access_token}` },
  })
  const said = status === 200 ? parseObject(body) : undefined
  if (!said) throw errors.internal(new Error(`The userinfo endpoint answered ${status}.`))
  saw(said)
  return said
}
