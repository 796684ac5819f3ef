import type { Message } from '../../courier/message.ts'
import type { Statement } from '../../db/db.ts'
import type { Flow } from '../../flows/flow.ts'
import { signInFor, type MaybeOAuth2Server } from '../../flows/oauth2.ts'
import { enqueueForStranger, type Outbox } from '../../flows/outbox.ts'
import { allowedHeaders, type WithHeaders } from '../../http/allowed-headers.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Micros } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'
import type { IssuedCode } from './codes.ts'

type JsonObject = { [key: string]: Json }

export type DeliverDeps = MaybeOAuth2Server & {
  outbox: Outbox
  codeLifespanMicros: Micros
  publicBaseUrl: string
  /** The headers of a request that gateways may see. */
  headerAllowlist: readonly string[]
}

/** The submission that a code is sent for. */
export type Cause = {
  flow: Pick<Flow, 'requestUrl' | 'loginChallenge'>
  request: WithHeaders
  fields: Readonly<Record<string, unknown>>
}

const microsPerMinute = 60_000_000

/** What messages with codes have in common. */
const common = async (deps: DeliverDeps, { flow, request, fields }: Cause) => ({
  data: {
    request_url: flow.requestUrl,
    expires_in_minutes: Math.trunc(deps.codeLifespanMicros / microsPerMinute),
    transient_payload: isObject(fields['transient_payload']) ? (fields['transient_payload'] as JsonObject) : {},
    ...(await signInFor(deps, flow)),
  },
  requestHeaders: allowedHeaders(request, deps.headerAllowlist),
})

const enqueueAll = async ({ outbox }: DeliverDeps, messages: readonly Message[]): Promise<Statement[]> =>
  (await Promise.all(messages.map((message) => outbox.enqueue(message)))).flat()

/**
 * The statements that have codes sent with which `identity` signs in. Where there is none, all the work is done in
 * vain: the time of the answer tells nobody who exists.
 */
export async function deliverLoginCodes(
  deps: DeliverDeps,
  cause: Cause,
  identity: IdentityWithCredentials | undefined,
  codes: readonly IssuedCode[],
): Promise<Statement[]> {
  const { data, requestHeaders } = await common(deps, cause)
  const shown = identity ? (publicIdentity(identity, deps.publicBaseUrl) as unknown as JsonObject) : {}
  const messages = codes.map(
    ({ via, address, code }): Message => ({
      template: 'login_code_valid',
      via,
      to: address,
      data: { ...data, identity: shown, login_code: code.reveal() },
      requestHeaders,
    }),
  )
  if (identity) return enqueueAll(deps, messages)
  for (const message of messages) await enqueueForStranger(deps.outbox, message, { delivers: false })
  return []
}

/** The statements that have codes sent with which somebody new shows that the addresses among `traits` are theirs. */
export async function deliverRegistrationCodes(
  deps: DeliverDeps,
  cause: Cause,
  traits: Json,
  codes: readonly IssuedCode[],
): Promise<Statement[]> {
  const { data, requestHeaders } = await common(deps, cause)
  return enqueueAll(
    deps,
    codes.map(({ via, address, code }) => ({
      template: 'registration_code_valid',
      via,
      to: address,
      data: { ...data, traits: traits as JsonObject, registration_code: code.reveal() },
      requestHeaders,
    })),
  )
}
