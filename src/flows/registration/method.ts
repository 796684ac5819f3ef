import type { BodyField } from '../decode.ts'
import type { Flow } from '../flow.ts'
import type { Problem } from '../form.ts'
import type { Leaving, Outcome, Switching } from '../outcome.ts'
import type { Client } from '../../http/negotiate.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Derived } from '../../identities/schema/derive.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { Statement } from '../../db/db.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import type { CompletedFactor } from '../../sessions/issue.ts'
import type { UiNode } from '../../ui/node.ts'

/** All in one form, or first the traits and then the choice of a credential. */
export type RegistrationStyle = 'one-step' | 'two-steps'

/** What a form asks for: everything at once, the traits alone, or a credential for traits that are known. */
export type RegistrationScreen = 'everything' | 'profile' | 'credentials'

/** What a method may look at when it adds to a form. */
export type RegistrationForm = { flow: Flow; schema: IdentitySchema }

/** A submission that its method has claimed, and that passed the checks that all methods share. */
export type RegistrationSubmission = RegistrationForm & {
  /** Decoded and valid; `traits` are among them. */
  fields: Record<string, unknown>
  /** A new identity with the submitted traits, without credentials. */
  draft: IdentityWithCredentials
  /** What follows from the traits; without errors. */
  derived: Derived
  /** What all methods show on a screen. */
  nodesOf(screen: RegistrationScreen): UiNode[]
  now: Micros
  /** The request that brought the submission; for messages that tell where they come from. */
  request: Pick<Request, 'headerLines'>
}

/** An identity that may be stored, and how its owner has just proved who they are. */
export type Registered = {
  identity: IdentityWithCredentials
  factors: readonly CompletedFactor[]
  /** The state in which the flow is left, whatever comes of the registration; without one it stays as it is. */
  state?: string
  /** What has to be stored together with the identity; its row counts decide whether that may be. */
  statements?: readonly Statement[]
}

/** A submission whose method sends the person elsewhere first. Nothing of it was judged. */
export type RegistrationBeginning = RegistrationForm & {
  fields: Record<string, unknown>
  request: Request
  client: Client
}

/** What a credential method offers in the registration flow. */
export type RegistrationMethod = SubmittingMethod | BeginningMethod

export type SubmittingMethod = MethodBasics & {
  submit(submission: RegistrationSubmission): Promise<Outcome<Registered>>
}

/** Neither traits nor a cross-site token are asked for before it. */
export type BeginningMethod = MethodBasics & {
  begin(beginning: RegistrationBeginning): Promise<Leaving | Switching>
}

type MethodBasics = {
  name: string
  /** A method that is off adds nothing, and answers 404 when it is addressed. */
  enabled: boolean
  /** What it reads of a body, beside `method`, `csrf_token`, `transient_payload` and `traits`. */
  fields: readonly BodyField[]
  claims(fields: Record<string, unknown>, form: { flow: Flow; style: RegistrationStyle }): boolean
  nodes(screen: RegistrationScreen, form: RegistrationForm): UiNode[]
  /** What it has to know on every screen of a new flow, kept on the server's side. */
  remembers?(flow: Flow): Record<string, Json>
  /** What is wrong with its fields beyond their types. */
  check?(fields: Record<string, unknown>): readonly Problem[]
  /** Whether a submission only asks for an earlier screen. That changes nothing, and so needs no cross-site token. */
  goesBack?(fields: Record<string, unknown>): boolean
}
