import type { Config } from '../config/schema.ts'
import { methodParts } from '../flows/login/deps.ts'
import type { LoginHook } from '../flows/login/hook.ts'
import type { Clock } from '../lib/clock.ts'
import { requireVerifiedAddress, type RequireVerifiedDeps } from './require-verified-address.ts'
import { revokeActiveSessionsAtLogin } from './revoke-active-sessions.ts'
import { showVerificationAfterLogin } from './show-verification-ui.ts'
import { isKnown, type ConfiguredHook } from './configured.ts'
import { verificationAfterLogin } from './verification.ts'
import { webHookAtLogin, type WebHookFlowDeps } from './web-hook/flows.ts'
import type { WebHookConfig } from './web-hook/web-hook.ts'

export type LoginHookDeps = RequireVerifiedDeps & WebHookFlowDeps & { clock: Clock }

/** TABLE of what may happen after a login. */
const rows: Readonly<Record<string, (deps: LoginHookDeps, configured: ConfiguredHook) => LoginHook>> = {
  revoke_active_sessions: revokeActiveSessionsAtLogin,
  require_verified_address: requireVerifiedAddress,
  verification: verificationAfterLogin,
  show_verification_ui: () => showVerificationAfterLogin,
  web_hook: (deps, { config }) => webHookAtLogin(deps, config as WebHookConfig),
}

/** The hooks after a login by a method: its own list, or, when there is none in it, the one for all methods. */
export function hooksAfterLogin(
  deps: LoginHookDeps,
  { selfservice }: Pick<Config, 'selfservice'>,
): (method: string) => readonly LoginHook[] {
  const { after } = selfservice.flows.login
  const make = (list: readonly ConfiguredHook[]): LoginHook[] =>
    list.flatMap((each) => rows[each.hook]?.(deps, each) ?? [])
  const general = make(after.hooks)
  const special = new Map(
    Object.entries(methodParts(after))
      .filter(([, { hooks }]) => hooks.some(isKnown))
      .map(([method, part]) => [method, make(part.hooks)]),
  )
  return (method) => special.get(method) ?? general
}
