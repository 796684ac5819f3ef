import type { Vault } from '../crypto/vault.ts'
import type { Json } from '../lib/json.ts'
import { isOtpauthUrl } from '../sessions/assurance.ts'
import type { Credential, Credentials, CredentialType } from './identity.ts'

type Config = Record<string, Json>
type Change = (text: string) => string

/** Where credentials hold what a stolen database must not give away, by type. */
const places: Partial<Record<CredentialType, (config: Config, change: Change) => Config>> = {
  totp: (config, change) =>
    // What is no address of an authenticator app is of no use to anybody; it stays as it was imported.
    typeof config.totp_url === 'string' && isOtpauthUrl(config.totp_url)
      ? { ...config, totp_url: change(config.totp_url) }
      : config,
  lookup_secret: (config, change) =>
    Array.isArray(config.recovery_codes)
      ? { ...config, recovery_codes: config.recovery_codes.map((entry) => withCode(entry, change)) }
      : config,
}

function withCode(entry: Json, change: Change): Json {
  const { code, ...rest } = (entry ?? {}) as { [key: string]: Json }
  return typeof code === 'string' && code !== '' ? { code: change(code), ...rest } : entry
}

/** The config of a credential as it is stored. */
export const sealedConfig = ({ vault }: { vault: Vault }, type: CredentialType, config: Config): Config =>
  places[type]?.(config, vault.seal) ?? config

/** The config of a credential in clear. What no key opens any more stays as it is stored. */
export const openedConfig = (
  { vault }: { vault: Vault },
  { type, config }: Pick<Credential, 'type' | 'config'>,
): Config => places[type]?.(config, (text) => vault.open(text) ?? text) ?? config

/** Credentials as they are stored, with whatever came in clear sealed. */
export const sealedCredentials = (deps: { vault: Vault }, credentials: Credentials): Credentials =>
  Object.fromEntries(
    Object.values(credentials).map((credential) => [
      credential.type,
      { ...credential, config: sealedConfig(deps, credential.type, credential.config) },
    ]),
  )
