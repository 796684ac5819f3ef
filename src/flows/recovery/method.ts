import type { ApiError } from '../../errors.ts'
import type { Statement } from '../../db/db.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Request } from '../../http/types.ts'
import type { Via } from '../../identities/identity.ts'
import type { Json } from '../../lib/json.ts'
import type { UiText } from '../../ui/messages.ts'
import type { UiNode } from '../../ui/node.ts'
import type { Flow, FlowType } from '../flow.ts'
import type { Problem } from '../form.ts'

/** What somebody sent to a recovery flow that is still open. */
export type RecoverySubmission = {
  request: Request
  client: Client
  flow: Flow
  /** Whether somebody is signed in. */
  isSignedIn(): Promise<boolean>
}

/** Somebody has proved that an account is theirs. */
export type Recovered = {
  identityId: string
  factor: 'code_recovery' | 'link_recovery'
  /** The address that the proof was sent to; nothing when an operator handed it out. */
  proven: { via: Via; address: string } | undefined
  /** What a person reads whose proof proves nothing any more. */
  objection: UiText
  /** What a link leads to is a page, whatever the flow began as. */
  inBrowser: boolean
  /** What the client gave along; empty when nothing. */
  transientPayload: Json
  /** Whether the answer repeats it. */
  showsPayload: boolean
}

/** What a method decided about a submission. */
export type RecoveryOutcome =
  /** It is another method's. */
  | { kind: 'pass' }
  /** The same form, with what has to be mended. */
  | { kind: 'refuse'; problems: readonly Problem[]; active?: string }
  /** Another form, or a wrong code: answered as a success either way, as both look the same. */
  | { kind: 'show'; flow: Flow; statements?: readonly Statement[]; transientPayload?: Json }
  /** Who is signed in has no need of this. */
  | { kind: 'signed_in' }
  /**
   * This flow has come to an end without success; a new one goes on. With `error`, programs are told so; without it
   * everybody is sent on.
   */
  | { kind: 'restart'; message: UiText; type: FlowType; error?: ApiError }
  | { kind: 'recovered'; recovered: Recovered }

/** A way to prove that an account is one's own. */
export type RecoveryMethod = {
  name: 'code' | 'link'
  enabled: boolean
  /** What a new flow begins with. */
  begin(): { state: string; nodes: UiNode[] }
  /** @throws ApiError for what no form can show */
  submit(submission: RecoverySubmission): Promise<RecoveryOutcome>
}
