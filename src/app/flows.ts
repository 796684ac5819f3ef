import type { Config } from '../config/schema.ts'
import { loginSettings } from '../flows/login/deps.ts'
import { loginRoutes } from '../flows/login/routes.ts'
import { recoverySettings, type RecoveryDeps } from '../flows/recovery/deps.ts'
import { registrationRoutes } from '../flows/registration/routes.ts'
import { settingsRoutes } from '../flows/settings/routes.ts'
import { verificationSettings, type VerificationDeps, type VerificationStartDeps } from '../flows/verification/deps.ts'
import { durationMicros } from '../lib/duration.ts'
import { hooksBefore } from '../hooks/before.ts'
import { hooksAfterLogin } from '../hooks/login.ts'
import { hooksAfterRecovery } from '../hooks/recovery.ts'
import { afterSettings } from '../hooks/settings.ts'
import { verificationAfterRegistration } from '../hooks/verification.ts'
import { awaitedChange } from '../hooks/verify-new-address.ts'
import { afterRegistration } from '../hooks/registration.ts'
import { hooksAfterVerification } from '../hooks/web-hook/flows.ts'
import { loginMethods } from '../methods/login.ts'
import { lookupSecretSettings } from '../methods/lookup-secret/settings.ts'
import { codeRecovery } from '../methods/code/recovery.ts'
import { useUpCodesOf } from '../methods/code/store.ts'
import { codeVerification } from '../methods/code/verification.ts'
import { linkRecovery } from '../methods/link/recovery.ts'
import { useUpLinkTokensOf } from '../methods/link/store.ts'
import { linkVerification } from '../methods/link/verification.ts'
import { createCodeKeys } from '../methods/code/codes.ts'
import { codeRegistration } from '../methods/code/registration.ts'
import { oidcRegistration } from '../methods/oidc/registration.ts'
import { oidcSettings } from '../methods/oidc/settings.ts'
import { passwordMigration } from '../methods/password/migration.ts'
import { breachCheck } from '../methods/password/policy.ts'
import { passwordRegistration } from '../methods/password/registration.ts'
import { passwordSettings } from '../methods/password/settings.ts'
import { passkeySettings } from '../methods/passkey/party.ts'
import { passkeyRegistration } from '../methods/passkey/registration.ts'
import { passkeySettingsMethod } from '../methods/passkey/settings.ts'
import { profileRegistration } from '../methods/profile/registration.ts'
import { profileSettings } from '../methods/profile/settings.ts'
import { totpSettings } from '../methods/totp/settings.ts'
import { webauthnSettings } from '../methods/webauthn/party.ts'
import { webauthnRegistration } from '../methods/webauthn/registration.ts'
import { helperScript } from '../methods/webauthn/script.ts'
import { webauthnSettingsMethod } from '../methods/webauthn/settings.ts'
import { type Parts } from './parts.ts'

/** What a password has to be like that somebody chooses. */
function newPasswordRules({ config, outbound }: Parts) {
  const password = config.selfservice.methods.password.config
  return {
    policy: { minLength: password.min_password_length, similarityCheck: password.identifier_similarity_check_enabled },
    breached: password.haveibeenpwned_enabled
      ? breachCheck({
          outbound,
          host: password.haveibeenpwned_host,
          maxBreaches: password.max_breaches,
          ignoreNetworkErrors: password.ignore_network_errors,
        })
      : undefined,
  }
}

/** How codes are made, how long they are good, and how often one may be wrong. */
export const codeParts = ({ secrets, selfservice, clients }: Config) => ({
  codeKeys: createCodeKeys(secrets.cookie),
  codeLifespanMicros: durationMicros(selfservice.methods.code.config.lifespan),
  maxSubmissions: selfservice.methods.code.config.max_submissions,
  headerAllowlist: clients.web_hook.header_allowlist,
})

/** The login flow and its methods, from their part of the configuration. */
export function loginDeps(parts: Parts): Parameters<typeof loginRoutes>[0] {
  const { config, log, normalisers, publicBaseUrl } = parts
  const onRehashFailure = (error: unknown) => log.warn({ error }, 'A password hash could not be renewed.')
  return {
    ...parts,
    settings: loginSettings(config),
    methods: loginMethods(
      {
        ...parts,
        normalise: normalisers.normaliseGracefully,
        onRehashFailure,
        migration: passwordMigration(parts, config.selfservice.methods.password.config.migrate_hook),
        script: helperScript(publicBaseUrl),
        loginUiUrl: config.selfservice.flows.login.ui_url,
      },
      config,
    ),
    hooksBefore: hooksBefore(parts, config, 'login'),
    hooksAfter: hooksAfterLogin(hookDeps(parts), config),
  }
}

/** The registration flow and its methods, from their part of the configuration. */
export function registrationDeps(parts: Parts): Parameters<typeof registrationRoutes>[0] {
  const { config, db, hashing, publicBaseUrl } = parts
  const script = helperScript(publicBaseUrl)
  const { flows, methods, default_browser_return_url: defaultReturnUrl } = config.selfservice
  const {
    enabled,
    enable_legacy_one_step: oneStep,
    style,
    ui_url: uiUrl,
    lifespan,
    login_hints: loginHints,
  } = flows.registration
  const steps = oneStep || style === 'unified' ? 'one-step' : 'two-steps'
  return {
    ...parts,
    enabled,
    style: steps,
    uiUrl,
    lifespanMicros: durationMicros(lifespan),
    loginHints,
    defaultReturnUrl,
    methods: [
      profileRegistration(),
      passwordRegistration({ enabled: methods.password.enabled, hashing, ...newPasswordRules(parts) }),
      codeRegistration(parts, {
        enabled: methods.code.enabled,
        passwordless: methods.code.passwordless_enabled,
        style: steps,
      }),
      oidcRegistration(parts.oidc),
      passkeyRegistration({ db, script }, passkeySettings(methods.passkey, publicBaseUrl)),
      webauthnRegistration({ db, script }, webauthnSettings(methods.webauthn, publicBaseUrl)),
    ],
    hooksBefore: hooksBefore(parts, config, 'registration'),
    after: afterRegistration(
      parts,
      config.selfservice,
      config.selfservice.flows.verification.enabled ? [verificationAfterRegistration(hookDeps(parts))] : [],
    ),
  }
}

/** Recovery by code, from its part of the configuration. */
export function codeRecoveryParts({ config, normalisers, ...parts }: Parts) {
  const { recovery } = config.selfservice.flows
  return {
    ...parts,
    normalise: normalisers.normaliseGracefully,
    enabled: config.selfservice.methods.code.enabled,
    choosesAddress: config.feature_flags.choose_recovery_address,
    use: recovery.use,
    notifyUnknown: recovery.notify_unknown_recipients,
    recoveryUiUrl: recovery.ui_url,
  }
}

/** Links, from their part of the configuration. */
export function linkParts({ config, normalisers, ...parts }: Parts) {
  const { link } = config.selfservice.methods
  return {
    ...parts,
    normalise: normalisers.normaliseGracefully,
    enabled: link.enabled,
    linkLifespanMicros: durationMicros(link.config.lifespan),
    notifyUnknown: config.selfservice.flows.recovery.notify_unknown_recipients,
    defaultReturnUrl: config.selfservice.default_browser_return_url,
  }
}

/** The recovery flow and its methods, from their part of the configuration. */
export const recoveryDeps = (parts: Parts): RecoveryDeps => ({
  ...parts,
  settings: recoverySettings(parts.config),
  methods: [codeRecovery(codeRecoveryParts(parts)), linkRecovery(linkParts(parts))],
  hooksBefore: hooksBefore(parts, parts.config, 'recovery'),
  hooksAfter: hooksAfterRecovery(parts, parts.config),
  settingsFlow: settingsDeps(parts),
})

/** What it takes to begin a verification, here or on behalf of another flow. */
function verificationStart(parts: Parts): VerificationStartDeps {
  const { config, normalisers } = parts
  const { code } = config.selfservice.methods
  const { use, notify_unknown_recipients: notifyUnknown } = config.selfservice.flows.verification
  return {
    ...parts,
    settings: verificationSettings(config),
    methods: [
      codeVerification({
        ...parts,
        normalise: normalisers.normaliseGracefully,
        enabled: code.enabled,
        use,
        hasTextMessages: config.courier.channels.some(({ id }) => id === 'sms'),
        notifyUnknown,
      }),
      linkVerification({ ...linkParts(parts), use, notifyUnknown }),
    ],
  }
}

/** What the hooks need of the configuration. */
function hookDeps(parts: Parts) {
  const { feature_flags } = parts.config
  return {
    ...parts,
    verification: verificationStart(parts),
    verifiesAll: feature_flags.legacy_continue_with_verification_ui,
    saysSoOnForm: feature_flags.legacy_require_verified_login_error,
    onFailure: (error: unknown) => parts.log.error({ error }, 'A notice about a change could not be sent.'),
  }
}

/** The verification flow and its methods, from their part of the configuration. */
export const verificationDeps = (parts: Parts): VerificationDeps => ({
  ...parts,
  ...verificationStart(parts),
  hooksBefore: hooksBefore(parts, parts.config, 'verification'),
  hooksAfter: hooksAfterVerification(parts, parts.config.selfservice.flows.verification.after.hooks),
  awaitedChange: awaitedChange({ ...parts, afterProfile: settingsDeps(parts).after('profile').run }),
})

/** The settings flow and its methods, from their part of the configuration. */
export function settingsDeps(parts: Parts): Parameters<typeof settingsRoutes>[0] {
  const { config, hashing, publicBaseUrl } = parts
  const { flows, methods } = config.selfservice
  const privilegedAgeMicros = durationMicros(flows.settings.privileged_session_max_age)
  const keyDeps = { ...parts, script: helperScript(publicBaseUrl), privilegedAgeMicros }
  return {
    ...parts,
    uiUrl: flows.settings.ui_url,
    loginUiUrl: flows.login.ui_url,
    defaultReturnUrl: config.selfservice.default_browser_return_url,
    lifespanMicros: durationMicros(flows.settings.lifespan),
    requiredAal: flows.settings.required_aal,
    privilegedAgeMicros,
    hooksBefore: hooksBefore(parts, config, 'settings'),
    organizations: methods.b2b.config.organizations.map(({ id, domains }) => ({
      id: id ?? '',
      domains: domains ?? [],
    })),
    methods: [
      profileSettings({ ...parts, enabled: methods.profile.enabled, privilegedAgeMicros }),
      passwordSettings({
        ...parts,
        enabled: methods.password.enabled,
        hashing,
        ...newPasswordRules(parts),
        privilegedAgeMicros,
        useUpSent: (identityId, now) => [
          useUpCodesOf(identityId, 'recovery', now),
          useUpCodesOf(identityId, 'login', now),
          useUpLinkTokensOf(identityId, 'recovery', now),
        ],
      }),
      oidcSettings(parts.oidc),
      totpSettings({
        ...parts,
        enabled: methods.totp.enabled,
        issuer: methods.totp.config.issuer ?? '',
        privilegedAgeMicros,
      }),
      passkeySettingsMethod(keyDeps, passkeySettings(methods.passkey, publicBaseUrl)),
      webauthnSettingsMethod(keyDeps, webauthnSettings(methods.webauthn, publicBaseUrl)),
      lookupSecretSettings({ ...parts, enabled: methods.lookup_secret.enabled, privilegedAgeMicros }),
    ],
    after: afterSettings(hookDeps(parts), config),
  }
}
