import { Secret } from '../../crypto/secret.ts'
import type { JsonObject, Message } from '../../courier/message.ts'
import type { Statement } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { isFormError } from '../../flows/answer.ts'
import { checkCrossSite } from '../../flows/cross-site.ts'
import { validateBody, type BodySpec } from '../../flows/decode.ts'
import type { Flow } from '../../flows/flow.ts'
import { problemsFrom, withCsrf, withMessages, withNode, withNodes, withoutMessages } from '../../flows/form.ts'
import { emailProblems, newToken, readSubmission } from '../../flows/mailed.ts'
import { signInFor, type MaybeOAuth2Server } from '../../flows/oauth2.ts'
import { enqueueForStranger, stranger } from '../../flows/outbox.ts'
import type {
  Target,
  VerificationMethod,
  VerificationOutcome,
  VerificationSubmission,
} from '../../flows/verification/method.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import { addressSpellings } from '../../identities/address.ts'
import { findVerifiableAddress, markAddressSent } from '../../identities/addresses/store.ts'
import type { Via } from '../../identities/identity.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Json } from '../../lib/json.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { linkEmailNode, linkNodes } from './nodes.ts'
import type { LinkDeps } from './recovery.ts'
import { issueLinkToken, useLinkToken } from './tokens.ts'

export type LinkVerificationDeps = MaybeOAuth2Server &
  LinkDeps & {
    /** The method that new flows use. */
    use: 'code' | 'link'
  }

type Fields = Partial<Record<'method' | 'token' | 'email' | 'csrf_token', string>> & { transient_payload: Json }

const spec: BodySpec = {
  fields: [
    ...(['method', 'token', 'email', 'csrf_token'] as const).map((name) => ({ name, type: 'string' as const })),
    { name: 'transient_payload', type: 'object' },
  ],
  allowGet: true,
}

/** Verifies an address by a link that is mailed to it. */
export const linkVerification = (deps: LinkVerificationDeps): VerificationMethod => ({
  name: 'link',
  enabled: deps.enabled,
  begin: (flow, csrfToken) => withNodes(withCsrf(flow.ui, csrfToken), linkNodes()),
  submit: (submission) => submit(deps, submission),
  async sendTo(flow, target, { csrfToken, transientPayload }) {
    const form: Flow = { ...flow, ui: withNodes(withCsrf(flow.ui, csrfToken), linkNodes()) }
    const statements = await sendToOwner(deps, flow, target, transientPayload)
    return { flow: sentFlow(form, target.address), statements }
  },
})

const sentFlow = (flow: Flow, email: string): Flow => ({
  ...flow,
  active: 'link',
  state: 'sent_email',
  ui: withMessages(withNode(withoutMessages(flow.ui), linkEmailNode(email)), [messages.verificationLinkSent()]),
})

async function submit(
  deps: LinkVerificationDeps,
  { request, flow }: VerificationSubmission,
): Promise<VerificationOutcome> {
  // A flow that nobody felt responsible for once is still of use to the method that it was made for.
  if (flow.active !== 'link' && !(flow.active === 'default' && deps.use === 'link')) return { kind: 'pass' }
  const decoded = await readSubmission(request, spec)
  if (decoded.kind === 'bad')
    return { kind: 'refuse', problems: [{ node: undefined, message: messages.generic({ reason: decoded.reason }) }] }
  const { method, token, email, csrf_token, transient_payload } = decoded.value as Fields
  if (token === undefined && method !== 'link') return { kind: 'pass', email: email ?? '' }
  if (!deps.enabled) throw errors.notFound('The method link is not switched on here.')
  if (token !== undefined) return redeem(deps, { request, flow }, new Secret(token), transient_payload)

  const problems = [...problemsFrom(validateBody(decoded.value, spec)), ...emailProblems(email)]
  if (problems.length > 0) return { kind: 'refuse', problems }
  if (flow.state === 'passed_challenge')
    return { kind: 'restart', message: messages.verificationDone(), type: flow.type }
  const ui = withNode(flow.ui, linkEmailNode(email ?? ''))
  if (email === undefined)
    return { kind: 'refuse', ui, problems: [{ node: 'email', message: messages.required({ property: 'email' }) }] }
  try {
    checkCrossSite(deps.crossSite, request, flow.type, csrf_token)
  } catch (error) {
    if (!isFormError(error)) throw error
    const reason = error.body.reason ?? error.body.message
    return { kind: 'refuse', ui, problems: [{ node: undefined, message: messages.generic({ reason }) }] }
  }
  return { kind: 'show', flow: sentFlow(flow, email), statements: await send(deps, flow, email, transient_payload) }
}

/** Sends a link, if the address belongs to somebody; the work is the same for any. */
async function send(deps: LinkVerificationDeps, flow: Flow, email: string, payload: Json): Promise<Statement[]> {
  const { clock, db, normalise, notifyUnknown, outbox } = deps
  const found = await findVerifiableAddress(db, 'email', addressSpellings(email, normalise))
  if (found) {
    return sendToOwner(deps, flow, { identity: found.identity, via: 'email', address: found.address.value }, payload)
  }
  const { statement, message } = await fresh(deps, flow, { identityId: null, via: 'email', address: email }, payload)
  const notice: Message = {
    template: 'verification_invalid',
    via: 'email',
    to: email,
    data: { request_url: flow.requestUrl, transient_payload: payload as never },
  }
  const queued = await enqueueForStranger(outbox, notifyUnknown ? notice : message(stranger(email)), {
    delivers: notifyUnknown,
  })
  // No address has this id.
  return [statement, ...queued, markAddressSent(flow.id, clock.now())]
}

async function sendToOwner(
  deps: LinkVerificationDeps,
  flow: Flow,
  { identity, via, address }: Target,
  payload: Json,
): Promise<Statement[]> {
  const { clock, outbox, publicBaseUrl } = deps
  const { statement, message } = await fresh(deps, flow, { identityId: identity.id, via, address }, payload)
  const queued = await outbox.enqueue(message(publicIdentity(identity, publicBaseUrl) as never))
  const known = identity.verifiableAddresses.find((own) => own.via === via && own.value === address)
  return [statement, ...queued, ...(known ? [markAddressSent(known.id, clock.now())] : [])]
}

/** A link for a flow, and the mail that brings it. */
async function fresh(
  deps: LinkVerificationDeps,
  flow: Flow,
  recipient: { identityId: string | null; via: Via; address: string },
  payload: Json,
) {
  const { linkLifespanMicros, publicBaseUrl } = deps
  const { token, statement } = issueLinkToken(deps, {
    flowId: flow.id,
    purpose: 'verification',
    ...recipient,
    lifespanMicros: linkLifespanMicros,
  })
  const signIn = await signInFor(deps, flow)
  const message = (identity: JsonObject): Message => ({
    template: 'verification_valid',
    via: 'email',
    to: recipient.address,
    data: {
      request_url: flow.requestUrl,
      transient_payload: payload as never,
      verification_url: withQuery(joinPath(publicBaseUrl, 'self-service/verification'), {
        flow: flow.id,
        token: token.reveal(),
      }),
      identity,
      expires_in_minutes: Math.trunc(linkLifespanMicros / 60_000_000),
      ...signIn,
    },
  })
  return { statement, message }
}

async function redeem(
  deps: LinkVerificationDeps,
  { request, flow }: Pick<VerificationSubmission, 'request' | 'flow'>,
  token: Secret,
  transientPayload: Json,
): Promise<VerificationOutcome> {
  const used = await useLinkToken(deps, { flowId: flow.id, purpose: 'verification', token })
  switch (used.kind) {
    case 'invalid':
      return { kind: 'restart', message: messages.verificationLinkInvalid(), type: 'browser' }
    case 'expired':
      return {
        kind: 'restart',
        message: messages.verificationExpired(expiredContext(used.expiresAt)),
        type: 'browser',
      }
    case 'accepted': {
      const { identityId, via, address } = used.token
      return {
        kind: 'verified',
        verified: {
          identityId,
          via,
          address,
          // Whoever opened the link sees what came of it, also in another browser than the one that asked.
          csrfToken: newToken(request, flow),
          answers: 'link',
          objection: messages.verificationLinkInvalid(),
          transientPayload,
        },
      }
    }
  }
}
