import type { Clock, Micros } from '../../lib/clock.ts'
import type { Db } from '../../db/db.ts'
import type { Forward } from '../error/forward.ts'
import type { CrossSiteSettings } from '../cross-site.ts'
import type { ContinuityDeps } from '../continuity.ts'
import type { HookBefore } from '../hook.ts'
import type { Normalisers } from '../../identities/schema/derive.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import type { Authenticate } from '../../sessions/authenticate.ts'
import type { FactorRules } from '../../sessions/assurance.ts'
import type { SessionCookies } from '../../sessions/cookie.ts'
import type { RequiredAal } from '../../sessions/requirement.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { Turns } from '../../lib/turns.ts'
import type { Contribution } from '../contribution.ts'
import type { Held, HookAfterStoring, HookBeforeStoring, SettingsEvent } from './hook.ts'
import type { SettingsMethod } from './method.ts'

/** What happens with a change, by the method that makes it. */
export type AfterSettings = {
  returnUrl: string | undefined
  beforeStoring: readonly HookBeforeStoring[]
  afterStoring: readonly HookAfterStoring[]
  /** Whether a change may be stored now. */
  hold?(event: SettingsEvent): Promise<Held | undefined>
  /** What comes along with a change that is stored. */
  run(event: SettingsEvent): Promise<Contribution>
}

export type SettingsDeps = {
  db: Db
  clock: Clock
  authenticate: Authenticate
  cookies: SessionCookies
  forward: Forward
  returnTo: ReturnTo
  crossSite: CrossSiteSettings
  continuity: ContinuityDeps
  schemas: IdentitySchemas
  normalisers: Normalisers
  rules: FactorRules
  turns: Turns
  publicBaseUrl: string
  uiUrl: string
  loginUiUrl: string
  /** Supplies scheme and host for relative addresses. */
  defaultReturnUrl: string
  lifespanMicros: Micros
  /** For how long after a login somebody may change what they sign in with. */
  privilegedAgeMicros: Micros
  requiredAal: RequiredAal
  /** Organizations of the configuration: their ids and mail domains. */
  organizations: readonly { id: string; domains: readonly string[] }[]
  /** In the order in which they are asked. */
  methods: readonly SettingsMethod[]
  hooksBefore: readonly HookBefore[]
  after(method: string): AfterSettings
}
