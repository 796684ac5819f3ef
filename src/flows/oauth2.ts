import { ApiError, errors } from '../errors.ts'
import type { Config } from '../config/schema.ts'
import type { OAuth2LoginRequest as SignIn } from '../courier/message.ts'
import type { Db } from '../db/db.ts'
import { OutboundError, type Outbound, type OutboundResponse } from '../http/outbound.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import type { Identity } from '../identities/identity.ts'
import { isObject, type Json } from '../lib/json.ts'
import { durationMs } from '../lib/duration.ts'
import type { FactorRules } from '../sessions/assurance.ts'
import { meetsRequirement } from '../sessions/requirement.ts'
import type { Session } from '../sessions/session.ts'
import { queryOf, type Flow } from './flow.ts'
import type { FlowExtras } from './wire.ts'
import type { OAuth2LoginRequest } from './wire-schema.ts'

// An OAuth2 server such as Ory Hydra has no sign-in of its own: it sends browsers here with a challenge, and takes them
// back once it was told who they are.

/** The OAuth2 server for which people sign in here. */
export type OAuth2Server = {
  /** Whether the address with which the OAuth2 login began takes the place of `return_to`. */
  overridesReturnTo: boolean
  /**
   * What a challenge is about, as the server knows it now.
   * @throws ApiError 400 when the server does not know it (any more), 500 when it cannot be asked
   */
  getLoginRequest(challenge: string): Promise<OAuth2LoginRequest>
  /** Whether a session is strong enough for signing in there; one that waits for its second factor is not. */
  isEnough(session: Session, identity: Identity): Promise<boolean>
  /**
   * Tells the server who has signed in. A challenge is good for once, and the server sees to that.
   * @returns where the browser goes on
   * @throws ApiError 500
   */
  acceptLogin(challenge: string, session: Session): Promise<string>
}

/** What flows know of it; nothing where none is configured. */
export type MaybeOAuth2Server = { oauth2?: OAuth2Server | undefined }

const timeoutMs = 5000

/** The server that the configuration names, if it names one. */
export function oauth2Server(
  { db, outbound, rules }: { db: Db; outbound: Outbound; rules: FactorRules },
  { oauth2_provider, session: { cookie, lifespan, whoami } }: Pick<Config, 'oauth2_provider' | 'session'>,
): OAuth2Server | undefined {
  const { url, headers = {}, override_return_to: overridesReturnTo } = oauth2_provider
  if (url === undefined) return undefined

  const ask = async (method: string, path: string, challenge: string, body?: Json): Promise<OutboundResponse> =>
    outbound(withQuery(joinPath(url, 'admin/oauth2/auth/requests/login', path), { login_challenge: challenge }), {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
    })

  return {
    overridesReturnTo,
    isEnough: (session, identity) => meetsRequirement({ db, rules }, whoami.required_aal, session, identity),
    async getLoginRequest(challenge) {
      const { answer, problem } = await answerTo(() => ask('GET', '', challenge))
      if (problem) throw refusal(problem, 'What the OAuth2 server wants of this sign-in could not be found out.')
      return loginRequestIn(answer, challenge)
    },
    async acceptLogin(challenge, session) {
      const { answer, problem } = await answerTo(() =>
        ask('PUT', 'accept', challenge, {
          subject: session.identityId,
          identity_provider_session_id: session.id,
          remember: cookie.persistent,
          remember_for: Math.trunc(durationMs(lifespan) / 1000),
          amr: session.authenticationMethods.map(({ method }) => method),
        }),
      )
      const to = answer['redirect_to']
      const reason = 'The OAuth2 server did not take this sign-in.'
      if (problem) throw refusal({ ...problem, isOurs: true }, reason)
      if (typeof to !== 'string' || !URL.canParse(to)) throw refusal({ isOurs: true, details: {} }, reason)
      return to
    },
  }
}

type Problem = { isOurs: boolean; details: Record<string, Json>; cause?: unknown }
type Answered = { answer: Record<string, Json>; problem?: Problem }

async function answerTo(ask: () => Promise<OutboundResponse>): Promise<Answered> {
  try {
    const { status, body } = await ask()
    const answer = objectIn(body)
    if (status === 200 && answer) return { answer }
    const hint = answer?.['error_hint']
    return {
      answer: {},
      problem: {
        isOurs: status >= 500 || status < 300,
        details: { status_code: status, ...(typeof hint === 'string' ? { oauth2_error_hint: hint } : {}) },
      },
    }
  } catch (cause) {
    if (!(cause instanceof OutboundError)) throw cause
    return { answer: {}, problem: { isOurs: true, details: {}, cause } }
  }
}

const objectIn = (body: Buffer): Record<string, Json> | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString())
    return isObject(value) ? (value as Record<string, Json>) : undefined
  } catch {
    return undefined
  }
}

/** What is wrong with the challenge is the client's business, anything else is ours. */
function refusal({ isOurs, details, cause }: Problem, reason: string): ApiError {
  const more = { ...(Object.keys(details).length === 0 ? {} : { details }), ...(cause === undefined ? {} : { cause }) }
  if (!isOurs) return errors.badRequest(reason, more)
  const { body } = errors.internal()
  return new ApiError({ ...body, reason, ...('details' in more ? { details } : {}) }, { cause })
}

/** What nobody in a browser has to know of a client. */
const secrets = ['client_secret', 'registration_access_token', 'registration_client_uri']

function loginRequestIn(answer: Record<string, Json>, challenge: string): OAuth2LoginRequest {
  const text = (name: string, otherwise = '') => {
    const value = answer[name]
    return typeof value === 'string' ? value : otherwise
  }
  const texts = (name: string) => {
    const value = answer[name]
    return Array.isArray(value) ? { [name]: value.filter((each) => typeof each === 'string') } : {}
  }
  const { client, oidc_context, session_id } = answer
  const shown = Object.entries(isObject(client) ? client : {}).filter(([name]) => !secrets.includes(name))
  return {
    challenge: text('challenge', challenge),
    client: Object.fromEntries(shown),
    ...(isObject(oidc_context) ? { oidc_context } : {}),
    request_url: text('request_url'),
    ...texts('requested_access_token_audience'),
    ...texts('requested_scope'),
    ...(typeof session_id === 'string' ? { session_id } : {}),
    skip: answer['skip'] === true,
    subject: text('subject'),
  }
}

/**
 * The challenge with which somebody was sent here.
 * @throws errors.invalidConfiguration when there is no server that could have sent it, errors.badRequest when it is empty
 */
export function loginChallengeIn({ oauth2 }: MaybeOAuth2Server, query: URLSearchParams): string | undefined {
  const challenge = query.get('login_challenge')
  if (challenge === null) return undefined
  if (!oauth2)
    throw errors.invalidConfiguration('A login_challenge needs an OAuth2 server, and oauth2_provider.url names none.')
  if (challenge === '') throw errors.badRequest('The parameter login_challenge is empty.')
  return challenge
}

/** The challenge of a flow that begins with this address, or goes on for one that began with it. */
export function challengeOf(
  { oauth2 }: MaybeOAuth2Server,
  began: Pick<Flow, 'requestUrl'>,
): Pick<Flow, 'loginChallenge'> {
  const challenge = oauth2 && queryOf(began).get('login_challenge')
  return challenge ? { loginChallenge: challenge } : {}
}

/**
 * What a program is told along with a flow: the OAuth2 login that it belongs to, as it is now.
 * @throws ApiError as `getLoginRequest` does
 */
export async function withLoginRequest(
  { oauth2 }: MaybeOAuth2Server,
  { loginChallenge }: Pick<Flow, 'loginChallenge'>,
  extras: FlowExtras = {},
): Promise<FlowExtras> {
  if (!oauth2 || !loginChallenge) return extras
  return { ...extras, loginRequest: await oauth2.getLoginRequest(loginChallenge) }
}

/**
 * What messages say of the OAuth2 login that they belong to. Nothing where that cannot be found out just now: a code is
 * of use without it.
 */
export async function signInFor(
  { oauth2 }: MaybeOAuth2Server,
  { loginChallenge }: Pick<Flow, 'loginChallenge'>,
): Promise<{ oauth2_login_request?: SignIn }> {
  if (!oauth2 || !loginChallenge) return {}
  try {
    const { challenge, client } = await oauth2.getLoginRequest(loginChallenge)
    const texts = ['client_name', 'client_uri', 'logo_uri'].flatMap((name) => {
      const value = client[name]
      return typeof value === 'string' && value !== '' ? [[name, value] as const] : []
    })
    return {
      oauth2_login_request: {
        challenge,
        client: {
          client_id: String(client['client_id'] ?? ''),
          ...Object.fromEntries(texts),
          ...('metadata' in client ? { metadata: client['metadata'] as Json } : {}),
        },
      },
    }
  } catch (error) {
    if (error instanceof ApiError) return {}
    throw error
  }
}
