import { OutboundError } from '../../../http/outbound.ts'
import { readClaims } from '../claims.ts'
import { discover, parseObject } from '../documents.ts'
import { IdTokenError } from '../id-token.ts'
import { claimsFrom, formOf, oauth2, textIn } from '../oauth2.ts'

const issuer = 'https://broker.netid.de/'
const token = `${issuer}token`

/** @see https://developer.netid.de */
export const netid = oauth2({
  endpoints: () => ({ authorization: `${issuer}authorize`, token, userinfo: `${issuer}userinfo` }),
  issuer: () => issuer,
  openid: true,
  asksForClaims: true,
  async claims({ ask, endpoints, idToken, tools }) {
    const { jwks, algorithms } = await discover(tools.documents, issuer)
    const { iss = '', sub = '' } = readClaims(await idToken({ issuer, jwks, algorithms }))
    return { ...claimsFrom(await ask(endpoints.userinfo!)), iss, sub }
  },
  native: {
    issuer,
    jwks: `${issuer}.well-known/jwks.json`,
    mayLackNonce: () => false,
    // Browsers that know accounts by themselves (FedCM) hand out a token which is worth an ID token.
    async exchange(fedcmToken, { config, tools }) {
      try {
        const { status, body } = await tools.outbound(token, {
          method: 'POST',
          headers: {
            accept: 'application/json',
            'content-type': 'application/x-www-form-urlencoded',
            ...(config.net_id_token_origin_header ? { origin: config.net_id_token_origin_header } : {}),
          },
          body: formOf({ grant_type: 'netid_fedcm', fedcm_token: fedcmToken }),
          timeoutMs: 10_000,
        })
        const idToken = status === 200 ? textIn(parseObject(body) ?? {}, 'id_token') : ''
        if (idToken !== '') return idToken
        throw new IdTokenError(`The token is not worth an ID token (${status}).`)
      } catch (cause) {
        if (cause instanceof OutboundError) throw new IdTokenError(cause.message, { cause })
        throw cause
      }
    },
  },
})
