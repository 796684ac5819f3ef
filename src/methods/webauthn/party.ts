import type { Config } from '../../config/schema.ts'
import type { RelyingParty } from '../../crypto/webauthn.ts'

/** What of the configuration rules security keys. */
export type WebauthnSettings = {
  enabled: boolean
  /** Keys are first factors; otherwise second ones. */
  passwordless: boolean
  party: RelyingParty
}

/** Without a configured relying party it is the host of the public address. */
export function webauthnSettings(
  { enabled, config }: Config['selfservice']['methods']['webauthn'],
  publicBaseUrl: string,
): WebauthnSettings {
  const { protocol, hostname } = new URL(publicBaseUrl)
  const {
    id,
    display_name: name,
    origin,
    origins,
  }: NonNullable<NonNullable<typeof config>['rp']> = config?.rp ?? {
    id: hostname,
    display_name: hostname,
  }
  return {
    enabled,
    passwordless: config?.passwordless ?? false,
    party: { id, name, origins: origins ?? (origin === undefined ? [`${protocol}//${id}`] : [origin]) },
  }
}

/** How long a person has for the ceremony. */
export const timeoutMs = 120_000
