import { startHttpStub, type HttpStub, type StubAnswer } from './http-stub.ts'

/** What was said of a sign-in. */
export type Accepted = {
  subject: string
  identity_provider_session_id: string
  remember: boolean
  remember_for: number
  amr: string[]
}

/** The admin API of an OAuth2 server: who has its challenge may be told who they are, once. */
export type OAuth2ServerStub = {
  /** What `oauth2_provider` of the configuration says. */
  provider: { url: string; headers: Record<string, string> }
  stub: HttpStub
  /** Somebody wants to sign in at a client; the challenge with which they are sent to us. */
  challenge(known?: { subject: string }): string
  /** What we said of whoever came with a challenge; undefined when nothing yet. */
  accepted(challenge: string): Accepted | undefined
  /** Where the browser goes on after it. */
  after(challenge: string): string
  /** The address with which it all began. */
  began(challenge: string): string
  close(): Promise<void>
}

const authorization = 'Bearer of-operators'

export async function startOAuth2Server(): Promise<OAuth2ServerStub> {
  const stub = await startHttpStub()
  const known = new Map<string, { subject: string; accepted?: Accepted }>()
  const after = (challenge: string) => `https://oauth2.example/oauth2/auth?login_verifier=of-${challenge}`
  const began = (challenge: string) => `https://oauth2.example/oauth2/auth?client_id=shop&state=${challenge}`

  stub.otherwise(({ method, path, headers, body }) => {
    const url = new URL(path, stub.origin)
    const challenge = url.searchParams.get('login_challenge') ?? ''
    const login = known.get(challenge)
    if (headers.authorization !== authorization) return answer(401, { error: 'unauthorized' })
    if (!login) return answer(404, { error: 'Not Found', error_hint: 'Nobody was sent with this challenge.' })
    if (login.accepted) return answer(410, { redirect_to: began(challenge) })
    switch (`${method} ${url.pathname}`) {
      case 'GET /hydra/admin/oauth2/auth/requests/login':
        return answer(200, {
          challenge,
          client: { client_id: 'shop', client_name: 'The shop', client_secret: 'of the shop', metadata: { tier: 1 } },
          oidc_context: { ui_locales: ['de'] },
          request_url: began(challenge),
          requested_access_token_audience: [],
          requested_scope: ['openid'],
          session_id: 'a session there',
          skip: login.subject !== '',
          subject: login.subject,
        })
      case 'PUT /hydra/admin/oauth2/auth/requests/login/accept':
        login.accepted = JSON.parse(body) as Accepted
        return answer(200, { redirect_to: after(challenge) })
      default:
        return answer(404, {})
    }
  })

  return {
    provider: { url: `${stub.origin}/hydra/`, headers: { Authorization: authorization } },
    stub,
    challenge({ subject } = { subject: '' }) {
      const challenge = `challenge/${known.size + 1}+=`
      known.set(challenge, { subject })
      return challenge
    },
    accepted: (challenge) => known.get(challenge)?.accepted,
    after,
    began,
    close: () => stub.close(),
  }
}

const answer = (status: number, body: unknown): StubAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
