import type { Config } from '../config/schema.ts'
import type { AfterSettings } from '../flows/settings/deps.ts'
import { contributionsOf } from '../flows/contribution.ts'
import type { SettingsHook } from '../flows/settings/hook.ts'
import { revokeOtherSessions } from '../sessions/store.ts'
import { notifyPreviousAddresses, type NotifyDeps, type Recipients } from './notify-previous-addresses.ts'
import { showVerificationAfterSettings } from './show-verification-ui.ts'
import { verificationAfterSettings, type VerificationHookDeps } from './verification.ts'
import { webHooksOf, type WebHookFlowDeps } from './web-hook/flows.ts'
import { holdNewAddress, type VerifyNewDeps } from './verify-new-address.ts'

export type SettingsHookDeps = VerificationHookDeps & VerifyNewDeps & NotifyDeps & Pick<WebHookFlowDeps, 'webHooks'>

type Configured = { hook: string; config?: unknown }

/** TABLE of what may happen after a change of settings. */
const rows: Readonly<Record<string, (deps: SettingsHookDeps, configured: Configured) => SettingsHook>> = {
  revoke_active_sessions: () => revokeAfterSettings,
  show_verification_ui: () => showVerificationAfterSettings,
  notify_previous_addresses: (deps, { config }) =>
    notifyPreviousAddresses(deps, (config as { recipients?: Recipients } | undefined)?.recipients ?? 'removed'),
}

const revokeAfterSettings: SettingsHook = ({ identity, session, now }) => ({
  statements: [revokeOtherSessions(identity.id, session.id, now)],
})

/** What happens with a change of settings, by the method that makes it. A new address is verified whoever asks for it. */
export function afterSettings(
  deps: SettingsHookDeps,
  { selfservice }: Pick<Config, 'selfservice'>,
): (method: string) => AfterSettings {
  const { hooks: forAll, default_browser_return_url: general, ...methods } = selfservice.flows.settings.after
  const automatic = deps.verification.settings.enabled ? [verificationAfterSettings(deps)] : []
  const byMethod = new Map(
    Object.entries(methods).map(([method, { default_browser_return_url, hooks }]): [string, AfterSettings] => {
      const configured: readonly Configured[] = hooks
      const told = webHooksOf(deps, hooks, forAll)
      const run = [...automatic, ...configured.flatMap((each) => rows[each.hook]?.(deps, each) ?? [])]
      const holds = deps.verification.settings.enabled && configured.some(({ hook }) => hook === 'verify_new_address')
      return [
        method,
        {
          returnUrl: default_browser_return_url ?? general,
          beforeStoring: told.before,
          afterStoring: told.after,
          ...(holds ? { hold: (event) => holdNewAddress(deps, event) } : {}),
          run: (event) => contributionsOf(run, event),
        },
      ]
    }),
  )
  const others: AfterSettings = {
    returnUrl: general,
    beforeStoring: [],
    afterStoring: webHooksOf(deps, [], forAll).after,
    run: (event) => contributionsOf(automatic, event),
  }
  return (method) => byMethod.get(method) ?? others
}
