import type { Clock, Micros } from '../../lib/clock.ts'
import type { Turns } from '../../lib/turns.ts'
import type { Db } from '../../db/db.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { Normalisers } from '../../identities/schema/derive.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import type { FactorRules } from '../../sessions/assurance.ts'
import type { Authenticate } from '../../sessions/authenticate.ts'
import type { SessionCookies } from '../../sessions/cookie.ts'
import type { LifespanOf } from '../../sessions/issue.ts'
import type { CrossSiteSettings } from '../cross-site.ts'
import type { Forward } from '../error/forward.ts'
import type { HookBefore } from '../hook.ts'
import type { MaybeOAuth2Server } from '../oauth2.ts'
import type { HookAfterStoring, HookBeforeStoring, RegistrationHook } from './hook.ts'
import type { RegistrationMethod, RegistrationStyle } from './method.ts'

/** What happens after a registration, by the method that completed it. */
export type AfterRegistration = {
  returnUrl: string
  beforeStoring: readonly HookBeforeStoring[]
  hooks: readonly RegistrationHook[]
  afterStoring: readonly HookAfterStoring[]
}

export type RegistrationDeps = MaybeOAuth2Server & {
  db: Db
  clock: Clock
  authenticate: Authenticate
  cookies: SessionCookies
  forward: Forward
  returnTo: ReturnTo
  crossSite: CrossSiteSettings
  schemas: IdentitySchemas
  normalisers: Normalisers
  rules: FactorRules
  publicBaseUrl: string
  /** Who wants the same identifier waits for whoever came first. */
  turns: Turns
  /** How long a session lasts. */
  lifespanOf: LifespanOf
  enabled: boolean
  style: RegistrationStyle
  uiUrl: string
  /** How long a form may be open. */
  lifespanMicros: Micros
  /** Whether someone whose identifier is taken learns how its owner signs in. */
  loginHints: boolean
  /** Where people go who are signed in already; supplies scheme and host for relative addresses. */
  defaultReturnUrl: string
  /** In the order in which they are asked. */
  methods: readonly RegistrationMethod[]
  hooksBefore: readonly HookBefore[]
  after(method: string): AfterRegistration
}
