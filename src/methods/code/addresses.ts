import type { IdentityWithCredentials, Via } from '../../identities/identity.ts'

/** Where a code may be sent to. */
export type CodeAddress = { via: Via; address: string }

/** The addresses that an identity keeps for signing in by code. */
export function credentialAddresses({ credentials: { code } }: IdentityWithCredentials): CodeAddress[] {
  const stored = code?.config['addresses']
  if (!Array.isArray(stored)) return []
  return (stored as { address?: string; channel?: string }[]).flatMap(({ address, channel }) =>
    address ? [{ via: channel === 'sms' ? 'sms' : 'email', address }] : [],
  )
}

/**
 * The addresses to which an identity can have codes sent.
 * @param fallback whether those that it has for verification stand in where it keeps none for codes,
 *   `missing_credential_fallback_enabled`
 */
export function codeAddressesOf(identity: IdentityWithCredentials, { fallback }: { fallback: boolean }): CodeAddress[] {
  const kept = credentialAddresses(identity)
  return kept.length > 0 || !fallback
    ? kept
    : identity.verifiableAddresses.map(({ via, value }) => ({ via, address: value }))
}

export const isSameAddress =
  (one: CodeAddress) =>
  (other: CodeAddress): boolean =>
    one.via === other.via && one.address === other.address
