import type { Config } from '../config/schema.ts'
import type { LoginMethod } from '../flows/login/method.ts'
import { codeLogin, type CodeLoginDeps } from './code/login.ts'
import { identifierFirstLogin, type IdentifierFirstDeps } from './identifier-first/login.ts'
import { lookupSecretLogin, type LookupLoginDeps } from './lookup-secret/login.ts'
import type { OidcDeps } from './oidc/deps.ts'
import { oidcLogin } from './oidc/login.ts'
import { passkeyLogin, type PasskeyLoginDeps } from './passkey/login.ts'
import { passkeySettings } from './passkey/party.ts'
import { passwordLogin, type PasswordLoginDeps } from './password/login.ts'
import { totpLogin, type TotpLoginDeps } from './totp/login.ts'
import { webauthnLogin, type WebauthnLoginDeps } from './webauthn/login.ts'
import { webauthnSettings } from './webauthn/party.ts'

export type LoginMethodDeps = PasswordLoginDeps &
  CodeLoginDeps &
  TotpLoginDeps &
  LookupLoginDeps &
  PasskeyLoginDeps &
  WebauthnLoginDeps &
  Omit<IdentifierFirstDeps, 'mitigateEnumeration'> & { publicBaseUrl: string; oidc: OidcDeps }

/** TABLE of the ways to sign in, in the order in which they are asked whether a submission is theirs. */
export const loginMethods = (
  deps: LoginMethodDeps,
  { selfservice, security, feature_flags }: Pick<Config, 'selfservice' | 'security' | 'feature_flags'>,
): LoginMethod[] => [
  passwordLogin(deps, { enabled: selfservice.methods.password.enabled }),
  oidcLogin(deps.oidc),
  codeLogin(deps, {
    passwordless: selfservice.methods.code.passwordless_enabled,
    mfa: selfservice.methods.code.mfa_enabled,
    fallback: selfservice.methods.code.config.missing_credential_fallback_enabled,
    choosesAddress: feature_flags.refresh_login_choose_address,
    mitigateEnumeration: security.account_enumeration.mitigate,
  }),
  totpLogin(deps, { enabled: selfservice.methods.totp.enabled }),
  passkeyLogin(deps, passkeySettings(selfservice.methods.passkey, deps.publicBaseUrl)),
  webauthnLogin(deps, webauthnSettings(selfservice.methods.webauthn, deps.publicBaseUrl)),
  lookupSecretLogin(deps, { enabled: selfservice.methods.lookup_secret.enabled }),
  ...(selfservice.flows.login.style === 'identifier_first'
    ? [identifierFirstLogin({ ...deps, mitigateEnumeration: security.account_enumeration.mitigate })]
    : []),
]
