import type { Config } from '../../config/schema.ts'
import type { Cipher, Sealer } from '../../crypto/cipher.ts'
import type { Db } from '../../db/db.ts'
import type { ContinuityDeps } from '../../flows/continuity.ts'
import type { Outbound } from '../../http/outbound.ts'
import { durationMicros } from '../../lib/duration.ts'
import type { Jsonnet } from '../../lib/jsonnet/jsonnet.ts'
import type { LoadSource } from '../../lib/source.ts'
import type { Clock } from '../../lib/clock.ts'
import type { FactorRules } from '../../sessions/assurance.ts'
import type { Flows } from './deps.ts'
import { createDocuments } from './documents.ts'
import { createMapper } from './mapper.ts'
import { providerKinds } from './providers/index.ts'
import type { OidcSettingsDeps } from './settings.ts'

export type OidcParts = {
  db: Db
  clock: Clock
  cipher: Cipher
  continuity: ContinuityDeps
  stateSealer: Sealer
  outbound: Outbound
  jsonnet: Jsonnet
  loadSource: LoadSource
  rules: FactorRules
  publicBaseUrl: string
  flows(): Flows
}

/** Social sign-in as the configuration wants it. */
export function createOidc(
  parts: OidcParts,
  { selfservice, feature_flags }: Pick<Config, 'selfservice' | 'feature_flags'>,
): OidcSettingsDeps {
  const { enabled, config } = selfservice.methods.oidc
  const tools = { outbound: parts.outbound, clock: parts.clock, documents: createDocuments(parts) }
  let flows: Flows | undefined
  return {
    ...parts,
    enabled,
    redirectBaseUrl: config.base_redirect_uri ?? parts.publicBaseUrl,
    providers: config.providers.map((provider) => providerKinds[provider.provider](provider, tools)),
    runMapper: createMapper(parts),
    legacyTraitGroup: feature_flags.legacy_oidc_registration_node_group,
    privilegedAgeMicros: durationMicros(selfservice.flows.settings.privileged_session_max_age),
    flows: () => (flows ??= parts.flows()),
  }
}
