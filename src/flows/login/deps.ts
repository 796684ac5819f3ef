import { durationMicros } from '../../lib/duration.ts'
import type { Config } from '../../config/schema.ts'
import type { Db } from '../../db/db.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import type { Clock, Micros } from '../../lib/clock.ts'
import type { FactorRules } from '../../sessions/assurance.ts'
import type { Authenticate } from '../../sessions/authenticate.ts'
import type { SessionCookies } from '../../sessions/cookie.ts'
import type { LifespanOf } from '../../sessions/issue.ts'
import type { RequiredAal } from '../../sessions/requirement.ts'
import type { CrossSiteSettings } from '../cross-site.ts'
import type { Forward } from '../error/forward.ts'
import type { HookBefore } from '../hook.ts'
import type { MaybeOAuth2Server } from '../oauth2.ts'
import type { LoginHook } from './hook.ts'
import type { LoginMethod } from './method.ts'

export type LoginSettings = {
  uiUrl: string
  lifespanMicros: Micros
  /** `identifier_first` asks who somebody is before it asks how they sign in. */
  style: 'unified' | 'identifier_first'
  /** Where people go who are signed in already. */
  defaultReturnUrl: string
  /** Where people go after a login, by the method that completed it. */
  returnUrlAfter(method?: string): string
  /** What whoami asks of a session. A login that does not reach it leads on to the second factor. */
  requiredAal: RequiredAal
}

export type LoginDeps = MaybeOAuth2Server & {
  db: Db
  clock: Clock
  authenticate: Authenticate
  cookies: SessionCookies
  forward: Forward
  returnTo: ReturnTo
  crossSite: CrossSiteSettings
  schemas: IdentitySchemas
  rules: FactorRules
  publicBaseUrl: string
  lifespanOf: LifespanOf
  settings: LoginSettings
  /** In the order of asking. */
  methods: readonly LoginMethod[]
  hooksBefore: readonly HookBefore[]
  /** What happens after a login by a method, in order. */
  hooksAfter(method: string): readonly LoginHook[]
}

/** What of the configuration rules logins. */
export function loginSettings({ selfservice, session }: Pick<Config, 'selfservice' | 'session'>): LoginSettings {
  const { login } = selfservice.flows
  const byMethod: Partial<Record<string, { default_browser_return_url?: string }>> = methodParts(login.after)
  return {
    uiUrl: login.ui_url,
    lifespanMicros: durationMicros(login.lifespan),
    style: login.style,
    defaultReturnUrl: selfservice.default_browser_return_url,
    returnUrlAfter: (method = '') =>
      byMethod[method]?.default_browser_return_url ??
      login.after.default_browser_return_url ??
      selfservice.default_browser_return_url,
    requiredAal: session.whoami.required_aal,
  }
}

type After = Config['selfservice']['flows']['login']['after']

/** The parts of `after` that hold for one method each. */
export const methodParts = ({ hooks: _hooks, default_browser_return_url: _url, ...parts }: After) => parts
