import { errors } from '../../../errors.ts'
import { parseUuid } from '../../../lib/uuid.ts'
import { readClaims, type Claims } from '../claims.ts'
import { discover } from '../documents.ts'
import { decodeIdToken, IdTokenError } from '../id-token.ts'
import { idIn, oauth2, textIn, type Visit } from '../oauth2.ts'

const host = 'https://login.microsoftonline.com'

/** @see https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc */
export const microsoft = oauth2({
  endpoints({ microsoft_tenant: tenant = '' }) {
    const base = `${host}/${tenant.trim()}/oauth2/v2.0`
    return { authorization: `${base}/authorize`, token: `${base}/token` }
  },
  openid: true,
  asksForClaims: true,
  async claims(visit) {
    const claims = await tenantsClaims(visit)
    switch (visit.config.subject_source) {
      case 'userinfo':
        return claims
      case 'oid': {
        const { sub: _, ...others } = claims
        return claims.oid === undefined ? others : { ...others, sub: claims.oid }
      }
      case 'me':
        return { ...claims, sub: idIn(await visit.ask('https://graph.microsoft.com/v1.0/me'), 'id') }
    }
  },
})

/** With accounts of many tenants, the token itself says by which of them it has to be signed. */
async function tenantsClaims(visit: Visit): Promise<Claims> {
  const tenant = tenantIn(textIn(visit.tokens, 'id_token'))
  const configured = parseUuid(visit.config.microsoft_tenant?.trim())
  if (configured !== undefined && configured !== tenant)
    throw errors.badRequest('The ID token was made for another tenant.')
  const issuer = `${host}/${tenant}/v2.0`
  const { jwks, algorithms } = await discover(visit.tools.documents, issuer)
  return readClaims(await visit.idToken({ issuer, jwks, algorithms }), { keepRaw: true })
}

function tenantIn(token: string): string {
  if (token === '') throw errors.badRequest('The provider sent no ID token.')
  try {
    const tenant = parseUuid(textIn(decodeIdToken(token).claims, 'tid'))
    if (tenant === undefined) throw new IdTokenError('The ID token names no tenant.')
    return tenant
  } catch (cause) {
    if (cause instanceof IdTokenError) throw errors.badRequest(cause.message, { cause })
    throw cause
  }
}
