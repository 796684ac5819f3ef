import type { Config } from '../config/schema.ts'
import { methodParts } from '../flows/login/deps.ts'
import type { LoginHook } from '../flows/login/hook.ts'
import type { Clock } from '../lib/clock.ts'
import { requireVerifiedAddress, type RequireVerifiedDeps } from './require-verified-address.ts'
import { revokeActiveSessionsAtLogin } from './revoke-active-sessions.ts'
import { showVerificationAfterLogin } from './show-verification-ui.ts'
import { verificationAfterLogin } from './verification.ts'

export type LoginHookDeps = RequireVerifiedDeps & { clock: Clock }

/** TABLE of what may happen after a login. */
const rows: Readonly<Record<string, (deps: LoginHookDeps) => LoginHook>> = {
  revoke_active_sessions: revokeActiveSessionsAtLogin,
  require_verified_address: requireVerifiedAddress,
  verification: verificationAfterLogin,
  show_verification_ui: () => showVerificationAfterLogin,
}

/** The hooks after a login by a method: its own list, or, when that is empty, the one for all methods. */
export function hooksAfterLogin(
  deps: LoginHookDeps,
  { selfservice }: Pick<Config, 'selfservice'>,
): (method: string) => readonly LoginHook[] {
  const { after } = selfservice.flows.login
  const make = (list: readonly { hook: string }[]): LoginHook[] => list.flatMap(({ hook }) => rows[hook]?.(deps) ?? [])
  const general = make(after.hooks)
  const special = new Map(
    Object.entries(methodParts(after))
      .filter(([, part]) => part.hooks.length > 0)
      .map(([method, part]) => [method, make(part.hooks)]),
  )
  return (method) => special.get(method) ?? general
}
