import type { Config } from '../config/schema.ts'
import type { RecoveryHook } from '../flows/recovery/hook.ts'
import type { Clock } from '../lib/clock.ts'
import { revokeOtherSessions } from '../sessions/store.ts'

type Deps = { clock: Clock }

/** TABLE of what may happen after a recovery. */
const rows: Readonly<Record<string, (deps: Deps) => RecoveryHook>> = {
  revoke_active_sessions:
    ({ clock }) =>
    async ({ identity, session }) => ({ statements: [revokeOtherSessions(identity.id, session.id, clock.now())] }),
}

/** The hooks after a recovery, in the order of the configuration. */
export const hooksAfterRecovery = (deps: Deps, { selfservice }: Pick<Config, 'selfservice'>): RecoveryHook[] =>
  selfservice.flows.recovery.after.hooks.flatMap(({ hook }) => rows[hook]?.(deps) ?? [])
