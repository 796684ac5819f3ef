import type { Config } from '../../config/schema.ts'
import type { Db, Statement } from '../../db/db.ts'
import type { ReturnTo } from '../../http/return-to.ts'
import type { Request } from '../../http/types.ts'
import type { IdentityWithCredentials, Via } from '../../identities/identity.ts'
import type { Clock, Micros } from '../../lib/clock.ts'
import { durationMicros } from '../../lib/duration.ts'
import type { CrossSiteSettings } from '../cross-site.ts'
import type { Forward } from '../error/forward.ts'
import type { Flow } from '../flow.ts'
import type { HookBefore } from '../hook.ts'
import type { OAuth2Server } from '../oauth2.ts'
import type { Outbox } from '../outbox.ts'
import type { VerificationHook } from './hook.ts'
import type { VerificationMethod } from './method.ts'

export type VerificationSettings = {
  enabled: boolean
  uiUrl: string
  lifespanMicros: Micros
  /** The method that new flows use. */
  use: VerificationMethod['name']
  /** Where people go on in the end, unless the flow says otherwise. */
  returnUrlAfter: string
  /** Supplies scheme and host for relative addresses. */
  defaultReturnUrl: string
}

/** What it takes to begin a verification. */
export type VerificationStartDeps = {
  clock: Clock
  publicBaseUrl: string
  settings: VerificationSettings
  methods: readonly VerificationMethod[]
}

/** A change of address that waits for the new address to be proven. */
export type AwaitedChange =
  /** The flow is not about a change. */
  | { kind: 'none' }
  /** It can be made now. The statements fail with `UniqueViolation` when the address is somebody else's by now. */
  | { kind: 'ready'; identity: IdentityWithCredentials; statements: readonly Statement[]; onStored(): void }
  /** Something came in between: it is not made. */
  | { kind: 'outdated' }

export type VerificationDeps = VerificationStartDeps & {
  db: Db
  forward: Forward
  returnTo: ReturnTo
  crossSite: CrossSiteSettings
  outbox: Outbox
  oauth2?: OAuth2Server | undefined
  hooksBefore: readonly HookBefore[]
  hooksAfter: readonly VerificationHook[]
  /** The change that a flow holds back. */
  awaitedChange(
    request: Request,
    flow: Flow,
    identity: IdentityWithCredentials,
    proven: { via: Via; address: string },
  ): Promise<AwaitedChange>
}

/** What of the configuration rules verifications. */
export function verificationSettings({ selfservice }: Pick<Config, 'selfservice'>): VerificationSettings {
  const { verification } = selfservice.flows
  return {
    enabled: verification.enabled,
    uiUrl: verification.ui_url,
    lifespanMicros: durationMicros(verification.lifespan),
    use: verification.use,
    returnUrlAfter: verification.after.default_browser_return_url ?? selfservice.default_browser_return_url,
    defaultReturnUrl: selfservice.default_browser_return_url,
  }
}
