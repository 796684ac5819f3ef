import { errors } from '../../../errors.ts'
import { OutboundError } from '../../../http/outbound.ts'
import { parseObject } from '../documents.ts'
import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const token = 'https://api.dingtalk.com/v1.0/oauth2/userAccessToken'
const me = 'https://api.dingtalk.com/v1.0/contact/users/me'

/** @see https://open.dingtalk.com/document/orgapp/tutorial-obtaining-user-personal-information */
export const dingtalk = oauth2({
  endpoints: () => ({ authorization: 'https://login.dingtalk.com/oauth2/auth', token }),
  parameters: () => ({ prompt: 'consent' }),
  // The code is sent as JSON, with names of its own.
  async exchange(code, { config, tools }) {
    const answer = await tools
      .outbound(token, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify({
          clientId: config.client_id,
          clientSecret: config.client_secret ?? '',
          code,
          grantType: 'authorization_code',
        }),
        timeoutMs: 10_000,
      })
      .catch((cause: unknown) => {
        throw cause instanceof OutboundError ? errors.internal(cause) : cause
      })
    const tokens = answer.status === 200 ? (parseObject(answer.body) ?? {}) : {}
    const accessToken = textIn(tokens, 'accessToken')
    if (accessToken === '') throw errors.internal(new Error(`DingTalk gives no token (${answer.status}).`))
    return { access_token: accessToken, refresh_token: textIn(tokens, 'refreshToken') }
  },
  async claims({ ask, tokens }) {
    const user = await ask(me, {
      headers: { 'x-acs-dingtalk-access-token': tokens.access_token },
      unauthorized: true,
    })
    return claimsFrom({
      iss: me,
      sub: textIn(user, 'openId'),
      name: user['nick'] ?? null,
      nickname: user['nick'] ?? null,
      picture: user['avatarUrl'] ?? null,
      email: user['email'] ?? null,
    })
  },
})
