import type { Config } from '../../config/schema.ts'
import type { Outbound } from '../../http/outbound.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import type { Claims } from './claims.ts'
import type { Documents } from './documents.ts'

export type ProviderConfig = Config['selfservice']['methods']['oidc']['config']['providers'][number]

/** What providers do their work with. */
export type Tools = { outbound: Outbound; documents: Documents; clock: Clock }

/** What a browser takes along to a provider. */
export type Departure = {
  redirectUri: string
  state: string
  /** The challenge of PKCE. */
  challenge: string | undefined
  nonce: string | undefined
  /** Whether the person confirms a sign-in that they have. */
  refresh: boolean
  /** What the application asks of the provider, of the parameters that are passed on. */
  upstream: Readonly<Record<string, string>>
}

/** What a browser brings back, and what was kept for it. */
export type Return = {
  query: URLSearchParams
  redirectUri: string
  verifier: string | undefined
  nonce: string | undefined
  memo: string | undefined
  /** Who wants to know what happens on the way, if anybody does. */
  witness?: Witness | undefined
}

/** Is told what a provider gives before anybody judges it. */
export type Witness = {
  tokens(): void
  userinfo(said: Readonly<Record<string, Json>>): void
}

/** The provider's own tokens; empty texts where there is none. */
export type UpstreamTokens = { idToken: string; accessToken: string; refreshToken: string }

/** Somebody came back from a provider. `sub` and `iss` are among the claims. */
export type Arrival = { claims: Claims; tokens: UpstreamTokens }

/** One configured provider. */
export type Provider = {
  config: ProviderConfig
  /** Whether PKCE protects this sign-in. */
  usesPkce(): Promise<boolean>
  /** Whether it hands out an ID token, which can carry a nonce. */
  takesNonce: boolean
  /** Whether the address to come back to must not name the provider. */
  commonRedirect: boolean
  /**
   * Where the browser goes. `memo` is kept and handed back on its return.
   * @throws ApiError
   */
  authorize(departure: Departure): Promise<{ url: string; memo?: string }>
  /** @throws ApiError; those with status 400 are shown on the form */
  arrive(returned: Return): Promise<Arrival>
  /**
   * The claims of an ID token that an app got by itself. Undefined for providers whose tokens are not taken.
   * @throws errors.forbidden for one that does not hold
   */
  readNative?(token: string): Promise<{ claims: Claims; mayLackNonce: boolean }>
}

/** A kind of provider: a row of the table. */
export type ProviderKind = (config: ProviderConfig, tools: Tools) => Provider
