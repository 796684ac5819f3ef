import type { Config } from '../../config/schema.ts'
import type { RelyingParty, UserVerification } from '../../crypto/webauthn.ts'
import { durationMicros } from '../../lib/duration.ts'
import type { Json } from '../../lib/json.ts'
import { microsPerMs } from '../../lib/clock.ts'

/** What of the configuration rules passkeys. */
export type PasskeySettings = {
  enabled: boolean
  party: RelyingParty
  userVerification: UserVerification
  /** What new keys have to be like. */
  selection: { [key: string]: Json }
  attestation: string
  /** How long a person has for each ceremony. */
  registrationTimeoutMs: number
  loginTimeoutMs: number
}

/** Without a configured relying party it is the host of the public address. */
export function passkeySettings(
  { enabled, config }: Config['selfservice']['methods']['passkey'],
  publicBaseUrl: string,
): PasskeySettings {
  const { protocol, hostname } = new URL(publicBaseUrl)
  const { attachment, resident_key: residentKey, user_verification: userVerification } = config.authenticator_selection
  const {
    id,
    display_name: name,
    origins,
  }: NonNullable<typeof config.rp> = config.rp ?? {
    id: hostname,
    display_name: hostname,
  }
  const usualMs = userVerification === 'discouraged' ? 120_000 : 300_000
  const timeout = (text: string | undefined) => (text === undefined ? usualMs : durationMicros(text) / microsPerMs)
  return {
    enabled,
    party: { id, name, origins: origins ?? [`${protocol}//${id}`] },
    userVerification,
    selection: {
      ...(attachment === undefined ? {} : { authenticatorAttachment: attachment }),
      requireResidentKey: residentKey === 'required',
      residentKey,
      userVerification,
    },
    attestation: config.attestation.preference,
    registrationTimeoutMs: Math.round(timeout(config.timeouts.registration)),
    loginTimeoutMs: Math.round(timeout(config.timeouts.login)),
  }
}
