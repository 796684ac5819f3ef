import type { Clock } from '../lib/clock.ts'
import type { Db } from '../db/db.ts'
import type { Flow, FlowName, Ui } from '../flows/flow.ts'
import type { Forward } from '../flows/error/forward.ts'
import type { IdentitySchemas } from '../identities/schemas.ts'
import type { LoadSource } from '../lib/source.ts'
import type { Request } from '../http/types.ts'
import type { Authenticate } from '../sessions/authenticate.ts'
import type { FactorRules } from '../sessions/assurance.ts'
import type { RequiredAal } from '../sessions/requirement.ts'
import type { CsrfSettings } from '../http/csrf.ts'
import type { PageName } from './config.ts'
import type { Frame } from './layout.ts'

/**
 * Reads a flow for whoever asks, exactly as the API does.
 * @returns the flow, and its form with everything that is shown in it
 * @throws ApiError as the API route answers it
 */
export type ReadFlow = (request: Request, id: string) => Promise<{ flow: Flow; ui: Ui }>

export type PagesSettings = {
  enabled: boolean
  brand: { name: string; logo_url?: string | undefined; accent_color: string }
  links: Frame['links']
  theme_css?: string | undefined
}

export type PagesDeps = {
  db: Db
  clock: Clock
  authenticate: Authenticate
  forward: Forward
  schemas: IdentitySchemas
  rules: FactorRules
  loadSource: LoadSource
  csrf: CsrfSettings
  publicBaseUrl: string
  /** What a session needs so that a person may see their sessions. */
  requiredAal: RequiredAal
  settings: PagesSettings
  /** Where the configuration says that each page lives. Only those that live here are served. */
  uiUrls: Readonly<Record<PageName, string>>
  /** The flows that this server has. */
  readers: Readonly<Partial<Record<FlowName, ReadFlow>>>
  /** Where a form may lead in the end. */
  formTargets: readonly string[]
  /** What is switched on, so that pages link to it. */
  offers: { registration: boolean; recovery: boolean; verification: boolean; providers: boolean }
}

/** What the handlers of pages share. */
export type Site = PagesDeps & { frame: Frame }
