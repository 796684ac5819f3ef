import { Secret } from '../../crypto/secret.ts'
import type { JsonObject, Message } from '../../courier/message.ts'
import type { Statement } from '../../db/db.ts'
import { errors, type ApiError } from '../../errors.ts'
import type { CrossSiteSettings } from '../../flows/cross-site.ts'
import type { Flow } from '../../flows/flow.ts'
import { withMessages, withoutMessages } from '../../flows/form.ts'
import { enqueueForStranger, stranger, type Outbox } from '../../flows/outbox.ts'
import type { RecoveryOutcome } from '../../flows/recovery/method.ts'
import { textOf } from '../../flows/recovery/restart.ts'
import { allowedHeaders, type WithHeaders } from '../../http/allowed-headers.ts'
import { addressSpellings, viaOf } from '../../identities/address.ts'
import { findRecoveryAddress } from '../../identities/addresses/store.ts'
import { publicIdentity } from '../../identities/wire.ts'
import type { Json } from '../../lib/json.ts'
import { messages } from '../../ui/messages.ts'
import type { UiNode } from '../../ui/node.ts'
import { issueCodes, useCode, type CodeDeps } from './codes.ts'
import { codeNode } from './nodes.ts'

export type CodeRecoveryDeps = CodeDeps & {
  crossSite: CrossSiteSettings
  outbox: Outbox
  publicBaseUrl: string
  normalise(address: string): string
  enabled: boolean
  /** Whether new flows let people choose among all of their addresses, `feature_flags.choose_recovery_address`. */
  choosesAddress: boolean
  /** The method that new flows use. */
  use: 'code' | 'link'
  /** Whether addresses that nobody has get a mail that says so. */
  notifyUnknown: boolean
  /** Names of the headers of a request that gateways may see. */
  headerAllowlist: readonly string[]
}

export type RecoveryFields = Partial<
  Record<
    | 'method'
    | 'code'
    | 'email'
    | 'recovery_address'
    | 'recovery_select_address'
    | 'recovery_confirm_address'
    | 'screen'
    | 'csrf_token',
    string
  >
> & { transient_payload: Json }

/** A submission that the method has read. */
export type CodeSubmission = { request: WithHeaders; flow: Flow; fields: RecoveryFields }

export const restart = (error: ApiError, type: Flow['type']): RecoveryOutcome => ({
  kind: 'restart',
  message: textOf(error),
  type,
  error,
})

export const recoveryCodeNode = (): UiNode =>
  codeNode(messages.labelRecoveryCode(), { pattern: '[0-9]+', maxlength: 6 })

/**
 * Sends a code to an address, if it belongs to somebody. Whether it does is not to be seen, nor to be measured: the same
 * is looked for, made, hashed, rendered and stored.
 * @param only the one person whom the code may be for; others count as unknown
 */
export async function sendCode(
  deps: CodeRecoveryDeps,
  { request, flow, fields }: CodeSubmission,
  typed: string,
  only: { identityId: string | null } | undefined = undefined,
): Promise<Statement[]> {
  const { codeLifespanMicros, db, headerAllowlist, normalise, notifyUnknown, outbox, publicBaseUrl } = deps
  const via = viaOf(typed)
  const found = await findRecoveryAddress(db, via, addressSpellings(typed, normalise))
  const known = found && (only === undefined || only.identityId === found.identity.id) ? found : undefined
  const to = known?.address.value ?? typed
  const { codes, statements } = issueCodes(deps, {
    flowId: flow.id,
    purpose: 'recovery',
    recipients: [{ via, address: to, identityId: known?.identity.id ?? null }],
  })
  const data = { request_url: flow.requestUrl, transient_payload: fields.transient_payload as never }
  const message = (identity: JsonObject): Message => ({
    template: 'recovery_code_valid',
    via,
    to,
    data: {
      ...data,
      recovery_code: codes[0]!.code.reveal(),
      identity,
      expires_in_minutes: Math.trunc(codeLifespanMicros / 60_000_000),
    },
    requestHeaders: allowedHeaders(request, headerAllowlist),
  })
  const delivers = notifyUnknown && via === 'email'
  const queued = known
    ? await outbox.enqueue(message(publicIdentity(known.identity, publicBaseUrl) as never))
    : await enqueueForStranger(
        outbox,
        delivers ? { template: 'recovery_code_invalid', via: 'email', to, data } : message(stranger(to)),
        { delivers },
      )
  return [...statements, ...queued]
}

/** Tries a code. A wrong one looks like success: the form says what is wrong, the status does not. */
export async function redeem(
  deps: CodeRecoveryDeps,
  { flow, fields }: CodeSubmission,
  { showsPayload }: { showsPayload: boolean },
): Promise<RecoveryOutcome> {
  const used = await useCode(deps, {
    flowId: flow.id,
    purpose: 'recovery',
    code: new Secret(fields.code ?? ''),
    accepts: ({ identityId }) => identityId !== null,
  })
  switch (used.kind) {
    case 'too_many':
      return restart(
        errors.badRequest(
          'Too many codes were tried. Ask for a new one; if that is refused as well, wait some minutes.',
        ),
        flow.type,
      )
    case 'used':
      return restart(errors.badRequest('This code was used already. Ask for a new one.'), flow.type)
    case 'wrong':
      return {
        kind: 'show',
        flow: { ...flow, ui: withMessages(withoutMessages(flow.ui), [messages.recoveryCodeWrong()]) },
        ...(showsPayload ? { transientPayload: fields.transient_payload } : {}),
      }
    case 'accepted': {
      const { identityId, via, address, byOperator } = used.code
      return {
        kind: 'recovered',
        recovered: {
          identityId: identityId!,
          factor: 'code_recovery',
          proven: byOperator ? undefined : { via, address },
          objection: messages.recoveryCodeWrong(),
          inBrowser: false,
          transientPayload: fields.transient_payload,
          showsPayload,
        },
      }
    }
  }
}
