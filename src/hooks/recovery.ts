import type { Config } from '../config/schema.ts'
import type { RecoveryHook } from '../flows/recovery/hook.ts'
import type { Clock } from '../lib/clock.ts'
import { revokeOtherSessions } from '../sessions/store.ts'
import type { ConfiguredHook } from './configured.ts'
import { webHookAfterRecovery, type WebHookFlowDeps } from './web-hook/flows.ts'
import type { WebHookConfig } from './web-hook/web-hook.ts'

type Deps = { clock: Clock } & Pick<WebHookFlowDeps, 'webHooks'>

/** TABLE of what may happen after a recovery. */
const rows: Readonly<Record<string, (deps: Deps, configured: ConfiguredHook) => RecoveryHook>> = {
  revoke_active_sessions:
    ({ clock }) =>
    async ({ identity, session }) => ({ statements: [revokeOtherSessions(identity.id, session.id, clock.now())] }),
  web_hook: (deps, { config }) => webHookAfterRecovery(deps, config as WebHookConfig),
}

/** The hooks after a recovery, in the order of the configuration. */
export const hooksAfterRecovery = (deps: Deps, { selfservice }: Pick<Config, 'selfservice'>): RecoveryHook[] =>
  selfservice.flows.recovery.after.hooks.flatMap((each: ConfiguredHook) => rows[each.hook]?.(deps, each) ?? [])
