import { isSealed } from '../crypto/vault.ts'
import type { Aal, Credential, Credentials, CredentialType } from '../identities/identity.ts'
import type { Json } from '../lib/json.ts'
import type { AuthenticationMethod } from './session.ts'

/** What of the configuration decides which credentials count. */
export type FactorRules = {
  codePasswordless: boolean
  codeMfa: boolean
  migrationHook: boolean
}

const rank: Record<Aal, number> = { aal0: 0, aal1: 1, aal2: 2 }

export const atLeast = (aal: Aal, required: Aal): boolean => rank[aal] >= rank[required]

/** The assurance level that completed factors add up to. A lone second factor or a recovery is `aal1`. */
export function sessionAal(methods: readonly AuthenticationMethod[]): Aal {
  if (methods.length === 0) return 'aal0'
  // Social sign-in that saw a second factor upstream counts as both.
  if (methods.some((m) => m.aal === 'aal2' && (m.method === 'oidc' || m.method === 'saml'))) return 'aal2'
  return methods.some((m) => m.aal === 'aal1') && methods.some((m) => m.aal === 'aal2') ? 'aal2' : 'aal1'
}

type Count = (credential: Credential, rules: FactorRules) => number
const none: Count = () => 0
const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])
const keys = (credential: Credential, passwordless: boolean): number =>
  list(credential.config.credentials).filter(
    (key) => Boolean((key as { is_passwordless?: boolean }).is_passwordless) === passwordless,
  ).length

/** How many usable first and second factors a credential holds. Types that are missing hold none. */
const factors: Partial<Record<CredentialType, { first: Count; second: Count }>> = {
  password: {
    first: ({ identifiers, config }, { migrationHook }) =>
      identifiers.some((i) => i !== '') &&
      (Boolean(config.hashed_password) || (migrationHook && config.use_password_migration_hook === true))
        ? 1
        : 0,
    second: none,
  },
  oidc: { first: ({ identifiers, config }) => linkedProviders(identifiers, config.providers).length, second: none },
  webauthn: { first: (c) => (c.identifiers.length > 0 ? keys(c, true) : 0), second: (c) => keys(c, false) },
  passkey: { first: (c) => (c.identifiers.length > 0 ? list(c.config.credentials).length : 0), second: none },
  code: { first: none, second: (c, { codeMfa }) => (codeMfa ? list(c.config.addresses).length : 0) },
  totp: { first: none, second: ({ config }) => (isOtpauthUrl(config.totp_url) ? 1 : 0) },
  lookup_secret: { first: none, second: ({ config }) => (list(config.recovery_codes).length > 0 ? 1 : 0) },
}

/** Whether this is, sealed or in clear, the address with which an authenticator app is set up. */
export const isOtpauthUrl = (value: Json | undefined): boolean =>
  typeof value === 'string' && (isSealed(value) || /^otpauth:\/\/totp\/.*[?&]secret=[A-Z2-7]/i.test(value))

/** The identifiers `<provider>:<subject>` that stand among the linked accounts too and belong to no organization. */
function linkedProviders(identifiers: readonly string[], providers: Json | undefined): string[] {
  const linked = list(providers) as { provider?: string; subject?: string; organization?: string }[]
  const usable = new Set(linked.filter((p) => !p.organization).map((p) => `${p.provider}:${p.subject}`))
  return identifiers.filter((identifier) => usable.has(identifier))
}

/** First factors of an identity. Sign-in by code counts for everybody as soon as it is on. */
export const countFirstFactors = (credentials: Credentials, rules: FactorRules): number =>
  sum(credentials, rules, 'first') + (rules.codePasswordless ? 1 : 0)

export const countSecondFactors = (credentials: Credentials, rules: FactorRules): number =>
  sum(credentials, rules, 'second')

function sum(credentials: Credentials, rules: FactorRules, which: 'first' | 'second'): number {
  return Object.values(credentials).reduce(
    (total, credential) => total + (factors[credential.type]?.[which](credential, rules) ?? 0),
    0,
  )
}

/** The first-factor credential types that an identity can really sign in with, by what it holds. */
export const usableFirstFactors = (credentials: Credentials, rules: FactorRules): CredentialType[] =>
  Object.values(credentials)
    .filter((credential) => (factors[credential.type]?.first(credential, rules) ?? 0) > 0)
    .map(({ type }) => type)

/** The highest level that an identity can reach. A second factor suffices for `aal2`, even without a first. */
export function availableAal(credentials: Credentials, rules: FactorRules): Aal {
  if (countSecondFactors(credentials, rules) > 0) return 'aal2'
  return countFirstFactors(credentials, rules) > 0 ? 'aal1' : 'aal0'
}
