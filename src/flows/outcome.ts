import type { Json } from '../lib/json.ts'
import type { Problem } from './form.ts'
import type { Ui } from './flow.ts'

/** What a method decided about a submission. Nobody but the flow's answer turns it into a response. */
export type Outcome<Result> =
  /** Nothing left to ask. */
  | { kind: 'done'; result: Result }
  /** The same form, with texts on its fields. `ui` when the method changed the form first, as with values to keep. */
  | { kind: 'retry'; problems: readonly Problem[]; ui?: Ui }
  /** Other nodes, state or texts: the next step, a way back, a code that was sent. `internal` replaces what was remembered. */
  | { kind: 'advance'; ui: Ui; state?: string; active?: string; internal?: Record<string, Json> }
  /** Too old a session for this change: it is parked, and the person signs in again. */
  | { kind: 'refresh' }

export const done = <Result>(result: Result): Outcome<Result> => ({ kind: 'done', result })
export const retry = (problems: readonly Problem[], ui?: Ui): Outcome<never> => ({
  kind: 'retry',
  problems,
  ...(ui ? { ui } : {}),
})
