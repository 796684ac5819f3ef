import type { Cipher, Sealer } from '../../crypto/cipher.ts'
import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import type { ContinuityDeps } from '../../flows/continuity.ts'
import type { LoginDeps } from '../../flows/login/deps.ts'
import type { RegistrationDeps } from '../../flows/registration/deps.ts'
import type { SettingsDeps } from '../../flows/settings/deps.ts'
import type { Clock } from '../../lib/clock.ts'
import type { RunMapper } from './mapper.ts'
import type { Provider } from './provider.ts'

/** The flows that people come back to; they know this method in turn, so they are asked for when they are needed. */
export type Flows = { login: LoginDeps; registration: RegistrationDeps; settings: SettingsDeps }

export type OidcDeps = {
  enabled: boolean
  db: Db
  clock: Clock
  cipher: Cipher
  continuity: ContinuityDeps
  /** Seals what providers are given to bring back. */
  stateSealer: Sealer
  publicBaseUrl: string
  /** What the addresses to come back to begin with. */
  redirectBaseUrl: string
  /** In the order of the configuration. */
  providers: readonly Provider[]
  runMapper: RunMapper
  /** Whether the traits of a form that lacks some stand in the group of this method. */
  legacyTraitGroup: boolean
  flows(): Flows
}

export const findProvider = ({ providers }: Pick<OidcDeps, 'providers'>, id: string): Provider | undefined =>
  providers.find(({ config }) => config.id === id)

/** @throws errors.notFound */
export function getProvider(deps: Pick<OidcDeps, 'providers'>, id: string): Provider {
  const provider = findProvider(deps, id)
  if (!provider) throw errors.notFound('There is no provider of that name here.')
  return provider
}

/** How people know a provider. */
export const labelOf = ({ config }: Provider): string => config.label || config.id
