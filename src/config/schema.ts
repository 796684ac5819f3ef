import { ciphers, hashers, secrets } from '../crypto/config.ts'
import { courier } from '../courier/config.ts'
import { error } from '../flows/error/config.ts'
import { login } from '../flows/login/config.ts'
import { logout } from '../flows/logout/config.ts'
import { recovery } from '../flows/recovery/config.ts'
import { registration } from '../flows/registration/config.ts'
import { settings } from '../flows/settings/config.ts'
import { verification } from '../flows/verification/config.ts'
import { hookPoints } from '../hooks/config.ts'
import { clients, cookies, serve } from '../http/config.ts'
import { enterprise, identity, security } from '../identities/config.ts'
import { type Finding, type Static, list, object, optional, uriReference } from '../lib/shape.ts'
import { code } from '../methods/code/config.ts'
import { link } from '../methods/link/config.ts'
import { lookupSecret } from '../methods/lookup-secret/config.ts'
import { b2b, oidc } from '../methods/oidc/config.ts'
import { passkey } from '../methods/passkey/config.ts'
import { password } from '../methods/password/config.ts'
import { profile } from '../methods/profile/config.ts'
import { totp } from '../methods/totp/config.ts'
import { webauthn } from '../methods/webauthn/config.ts'
import { database, featureFlags, general, log, oauth2Provider, tracing } from '../operations/config.ts'
import { pages } from '../pages/config.ts'
import { session } from '../sessions/config.ts'

const selfservice = object({
  default_browser_return_url: uriReference(),
  allowed_return_urls: list(uriReference(), { default: [] }),
  flows: object({
    login: object({ ...login, ...hookPoints.login }),
    registration: object({ ...registration, ...hookPoints.registration }),
    settings: object({ ...settings, ...hookPoints.settings }),
    verification: object({ ...verification, ...hookPoints.verification }),
    recovery: object({ ...recovery, ...hookPoints.recovery }),
    logout,
    error,
  }),
  methods: object({
    password,
    profile,
    code,
    link,
    totp,
    lookup_secret: lookupSecret,
    webauthn,
    passkey,
    oidc,
    b2b,
  }),
})

/** The configuration, in Kratos' own keys, and `pages`, which Kratos does not have. */
export const ConfigSchema = object(
  {
    ...general,
    serve,
    log,
    tracing,
    identity,
    secrets,
    hashers,
    ciphers,
    cookies,
    session,
    security,
    feature_flags: featureFlags,
    clients,
    courier,
    database,
    oauth2_provider: oauth2Provider,
    selfservice,
    pages,
    enterprise: optional(enterprise),
  },
  { rule: cipherSecret },
)

function cipherSecret({
  ciphers,
  secrets,
}: {
  ciphers: { algorithm: string }
  secrets: { cipher?: string[] }
}): Finding[] {
  if (ciphers.algorithm === 'noop' || secrets.cipher !== undefined) return []
  return [
    {
      at: ['secrets', 'cipher'],
      reason: `The algorithm ${ciphers.algorithm} needs a secret of its own.`,
      remedy: 'Add secrets.cipher with one text of exactly 32 characters.',
    },
  ]
}

/** The configuration as the server sees it: every default filled in, nested as in the file. */
export type Config = Static<typeof ConfigSchema>
