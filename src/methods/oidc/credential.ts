import type { Cipher } from '../../crypto/cipher.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { linkIdentifier } from '../../identities/import.ts'
import { changedCredential } from '../../identities/update.ts'
import type { Micros } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import type { CompletedFactor } from '../../sessions/issue.ts'
import type { Claims } from './claims.ts'
import type { ProviderConfig, UpstreamTokens } from './provider.ts'

/** An account at a provider that an identity signs in with, as it is stored. The tokens are enciphered. */
export type Link = {
  subject: string
  provider: string
  initial_id_token: string
  initial_access_token: string
  initial_refresh_token: string
  organization?: string
  use_auto_link?: boolean
}

/** @param tokens of this sign-in; later ones do not replace them */
export const newLink = (
  { cipher }: { cipher: Cipher },
  { id, organization_id: organization }: ProviderConfig,
  { sub = '' }: Claims,
  { idToken, accessToken, refreshToken }: UpstreamTokens,
): Link => ({
  subject: sub,
  provider: id,
  initial_id_token: cipher.encrypt(idToken),
  initial_access_token: cipher.encrypt(accessToken),
  initial_refresh_token: cipher.encrypt(refreshToken),
  ...(organization ? { organization } : {}),
})

export const linksOf = ({ credentials }: IdentityWithCredentials): Link[] =>
  (credentials.oidc?.config['providers'] ?? []) as Link[]

/** The identifier under which an account at a provider is found: letters count as they are. */
export const identifierOf = (provider: string, subject: string): string => linkIdentifier({ provider, subject })

/** The identity with exactly these links. */
export function withLinks(
  identity: IdentityWithCredentials,
  links: readonly Link[],
  now: Micros,
): IdentityWithCredentials {
  const oidc = changedCredential(
    identity.credentials.oidc,
    {
      type: 'oidc',
      identifiers: links.map((link) => identifierOf(link.provider, link.subject)),
      config: { providers: links as unknown as Json[] },
      version: 0,
    },
    now,
  )
  return { ...identity, credentials: { ...identity.credentials, oidc } }
}

/** What a sign-in at a provider is worth. It counts as two factors where the provider says that it saw two. */
export function factorOf(
  { id, organization_id: organization, aal2_acr_values: acrs = [], aal2_amr_values: amrs = [] }: ProviderConfig,
  { acr, amr }: Claims,
): CompletedFactor {
  const isStrong = (acr !== undefined && acrs.includes(acr)) || (amr ?? []).some((method) => amrs.includes(method))
  return {
    method: 'oidc',
    aal: isStrong ? 'aal2' : 'aal1',
    provider: id,
    ...(organization ? { organization } : {}),
    ...(acr ? { upstreamAcr: acr } : {}),
    ...(amr && amr.length > 0 ? { upstreamAmr: amr } : {}),
  }
}
