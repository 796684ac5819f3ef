import { claimsFrom, oauth2, textIn } from '../oauth2.ts'

const base = 'https://passport.feishu.cn/suite/passport/oauth'

/** @see https://open.feishu.cn/document/sso/web-application-sso/login-overview */
export const lark = oauth2({
  endpoints: () => ({ authorization: `${base}/authorize`, token: `${base}/token`, userinfo: `${base}/userinfo` }),
  authentication: 'body',
  async claims({ ask, endpoints }) {
    const user = await ask(endpoints.userinfo!)
    return claimsFrom({
      iss: endpoints.userinfo!,
      sub: textIn(user, 'open_id'),
      name: user['name'] ?? null,
      nickname: user['name'] ?? null,
      picture: user['avatar_url'] ?? null,
      email: user['email'] ?? null,
      phone_number: user['mobile'] ?? null,
    })
  },
})
