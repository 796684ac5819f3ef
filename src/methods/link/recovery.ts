import { Secret } from '../../crypto/secret.ts'
import type { JsonObject, Message } from '../../courier/message.ts'
import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import { checkCrossSite, type CrossSiteSettings } from '../../flows/cross-site.ts'
import { validateBody, type BodySpec } from '../../flows/decode.ts'
import { problemsFrom, withMessages, withNode, withoutMessages } from '../../flows/form.ts'
import { flowPage as withFlow, type Flow } from '../../flows/flow.ts'
import { emailProblems, readSubmission } from '../../flows/mailed.ts'
import { enqueueForStranger, stranger, type Outbox } from '../../flows/outbox.ts'
import type { RecoveryMethod, RecoveryOutcome, RecoverySubmission } from '../../flows/recovery/method.ts'
import { joinPath, withQuery } from '../../http/urls.ts'
import { addressSpellings } from '../../identities/address.ts'
import { findRecoveryAddress } from '../../identities/addresses/store.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Clock, Micros } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import { expiredContext, messages } from '../../ui/messages.ts'
import { linkEmailNode, linkNodes } from './nodes.ts'
import { issueLinkToken, useLinkToken } from './tokens.ts'

export type LinkDeps = {
  db: Db
  clock: Clock
  crossSite: CrossSiteSettings
  outbox: Outbox
  publicBaseUrl: string
  normalise(address: string): string
  enabled: boolean
  /** How long a link is good for. */
  linkLifespanMicros: Micros
  /** Whether addresses that nobody has get a mail that says so. */
  notifyUnknown: boolean
}

const spec: BodySpec = {
  fields: [
    { name: 'method', type: 'string' },
    { name: 'token', type: 'string' },
    { name: 'email', type: 'string' },
    { name: 'csrf_token', type: 'string' },
    { name: 'transient_payload', type: 'object' },
  ],
  allowGet: true,
}

/** Recovers an account by a link that is mailed, and that signs in whoever opens it first. */
export const linkRecovery = (deps: LinkDeps): RecoveryMethod => ({
  name: 'link',
  enabled: deps.enabled,
  begin: () => ({ state: 'choose_method', nodes: linkNodes() }),
  submit: (submission) => submit(deps, submission),
})

async function submit(deps: LinkDeps, submission: RecoverySubmission): Promise<RecoveryOutcome> {
  const { request, flow } = submission
  const decoded = await readSubmission(request, spec)
  if (decoded.kind === 'bad')
    return flow.active === 'link'
      ? { kind: 'refuse', problems: [{ node: undefined, message: messages.generic({ reason: decoded.reason }) }] }
      : { kind: 'pass' }
  const fields = decoded.value as { method?: string; token?: string; email?: string; csrf_token?: string }
  const token = fields.token ?? ''
  if (token === '' && fields.method !== 'link') return { kind: 'pass' }
  if (!deps.enabled) throw errors.notFound('The method link is not switched on here.')
  if (token !== '') return redeem(deps, flow, new Secret(token), payloadOf(decoded.value))

  const problems = [...problemsFrom(validateBody(decoded.value, spec)), ...emailProblems(fields.email)]
  if (problems.length > 0) return { kind: 'refuse', problems, active: 'link' }
  if (await submission.isSignedIn()) return { kind: 'signed_in' }
  checkCrossSite(deps.crossSite, request, flow.type, fields.csrf_token)
  if (flow.state === 'passed_challenge') return { kind: 'restart', message: messages.recoveryDone(), type: flow.type }
  if (flow.state !== 'choose_method' && flow.state !== 'sent_email')
    return { kind: 'restart', message: messages.recoveryFailed(), type: flow.type }
  if (fields.email === undefined)
    return {
      kind: 'refuse',
      problems: [{ node: 'email', message: messages.required({ property: 'email' }) }],
      active: 'link',
    }
  return send(deps, flow, fields.email, payloadOf(decoded.value))
}

const payloadOf = (fields: Record<string, unknown>): Json => (fields.transient_payload ?? {}) as Json

/** Sends a link, if the address belongs to somebody; the answer is the same for any. */
async function send(deps: LinkDeps, flow: Flow, email: string, transientPayload: Json): Promise<RecoveryOutcome> {
  const { clock, db, linkLifespanMicros, normalise, notifyUnknown, outbox, publicBaseUrl } = deps
  const known = await findRecoveryAddress(db, 'email', addressSpellings(email, normalise))
  const to = known?.address.value ?? email
  const { token, statement } = issueLinkToken(
    { clock },
    {
      flowId: flow.id,
      purpose: 'recovery',
      identityId: known?.identity.id ?? null,
      via: 'email',
      address: to,
      lifespanMicros: linkLifespanMicros,
    },
  )
  const message = (identity: JsonObject): Message => ({
    template: 'recovery_valid',
    via: 'email',
    to,
    data: {
      request_url: flow.requestUrl,
      recovery_url: recoveryLink(publicBaseUrl, flow.id, token),
      identity,
      expires_in_minutes: Math.trunc(linkLifespanMicros / 60_000_000),
    },
  })
  const notice: Message = { template: 'recovery_invalid', via: 'email', to, data: { request_url: flow.requestUrl } }
  const queued = known
    ? await outbox.enqueue(message(publicIdentity(known.identity, publicBaseUrl) as never))
    : await enqueueForStranger(outbox, notifyUnknown ? notice : message(stranger(to)), { delivers: notifyUnknown })
  return {
    kind: 'show',
    transientPayload,
    statements: [statement, ...queued],
    flow: {
      ...flow,
      active: 'link',
      state: 'sent_email',
      ui: withMessages(withNode(withoutMessages(flow.ui), linkEmailNode(email)), [messages.recoveryLinkSent()]),
    },
  }
}

/** The address that a recovery mail leads to. */
export const recoveryLink = (publicBaseUrl: string, flowId: string, token: Secret): string =>
  withQuery(withFlow(joinPath(publicBaseUrl, 'self-service/recovery'), flowId), { token: token.reveal() })

async function redeem(deps: LinkDeps, flow: Flow, token: Secret, transientPayload: Json): Promise<RecoveryOutcome> {
  const used = await useLinkToken(deps, { flowId: flow.id, purpose: 'recovery', token })
  switch (used.kind) {
    case 'invalid':
      return { kind: 'restart', message: messages.recoveryLinkInvalid(), type: 'browser' }
    case 'expired':
      return { kind: 'restart', message: messages.recoveryExpired(expiredContext(used.expiresAt)), type: 'browser' }
    case 'accepted': {
      const { identityId, via, address, byOperator } = used.token
      return {
        kind: 'recovered',
        recovered: {
          identityId,
          factor: 'link_recovery',
          proven: byOperator ? undefined : { via, address },
          objection: messages.recoveryLinkInvalid(),
          inBrowser: true,
          transientPayload,
          showsPayload: false,
        },
      }
    }
  }
}
