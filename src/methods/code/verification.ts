import { Secret } from '../../crypto/secret.ts'
import type { JsonObject, Message } from '../../courier/message.ts'
import type { Statement } from '../../db/db.ts'
import { errors, type ApiError } from '../../errors.ts'
import { isFormError } from '../../flows/answer.ts'
import { checkCrossSite, type CrossSiteSettings } from '../../flows/cross-site.ts'
import { validateBody, type BodySpec } from '../../flows/decode.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import {
  findNode,
  problemsFrom,
  withCsrf,
  withMessages,
  withNode,
  withNodes,
  withoutMessages,
  type Problem,
} from '../../flows/form.ts'
import { lengthProblems, readSubmission, tokenOf } from '../../flows/mailed.ts'
import { signInFor, type MaybeOAuth2Server } from '../../flows/oauth2.ts'
import { enqueueForStranger, stranger, type Outbox } from '../../flows/outbox.ts'
import type {
  Target,
  VerificationMethod,
  VerificationOutcome,
  VerificationSubmission,
} from '../../flows/verification/method.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import { addressSpellings, viaOf } from '../../identities/address.ts'
import { findVerifiableAddress, markAddressSent } from '../../identities/addresses/store.ts'
import type { Via } from '../../identities/identity.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Json } from '../../lib/json.ts'
import { messages } from '../../ui/messages.ts'
import { withValue, type UiNode } from '../../ui/node.ts'
import { issueCodes, useCode, type CodeDeps, type Recipient } from './codes.ts'
import { codeNode, continueNode, emailNode, hiddenMethodNode, resendNode } from './nodes.ts'

export type CodeVerificationDeps = MaybeOAuth2Server &
  CodeDeps & {
    crossSite: CrossSiteSettings
    outbox: Outbox
    publicBaseUrl: string
    normalise(address: string): string
    enabled: boolean
    /** The method that new flows use. */
    use: 'code' | 'link'
    /** Whether addresses may also be phone numbers: there is a gateway for text messages. */
    hasTextMessages: boolean
    /** Whether addresses that nobody has get a mail that says so. */
    notifyUnknown: boolean
  }

type Fields = Partial<Record<'method' | 'code' | 'email' | 'sms' | 'csrf_token', string>> & { transient_payload: Json }

const spec: BodySpec = {
  fields: [
    ...(['method', 'code', 'email', 'sms', 'csrf_token'] as const).map((name) => ({ name, type: 'string' as const })),
    { name: 'transient_payload', type: 'object' },
  ],
  allowGet: true,
}

/** Verifies an address by a code that is sent to it. A link in the mail fills the code in, but leaves the rest to a person. */
export const codeVerification = (deps: CodeVerificationDeps): VerificationMethod => ({
  name: 'code',
  enabled: deps.enabled,
  begin: (flow, csrfToken) => withToken(withNodes(flow.ui, [addressNode(deps), continueNode()]), flow, csrfToken),
  submit: (submission) => submit(deps, submission),
  async sendTo(flow, target, { csrfToken, transientPayload }) {
    const { via, address } = target
    const statements = await sendToOwner(deps, flow, target, transientPayload)
    return { flow: sentFlow(flow, { via, resend: resendNode(via, address), csrfToken }), statements }
  },
})

const addressNode = ({ hasTextMessages }: CodeVerificationDeps, value?: string): UiNode =>
  hasTextMessages
    ? emailNode(messages.labelEmailOrPhone(), 'text', value)
    : emailNode(messages.labelEmail(), 'email', value)

/**
 * compat: native forms have no token here – selfservice/strategy/code/strategy_verification.go. One whose link was opened
 * in a browser has, and keeps it.
 */
const withToken = (ui: Ui, { type }: Flow, token: string): Ui =>
  type === 'browser' || token !== '' ? withCsrf(ui, token) : ui

async function submit(deps: CodeVerificationDeps, submission: VerificationSubmission): Promise<VerificationOutcome> {
  const { request, flow } = submission
  // A flow that nobody felt responsible for once is still of use to the method that it was made for.
  if (flow.active !== 'code' && !(flow.active === 'default' && deps.use === 'code')) return { kind: 'pass' }
  const decoded = await readSubmission(request, spec)
  if (decoded.kind === 'bad')
    return { kind: 'refuse', problems: [{ node: undefined, message: messages.generic({ reason: decoded.reason }) }] }
  const fields = decoded.value as Fields
  if (request.method === 'GET') return fillIn(submission, fields)

  const { method, code } = fields
  // The button that sends again is called after the channel in forms that other flows have made.
  const email = fields.email ?? fields.sms
  const problems = [
    ...methodProblems(method),
    ...problemsFrom(validateBody(decoded.value, spec)),
    ...lengthProblems(email),
  ]
  if (problems.length > 0) return { kind: 'refuse', problems }
  if (code === undefined && method !== 'code') return { kind: 'pass', email: email ?? '' }
  if (method === 'link') return { kind: 'pass', email: email ?? '' }
  if (!deps.enabled) throw errors.notFound('The method code is not switched on here.')
  if (flow.state === 'passed_challenge') return over(flow)
  if (code !== undefined) return redeem(deps, flow, new Secret(code), fields.transient_payload)
  return askForCode(deps, submission, fields, email)
}

function methodProblems(method: string | undefined): Problem[] {
  if (method === undefined || method === 'code' || method === 'link') return []
  return [{ node: 'method', message: messages.generic({ reason: 'The method has to be code or link.' }) }]
}

const over = ({ type }: Flow): VerificationOutcome => {
  const message = messages.verificationDone()
  return { kind: 'restart', message, type, error: errors.badRequest(message.text) }
}

/**
 * A mailed link was opened, by a person or by something that looks at their mail: the code is filled in, and used by
 * nobody who does not press the button. Whoever opened it may do that.
 */
function fillIn({ request, flow }: VerificationSubmission, { code }: Fields): VerificationOutcome {
  if (code === undefined) return { kind: 'pass' }
  if (flow.state === 'passed_challenge')
    return { kind: 'restart', message: messages.verificationDone(), type: flow.type }
  request.csrf.rotate()
  const node = findNode(flow.ui, 'code')
  const ui = node ? withNode(flow.ui, withValue(node, code)) : flow.ui
  return { kind: 'page', flow: { ...flow, ui: withCsrf(ui, request.csrf.token()) } }
}

async function askForCode(
  deps: CodeVerificationDeps,
  { request, flow, rules }: VerificationSubmission,
  fields: Fields,
  email: string | undefined,
): Promise<VerificationOutcome> {
  const kept = keepAddress(deps, flow, email ?? '')
  if (email === undefined)
    return {
      kind: 'refuse',
      ui: kept,
      problems: [{ node: 'email', message: messages.required({ property: 'email' }) }],
    }
  try {
    checkCrossSite(deps.crossSite, request, rules, fields.csrf_token)
  } catch (error) {
    if (!isFormError(error)) throw error
    return { kind: 'refuse', ui: kept, problems: [problemOf(error)] }
  }
  const via = viaOf(email)
  const found = await findVerifiableAddress(deps.db, via, addressSpellings(email, deps.normalise))
  const statements = found
    ? await sendToOwner(
        deps,
        flow,
        { identity: found.identity, via, address: found.address.value },
        fields.transient_payload,
      )
    : await sendToNobody(deps, flow, via, email, fields.transient_payload)
  return {
    kind: 'show',
    statements,
    flow: sentFlow(flow, { via, resend: resendNode('email', email), csrfToken: tokenOf(flow) }),
  }
}

const problemOf = ({ body: { reason, message } }: ApiError): Problem => ({
  node: undefined,
  message: messages.generic({ reason: reason ?? message }),
})

/** The first form with the address that was typed. */
const keepAddress = (deps: CodeVerificationDeps, flow: Flow, email: string): Ui =>
  flow.state === 'choose_method'
    ? withCsrf(withNode(flow.ui, addressNode(deps, email)), tokenOf(flow))
    : withCsrf(flow.ui, tokenOf(flow))

/** The form that waits for the code. */
const sentFlow = (flow: Flow, { via, resend, csrfToken }: { via: Via; resend: UiNode; csrfToken: string }): Flow => ({
  ...flow,
  active: 'code',
  state: 'sent_email',
  ui: withMessages(
    withNode(
      withToken(
        withNodes({ ...flow.ui, nodes: [] }, [
          hiddenMethodNode(),
          codeNode(messages.labelVerificationCode()),
          continueNode(),
        ]),
        flow,
        csrfToken,
      ),
      resend,
    ),
    [via === 'email' ? messages.verificationCodeMailed() : messages.verificationCodeTexted()],
  ),
})

async function sendToOwner(
  deps: CodeVerificationDeps,
  flow: Flow,
  { identity, via, address }: Target,
  transientPayload: Json,
): Promise<Statement[]> {
  const { clock, outbox, publicBaseUrl } = deps
  const { statements, message } = await fresh(deps, flow, { via, address, identityId: identity.id }, transientPayload)
  const queued = await outbox.enqueue(message(publicIdentity(identity, publicBaseUrl) as never))
  const known = identity.verifiableAddresses.find((own) => own.via === via && own.value === address)
  return [...statements, ...queued, ...(known ? [markAddressSent(known.id, clock.now())] : [])]
}

/** The same work for an address that nobody has. */
async function sendToNobody(
  deps: CodeVerificationDeps,
  flow: Flow,
  via: Via,
  email: string,
  transientPayload: Json,
): Promise<Statement[]> {
  const { clock, notifyUnknown, outbox } = deps
  const { statements, message } = await fresh(deps, flow, { via, address: email, identityId: null }, transientPayload)
  const delivers = notifyUnknown && via === 'email'
  const notice: Message = {
    template: 'verification_code_invalid',
    via: 'email',
    to: email,
    data: { request_url: flow.requestUrl, transient_payload: transientPayload as never },
  }
  const queued = await enqueueForStranger(outbox, delivers ? notice : message(stranger(email)), { delivers })
  // No address has this id.
  return [...statements, ...queued, markAddressSent(flow.id, clock.now())]
}

/** A code for a flow, and the message that brings it. */
async function fresh(deps: CodeVerificationDeps, flow: Flow, recipient: Recipient, transientPayload: Json) {
  const { codeLifespanMicros, publicBaseUrl } = deps
  const { codes, statements } = issueCodes(deps, { flowId: flow.id, purpose: 'verification', recipients: [recipient] })
  const code = codes[0]!.code.reveal()
  const signIn = await signInFor(deps, flow)
  const message = (identity: JsonObject): Message => ({
    template: 'verification_code_valid',
    via: recipient.via,
    to: recipient.address,
    data: {
      request_url: flow.requestUrl,
      transient_payload: transientPayload as never,
      verification_code: code,
      verification_url: withQuery(joinPath(publicBaseUrl, 'self-service/verification'), { code, flow: flow.id }),
      identity,
      expires_in_minutes: Math.trunc(codeLifespanMicros / 60_000_000),
      ...signIn,
    },
  })
  return { statements, message }
}

/** Tries a code, from whatever browser it comes. A wrong one looks like success: the form says what is wrong. */
async function redeem(
  deps: CodeVerificationDeps,
  flow: Flow,
  code: Secret,
  transientPayload: Json,
): Promise<VerificationOutcome> {
  const used = await useCode(deps, {
    flowId: flow.id,
    purpose: 'verification',
    code,
    accepts: ({ identityId }) => identityId !== null,
  })
  switch (used.kind) {
    case 'too_many':
      return restart(
        flow,
        errors.badRequest(
          'Too many codes were tried. Ask for a new one; if that is refused as well, wait some minutes.',
        ),
      )
    case 'used':
      return restart(flow, errors.badRequest('This code was used already. Ask for a new one.'))
    case 'wrong':
      return {
        kind: 'show',
        transientPayload,
        flow: { ...flow, ui: withMessages(withoutMessages(flow.ui), [messages.verificationCodeWrong()]) },
      }
    case 'accepted': {
      const { identityId, via, address } = used.code
      return {
        kind: 'verified',
        verified: {
          identityId: identityId!,
          via,
          address,
          csrfToken: flow.type === 'browser' ? tokenOf(flow) : '',
          answers: 'form',
          objection: messages.verificationCodeWrong(),
          transientPayload,
        },
      }
    }
  }
}

const restart = ({ type }: Flow, error: ApiError): VerificationOutcome => ({
  kind: 'restart',
  message: problemOf(error).message,
  type,
  error,
})
