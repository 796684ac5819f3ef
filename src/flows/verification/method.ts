import type { ApiError } from '../../errors.ts'
import type { Statement } from '../../db/db.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Request } from '../../http/types.ts'
import type { Identity, Via } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { UiText } from '../../ui/messages.ts'
import type { Flow, FlowType, Ui } from '../flow.ts'
import type { Problem } from '../form.ts'

/** What somebody sent to a verification flow that is still open. */
export type VerificationSubmission = {
  request: Request
  client: Client
  flow: Flow
  /** By whose rules the form is checked and refused: an app's form that its link has opened in a browser is a browser's. */
  rules: FlowType
}

/** Somebody has shown that an address is theirs. */
export type Verified = {
  identityId: string
  via: Via
  address: string
  /** The form's cross-site token from now on; empty in native flows. */
  csrfToken: string
  /** Where the answer goes: to whoever submitted a form, or to who opened a link. */
  answers: 'form' | 'link'
  /** What is said when the address turns out not to be the person's any more. */
  objection: UiText
  /** What the client gave along; empty when nothing. */
  transientPayload: Json
}

/** What a method decided about a submission. */
export type VerificationOutcome =
  /** It is another method's. `email` is what the form keeps. */
  | { kind: 'pass'; email?: string }
  /** The same form, with what has to be mended. */
  | { kind: 'refuse'; problems: readonly Problem[]; ui?: Ui }
  /** Another form, or a wrong code: answered as a success either way, as both look the same. */
  | { kind: 'show'; flow: Flow; statements?: readonly Statement[]; transientPayload?: Json }
  /** Another form that everybody sees on the page. */
  | { kind: 'page'; flow: Flow }
  /** This flow has come to an end; a new one goes on. With `error`, programs are told so; without it all see the page. */
  | { kind: 'restart'; message: UiText; type: FlowType; error?: ApiError }
  | { kind: 'verified'; verified: Verified }

/** An address that something is sent to. */
export type Target = { identity: Identity; via: Via; address: string }

/** A way to prove that an address is one's own. */
export type VerificationMethod = {
  name: 'code' | 'link'
  enabled: boolean
  /** The form that a new flow begins with. @param csrfToken empty in native flows */
  begin(flow: Flow, csrfToken: string): Ui
  /** @throws ApiError for what no form can show */
  submit(submission: VerificationSubmission): Promise<VerificationOutcome>
  /** A flow that has sent something already, as after a registration, and what stores and sends it. */
  sendTo(
    flow: Flow,
    target: Target,
    more: { csrfToken: string; transientPayload: Json },
  ): Promise<{ flow: Flow; statements: Statement[] }>
}
