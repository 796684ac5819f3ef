import type { Statement } from '../db/db.ts'
import type { Client } from '../http/negotiate.ts'
import type { Request, Response } from '../http/types.ts'
import type { Json } from '../lib/json.ts'
import type { Problem } from './form.ts'
import type { Ui } from './flow.ts'

/** What a method decided about a submission. Nobody but the flow's answer turns it into a response. */
export type Outcome<Result> =
  /** Nothing left to ask. */
  | { kind: 'done'; result: Result }
  /**
   * The same form, with texts on its fields. `ui` when the method changed the form first, as with values to keep.
   * `state` when the flow falls back.
   */
  | { kind: 'retry'; problems: readonly Problem[]; ui?: Ui; state?: string }
  /** Other nodes, state or texts: the next step, a way back, a code that was sent. */
  | Advance
  /** Too old a session for this change: it is parked, and the person signs in again. */
  | { kind: 'refresh' }

export type Advance = {
  kind: 'advance'
  ui: Ui
  state?: string
  active?: string
  /** Replaces what was remembered. */
  internal?: Record<string, Json>
  /** What is stored in one transaction with the flow. */
  statements?: readonly Statement[]
  /** Called once all of it is stored, as for messages that are to leave at once. */
  onStored?(): void
}

/** A browser that has to go elsewhere before it goes on: 303, for scripts 422. */
export type Leaving = {
  kind: 'leave'
  to: string
  /** When the form became another one. */
  ui?: Ui
  active?: string
  /** Replaces what was remembered. */
  internal?: Record<string, Json>
  /** `Set-Cookie` values. */
  cookies?: readonly string[]
}

/** Another flow goes on with it, which this one does not know: who does answers. */
export type Switching = {
  kind: 'switch'
  answer(context: { request: Request; client: Client }): Promise<Response>
}

export const done = <Result>(result: Result): Outcome<Result> => ({ kind: 'done', result })
export const retry = (problems: readonly Problem[], ui?: Ui): Outcome<never> => ({
  kind: 'retry',
  problems,
  ...(ui ? { ui } : {}),
})
