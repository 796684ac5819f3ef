import { errors } from '../../../errors.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const token = 'https://api.amazon.com/auth/o2/token'
const scopes = ['profile', 'profile:user_id', 'postal_code']

/** @see https://developer.amazon.com/docs/login-with-amazon/authorization-code-grant.html */
export const amazon = oauth2({
  endpoints: () => ({ authorization: 'https://www.amazon.com/ap/oa', token }),
  issuer: false,
  check({ id, scope = [] }) {
    const wrong = scope.find((name) => !scopes.includes(name))
    if (wrong !== undefined)
      throw errors.invalidConfiguration(
        `The provider ${id} asks for the scope ${wrong}; Amazon knows ${scopes.join(', ')}.`,
      )
  },
  async claims({ ask, tokens }) {
    const user = await ask('https://api.amazon.com/user/profile', {
      headers: { 'x-amz-access-token': tokens.access_token },
      unauthorized: true,
      telling: true,
    })
    return claimsFrom({
      iss: token,
      sub: textIn(user, 'user_id'),
      name: user['name'] ?? null,
      email: user['email'] ?? null,
      zoneinfo: user['postal_code'] ?? null,
    })
  },
})
