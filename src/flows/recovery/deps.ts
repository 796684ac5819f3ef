import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/db.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { Clock, Micros } from '../../lib/clock.ts'
import { durationMicros } from '../../lib/duration.ts'
import type { Authenticate } from '../../sessions/authenticate.ts'
import type { SessionCookies } from '../../sessions/cookie.ts'
import type { LifespanOf } from '../../sessions/issue.ts'
import type { CrossSiteSettings } from '../cross-site.ts'
import type { Forward } from '../error/forward.ts'
import type { HookBefore } from '../hook.ts'
import type { Outbox } from '../outbox.ts'
import type { SettingsDeps } from '../settings/deps.ts'
import type { RecoveryHook } from './hook.ts'
import type { RecoveryMethod } from './method.ts'

export type RecoverySettings = {
  enabled: boolean
  uiUrl: string
  lifespanMicros: Micros
  /** The method that new flows use. */
  use: RecoveryMethod['name']
  /** Where people go in the end, unless the flow says otherwise; undefined means `defaultReturnUrl`. */
  returnUrlAfter: string | undefined
  /** Where people go who are signed in already. */
  defaultReturnUrl: string
  /** Whether programs are told where to go on rather than redirected, `feature_flags.use_continue_with_transitions`. */
  transitions: boolean
  /** For how long a recovered person may change credentials. */
  privilegedAgeMicros: Micros
}

export type RecoveryDeps = {
  db: Db
  clock: Clock
  authenticate: Authenticate
  cookies: SessionCookies
  forward: Forward
  returnTo: ReturnTo
  crossSite: CrossSiteSettings
  publicBaseUrl: string
  lifespanOf: LifespanOf
  outbox: Outbox
  settings: RecoverySettings
  /** In the order in which they are asked. */
  methods: readonly RecoveryMethod[]
  hooksBefore: readonly HookBefore[]
  hooksAfter: readonly RecoveryHook[]
  /** Who has recovered goes on with a settings flow. */
  settingsFlow: SettingsDeps
}

/** What of the configuration rules recoveries. */
export function recoverySettings({
  feature_flags,
  selfservice,
}: Pick<Config, 'feature_flags' | 'selfservice'>): RecoverySettings {
  const { recovery, settings } = selfservice.flows
  return {
    enabled: recovery.enabled,
    uiUrl: recovery.ui_url,
    lifespanMicros: durationMicros(recovery.lifespan),
    use: recovery.use,
    returnUrlAfter: recovery.after.default_browser_return_url,
    defaultReturnUrl: selfservice.default_browser_return_url,
    transitions: feature_flags.use_continue_with_transitions,
    privilegedAgeMicros: durationMicros(settings.privileged_session_max_age),
  }
}
