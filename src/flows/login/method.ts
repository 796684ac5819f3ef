import type { Flow, Ui } from '../flow.ts'
import type { BodySpec } from '../decode.ts'
import type { Advance, Leaving, Outcome, Switching } from '../outcome.ts'
import type { Problem } from '../form.ts'
import type { Statement } from '../../db/db.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { CompletedFactor } from '../../sessions/issue.ts'
import type { Session } from '../../sessions/session.ts'
import type { UiText } from '../../ui/messages.ts'

/** What a login form is about to ask for. Methods add their part to the screens that concern them. */
export type LoginScreen =
  /** Who are you, and how can we know? */
  | { kind: 'first_factor'; flow: Flow; identifierLabel: UiText }
  /** The person is known and signed in; confirm that it is still you. */
  | { kind: 'refresh'; flow: Flow; identity: IdentityWithCredentials; identifierLabel: UiText }
  /** Who are you? How to sign in is asked on the next screen. */
  | { kind: 'identification'; flow: Flow; identifierLabel: UiText }
  /**
   * Now that an identifier was given: how do you want to sign in?
   * With `mitigate` the form must look the same for everybody, whether `identity` is known or not.
   */
  | {
      kind: 'identified'
      flow: Flow
      identifier: string
      identity: IdentityWithCredentials | undefined
      mitigate: boolean
    }
  /** One factor is done. `via` names the trait whose address alone may be used for a code. */
  | { kind: 'second_factor'; flow: Flow; identity: IdentityWithCredentials; via: string | undefined }

/** What tells methods apart, of everything that was submitted. Fields that were not sent are missing. */
export type Claim = Partial<Record<'method' | 'provider' | 'address' | 'passkey_login' | 'webauthn_login', string>>

export type LoginFields = Readonly<Record<string, unknown>>

export type LoginSubmission = {
  flow: Flow
  /** As the method's `body` names them, checked. */
  fields: LoginFields
  /** The session of whoever refreshes it or adds a second factor. */
  session: Session | undefined
  /** The methods in use, for those that lead on to others. */
  methods: readonly LoginMethod[]
  /** The request that brought the submission; for cookies, and for messages that tell where they come from. */
  request: Request
}

/** What a method may look at that wants to spare somebody a screen. */
export type LoginShortcut = Pick<LoginSubmission, 'fields' | 'session' | 'methods' | 'request'> & {
  screen: LoginScreen
  /** The screen's form. */
  ui: Ui
}

/** Somebody proved who they are. */
export type LoginResult = {
  identity: IdentityWithCredentials
  factor: CompletedFactor
  /** The state in which the flow is left; without one it stays as it is. */
  state?: string
  /** What the method wants stored together with the session. */
  statements?: readonly Statement[]
}

export type LoginOutcome = Outcome<LoginResult> | Leaving | Switching

/** A way to sign in: a row of the method table, whose order is the order of asking. */
export type LoginMethod = {
  /** What `active` says of a flow in which it was used. */
  name: string
  /** A method that is off still claims its submissions, which are answered with 404. */
  enabled: boolean
  /** Whether a submission is this method's business. */
  claims(claim: Claim, flow: Flow): boolean
  body: BodySpec
  /** Whether traits are read too, by the schema of the flow. Nobody judges them. */
  readsTraits?: true
  /** Whether no cross-site token is asked for, as nothing happens but that somebody goes elsewhere. */
  unprotected?: true
  /** Whether it is what flows that try a provider out are for. */
  takesTests?: true
  /** Rules for the body that its description cannot express. */
  check?(fields: LoginFields): Problem[]
  /** Adds what the method asks for; returns the very same form when it has nothing to add. */
  draw(ui: Ui, screen: LoginScreen): Ui | Promise<Ui>
  /** Whether native forms in which nobody else has a part do without the empty field for the cross-site token. */
  omitsNativeToken?(screen: LoginScreen): boolean
  /** The form after a failure: with what the person need not type again, without what they must. */
  keep(ui: Ui, fields: LoginFields, flow: Flow): Ui
  /** @throws ApiError; those with status 400 are shown on the form */
  submit(submission: LoginSubmission): Promise<LoginOutcome>
  /** What comes after a screen that leaves nothing to choose; it is shown in that screen's place. */
  shortcut?(shortcut: LoginShortcut): Promise<Advance | undefined>
}
