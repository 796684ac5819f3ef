import type { BodyField } from '../decode.ts'
import type { PendingJar } from '../continuity.ts'
import type { Flow, Ui } from '../flow.ts'
import type { Problem } from '../form.ts'
import type { Leaving, Outcome } from '../outcome.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { Session } from '../../sessions/session.ts'
import type { Micros } from '../../lib/clock.ts'
import type { UiNode } from '../../ui/node.ts'
import type { UiText } from '../../ui/messages.ts'
import type { Json } from '../../lib/json.ts'
import type { Statement } from '../../db/db.ts'
import type { CompletedFactor } from '../../sessions/issue.ts'

/** What a method may look at when it adds to the form. */
export type SettingsForm = {
  identity: IdentityWithCredentials
  schema: IdentitySchema
  flow: Flow
  /** The flow that led to this one by a change; what its form showed may go on. */
  earlier?: Flow | undefined
}

/** A submission that its method has claimed, and that passed the checks that all methods share. */
export type SettingsSubmission = SettingsForm & {
  fields: Record<string, unknown>
  session: Session
  now: Micros
  request: Request
  jar: PendingJar
  /** Whether it was parked and comes from here, not from the request. */
  resumed: boolean
}

/** What a method adds to a fresh form, and what it has to remember about it on the server's side. */
export type SettingsPart = { nodes: UiNode[]; internal?: Record<string, Json>; messages?: UiText[] }

/** A change that may be stored. */
export type SettingsResult = {
  identity: IdentityWithCredentials
  /** The factor that setting it up has proved: it is added to the session. */
  factor?: CompletedFactor
  /** What the flow names as the method that it was last used with; without one it stays as it is. */
  active?: string
  /** What has to be stored together with the change; its row counts decide about races. */
  statements?: readonly Statement[]
}

/** What a credential method offers in the settings flow. */
export type SettingsMethod = {
  name: string
  /** A method that is off adds nothing, and answers 404 when it is addressed. */
  enabled: boolean
  /** What it reads of a body, beside `method`, `csrf_token` and `transient_payload`. */
  fields: readonly BodyField[]
  /** Whether it reads traits, by the identity's own schema. */
  readsTraits?: boolean
  /** Whether `GET` may bring the fields in its query. */
  allowsGet: boolean
  claims(fields: Record<string, unknown>, flow: Flow): boolean
  /** Whether no cross-site token is asked for; it looks at where a request comes from by itself. */
  unprotected?: true
  /** Whether the query of a request counts beside its body. */
  mergesQuery?: true
  /** What is wrong with its fields beyond their types. */
  check?(fields: Record<string, unknown>): readonly Problem[]
  draw(form: SettingsForm): SettingsPart | Promise<SettingsPart>
  /** compat: what the client gave along reaches no hook – selfservice/strategy/{password,profile} */
  hidesPayload?: true
  /** Native apps repeat a change after the new login; this one is parked for them all the same. */
  parksNative?: boolean
  /** Texts of earlier submissions stay on the form. */
  keepsMessages?: boolean
  /**
   * Puts in what a form shows but nobody stores with it, such as secrets and pictures, from what the method remembers.
   * Called for every form that leaves as JSON.
   */
  show?(ui: Ui, flow: Flow): Ui | Promise<Ui>
  /** The form with what was submitted in it, when the submission is refused. */
  refill?(form: SettingsForm, fields: Record<string, unknown>): Flow['ui']
  submit(submission: SettingsSubmission): Promise<Outcome<SettingsResult> | Leaving>
}
