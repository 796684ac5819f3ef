import { readFile } from 'node:fs/promises'
import { lastingSecrets } from './config/derive.ts'
import { ConfigurationError } from './config/problem.ts'
import type { Config } from './config/schema.ts'
import { createCourier, type Courier } from './courier/courier.ts'
import { mailboxRoutes } from './courier/mailbox/routes.ts'
import { courierRoutes } from './courier/routes.ts'
import { createCipher, createSealer } from './crypto/cipher.ts'
import { createVault } from './crypto/vault.ts'
import { createHashing } from './crypto/hashers/hashing.ts'
import { connect } from './db/connect.ts'
import type { Db } from './db/db.ts'
import { migrateUp } from './db/migrate.ts'
import type { CrossSiteSettings } from './flows/cross-site.ts'
import type { ContinuityDeps } from './flows/continuity.ts'
import type { Flow } from './flows/flow.ts'
import { errors } from './errors.ts'
import { createForward } from './flows/error/forward.ts'
import { errorRoutes } from './flows/error/routes.ts'
import { loginSettings } from './flows/login/deps.ts'
import { loginRoutes } from './flows/login/routes.ts'
import { logoutRoutes, logoutSettings } from './flows/logout/routes.ts'
import { recoverySettings, type RecoveryDeps } from './flows/recovery/deps.ts'
import { isFromOperator, recoveryRoutes } from './flows/recovery/routes.ts'
import { registrationRoutes } from './flows/registration/routes.ts'
import { oauth2Server } from './flows/oauth2.ts'
import { readFlow } from './flows/read.ts'
import { getSettings } from './flows/settings/read.ts'
import { settingsRoutes } from './flows/settings/routes.ts'
import { settingsView } from './flows/settings/view.ts'
import { findFlow } from './flows/store.ts'
import { verificationSettings, type VerificationDeps, type VerificationStartDeps } from './flows/verification/deps.ts'
import { verificationRoutes } from './flows/verification/routes.ts'
import { loginFlow, registrationFlow } from './flows/wire.ts'
import { createCors } from './http/cors.ts'
import { csrfCookieName, type CsrfSettings } from './http/csrf.ts'
import { createOutbound } from './http/outbound.ts'
import { redirectsToAdmin, redirectsToPublic } from './http/port-redirects.ts'
import { createAdminPort, createPublicPort, type Port } from './http/ports.ts'
import { createReturnTo } from './http/return-to.ts'
import { listen, type ListenSettings, type ResponseNote } from './http/server.ts'
import type { Request, Route } from './http/types.ts'
import * as normalisers from './identities/normalise.ts'
import { identityRoutes } from './identities/routes.ts'
import { schemaRoutes } from './identities/schema/routes.ts'
import { createSchemaSources } from './identities/schema-source.ts'
import { checkIdentitySchemaAtStart } from './identities/schema/start-check.ts'
import { createIdentitySchemas, type IdentitySchemas } from './identities/schemas.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { durationMicros } from './lib/duration.ts'
import { createTurns } from './lib/turns.ts'
import { createJsonnet } from './lib/jsonnet/jsonnet.ts'
import { createSourceLoader } from './lib/source.ts'
import type { Logger } from './operations/log.ts'
import { adminSessionRoutes } from './sessions/admin-routes.ts'
import type { LifespanOf } from './sessions/issue.ts'
import { sessionRoutes } from './sessions/routes.ts'
import { createTokenizer } from './sessions/tokenize.ts'
import { hooksBefore } from './hooks/before.ts'
import { hooksAfterLogin } from './hooks/login.ts'
import { hooksAfterRecovery } from './hooks/recovery.ts'
import { afterSettings } from './hooks/settings.ts'
import { verificationAfterRegistration } from './hooks/verification.ts'
import { awaitedChange } from './hooks/verify-new-address.ts'
import { afterRegistration } from './hooks/registration.ts'
import { hooksAfterVerification } from './hooks/web-hook/flows.ts'
import { createWebHooks } from './hooks/web-hook/web-hook.ts'
import { loginMethods } from './methods/login.ts'
import { lookupSecretSettings } from './methods/lookup-secret/settings.ts'
import { codeRecovery } from './methods/code/recovery.ts'
import { codeAdminRoutes } from './methods/code/routes.ts'
import { codeVerification } from './methods/code/verification.ts'
import { linkRecovery } from './methods/link/recovery.ts'
import { linkAdminRoutes } from './methods/link/routes.ts'
import { linkVerification } from './methods/link/verification.ts'
import { createCodeKeys } from './methods/code/codes.ts'
import { codeRegistration } from './methods/code/registration.ts'
import { createOidc } from './methods/oidc/create.ts'
import type { Flows } from './methods/oidc/deps.ts'
import { oidcRegistration } from './methods/oidc/registration.ts'
import { oidcRoutes } from './methods/oidc/routes.ts'
import { oidcSettings } from './methods/oidc/settings.ts'
import { testLoginAdminRoutes, testLoginRoutes } from './methods/oidc/test-login/routes.ts'
import { passwordMigration } from './methods/password/migration.ts'
import { breachCheck } from './methods/password/policy.ts'
import { passwordRegistration } from './methods/password/registration.ts'
import { passwordSettings } from './methods/password/settings.ts'
import { passkeySettings } from './methods/passkey/party.ts'
import { passkeyRegistration } from './methods/passkey/registration.ts'
import { passkeySettingsMethod } from './methods/passkey/settings.ts'
import { profileRegistration } from './methods/profile/registration.ts'
import { profileSettings } from './methods/profile/settings.ts'
import { totpSettings } from './methods/totp/settings.ts'
import { webauthnSettings } from './methods/webauthn/party.ts'
import { webauthnRegistration } from './methods/webauthn/registration.ts'
import { webauthnRoutes } from './methods/webauthn/routes.ts'
import { helperScript } from './methods/webauthn/script.ts'
import { webauthnSettingsMethod } from './methods/webauthn/settings.ts'
import { ownPages } from './pages/config.ts'
import { returnUrlsIn } from './pages/policy.ts'
import { createPages } from './pages/routes.ts'
import { createHousekeeping, housekeepingSettings } from './operations/housekeeping.ts'
import { createMetrics, type Metrics } from './operations/metrics.ts'
import { openApiRoute } from './operations/openapi.ts'
import { healthRoutes, operationsRoutes } from './operations/routes.ts'
import type { Tracing } from './operations/tracing/tracing.ts'
import type { App, AppOptions } from './serve.ts'
import type { FactorRules } from './sessions/assurance.ts'
import { createAuthenticate } from './sessions/authenticate.ts'
import { createSessionCookies } from './sessions/cookie.ts'
import { buildInfo } from './version.ts'

/** What outlives a change of the configuration. */
type Lasting = {
  db: Db
  clock: Clock
  log: Logger
  metrics: Metrics
  devMailbox: boolean
  outbound: AppOptions['outbound']
  tracing: Tracing | undefined
}

/** The parts that features are made of, for one configuration. */
export type Parts = ReturnType<typeof createParts>

/** Starts both ports. @throws ConfigurationError when the configuration names something that cannot be used */
export async function startApp({
  config,
  configHash,
  log,
  clock = systemClock(),
  outbound,
  devMailbox = false,
}: AppOptions): Promise<App> {
  const tracing = await tracingOf(config, log)
  const connected = await connectPatiently(config, log)
  const db = tracing?.db(connected) ?? connected
  // A database that lives as long as the process, or a developer's, is prepared without being asked.
  if (config.dev || config.dsn === 'memory') await migrateUp(db, clock)
  const lasting: Lasting = { db, clock, log, metrics: createMetrics(buildInfo()), devMailbox, outbound, tracing }

  let current = createParts(config, lasting)
  await checkIdentitySchemas(config, current.schemas)
  await checkTemplates(current.courier)
  const ports = createPorts(current, configHash, await preparedPages(current))
  const onResponse = (note: ResponseNote) => {
    lasting.metrics.record(note)
    logResponse(log, current.config, note)
  }
  const [publicTls, adminTls] = await Promise.all([tlsOf(config, 'public'), tlsOf(config, 'admin')])
  const publicListener = await listen(
    { ...listenSettings(config.serve.public), tls: publicTls, requestTimeoutMs: 15_000 },
    ports.public,
    onResponse,
  )
  const adminListener = await listen(
    { ...listenSettings(config.serve.admin), tls: adminTls, requestTimeoutMs: 30_000 },
    ports.admin,
    onResponse,
  )
  if (config['watch-courier']) current.courier.start()
  current.housekeeping.start()

  return {
    publicUrl: config.serve.public.base_url,
    adminUrl: config.serve.admin.base_url,
    async reload(fresh, hash) {
      const next = createParts(fresh, lasting)
      await checkIdentitySchemas(fresh, next.schemas)
      await checkTemplates(next.courier)
      const nextPorts = createPorts(next, hash, await preparedPages(next))
      publicListener.use(nextPorts.public)
      adminListener.use(nextPorts.admin)
      const previous = current
      current = next
      if (fresh['watch-courier']) next.courier.start()
      void previous.courier.stop()
      next.housekeeping.start()
      void previous.housekeeping.stop()
      // Requests that began with the old parts may still use them.
      setTimeout(() => void previous.close(), 60_000).unref()
    },
    async close() {
      await Promise.all([publicListener.close(), adminListener.close()] satisfies Promise<void>[])
      await current.close()
      await db.close()
      await tracing?.close()
    },
  }
}

function createParts(config: Config, lasting: Lasting) {
  const { db, clock, log, tracing } = lasting
  const { public: publicServe, admin: adminServe } = config.serve
  const publicBaseUrl = publicServe.base_url
  const csrf: CsrfSettings = {
    name: csrfCookieName(publicBaseUrl),
    path: config.cookies.path,
    domain: config.cookies.domain,
    secure: config.cookies.secure === 'true',
    sameSite: config.cookies.same_site,
  }
  const crossSite: CrossSiteSettings = {
    csrf,
    relaxNative: config.dev && process.env.DEV_DISABLE_API_FLOW_ENFORCEMENT === 'true',
  }
  const cookieSettings = config.session.cookie
  const cookieName = cookieSettings.name
  const cookies = createSessionCookies({
    settings: {
      name: cookieName,
      path: cookieSettings.path,
      domain: cookieSettings.domain,
      secure: cookieSettings.secure === 'true',
      sameSite: cookieSettings.same_site,
      persistent: cookieSettings.persistent,
      lifespanMicros: durationMicros(config.session.lifespan),
    },
    sealer: createSealer(config.secrets.cookie, `session cookie ${cookieName}`),
    clock,
  })
  const continuity: ContinuityDeps = {
    db,
    clock,
    cookieSealer: createSealer(config.secrets.cookie, 'continuity cookie'),
    payloadSealer: createSealer(config.secrets.cookie, 'continuity payload'),
    secure: csrf.secure,
  }
  const { disallow_private_ip_ranges, private_ip_exception_urls } = config.clients.http
  const untraced =
    lasting.outbound ??
    createOutbound({
      disallowPrivateRanges: disallow_private_ip_ranges,
      exceptionUrls: private_ip_exception_urls,
    })
  const outbound = tracing?.outbound(untraced) ?? untraced
  const loadSource = createSourceLoader({ outbound })
  const schemas = createIdentitySchemas({
    schemas: config.identity.schemas,
    defaultId: config.identity.default_schema_id,
    sources: createSchemaSources({ schemas: config.identity.schemas, loadSource, clock }),
    loadRef: loadSource,
    disallowRefs: config.security.disallow_ref_in_identity_schemas,
  })
  const onFailure = (request: Request, error: unknown) =>
    log.error(
      { error, method: request.method, path: request.path, request_id: request.headers['x-request-id'] },
      'A request failed.',
    )
  const jsonnet = createJsonnet({})
  const courier = createCourier({
    db,
    clock,
    log,
    outbound,
    loadSource,
    jsonnet,
    config: config.courier,
    publicBaseUrl,
    disallowPrivateSmtp: config.clients.smtp.disallow_private_ip_ranges,
  })
  const webHooks = createWebHooks({
    outbound,
    jsonnet,
    loadSource,
    clock,
    log,
    schemas,
    normalisers,
    publicBaseUrl,
    headerAllowlist: config.clients.web_hook.header_allowlist,
  })
  const rules: FactorRules = {
    codePasswordless: config.selfservice.methods.code.passwordless_enabled,
    codeMfa: config.selfservice.methods.code.mfa_enabled,
    migrationHook: config.selfservice.methods.password.config.migrate_hook.enabled,
  }
  const hashing = createHashing({
    config: config.hashers,
    dev: config.dev,
    maxWaiting: config.hashers.max_waiting,
  })
  const cipher = createCipher({ algorithm: config.ciphers.algorithm, secrets: config.secrets.cipher ?? [] })
  const parts = {
    ...lasting,
    config,
    publicBaseUrl,
    adminBaseUrl: adminServe.base_url,
    crossSite,
    continuity,
    cookies,
    authenticate: createAuthenticate({ db, clock, cookies }),
    outbound,
    loadSource,
    courier,
    outbox: courier,
    webHooks,
    ...codeParts(config),
    housekeeping: createHousekeeping({ db, clock, log, settings: housekeepingSettings(config.database) }),
    schemas,
    normalisers,
    rules,
    lifespanOf: lifespans(config),
    oauth2: oauth2Server({ db, outbound, rules }, config),
    jsonnet,
    turns: createTurns(),
    hashing: tracing?.hashing(hashing) ?? hashing,
    vault: createVault([...(config.secrets.cipher ?? []), ...lastingSecrets(config.secrets.default ?? [])]),
    cipher,
    oidc: createOidc(
      {
        db,
        clock,
        cipher,
        continuity,
        stateSealer: createSealer(config.secrets.cookie, 'state of social sign-in'),
        outbound,
        jsonnet,
        loadSource,
        rules,
        publicBaseUrl,
        flows: (): Flows => ({
          login: loginDeps(parts),
          registration: registrationDeps(parts),
          settings: settingsDeps(parts),
        }),
      },
      config,
    ),
    onFailure,
    forward: createForward({ db, clock, errorUiUrl: config.selfservice.flows.error.ui_url, onFailure }),
    returnTo: createReturnTo({
      allowed: [
        ...config.selfservice.allowed_return_urls,
        ...ownPages(config.selfservice.flows, config.pages, publicBaseUrl),
      ],
      publicBaseUrl,
      warn: (text) => log.warn(text),
    }),
    async close() {
      await Promise.all([courier.stop(), webHooks.close(), parts.housekeeping.stop()])
      await jsonnet.close()
      await outbound.close()
    },
  }
  return parts
}

function createPorts(parts: Parts, configHash: string, pageRoutes: readonly Route[]): { public: Port; admin: Port } {
  const { config, db, metrics, onFailure, publicBaseUrl, adminBaseUrl, tracing } = parts
  const { cors } = config.serve.public
  const sessions = sessionDeps(parts)
  const { version } = buildInfo()
  const publicRoutes = [
    ...healthRoutes({ db }, ''),
    ...errorRoutes(parts),
    ...registrationRoutes(registrationDeps(parts)),
    ...loginRoutes(loginDeps(parts)),
    ...logoutRoutes({ ...parts, settings: logoutSettings(config) }),
    ...settingsRoutes(settingsDeps(parts)),
    ...recoveryRoutes(recoveryDeps(parts)),
    ...verificationRoutes(verificationDeps(parts)),
    ...webauthnRoutes(),
    ...oidcRoutes(parts.oidc),
    ...testLoginRoutes(parts.oidc),
    ...schemaRoutes(parts),
    ...sessionRoutes(sessions),
    ...pageRoutes,
    ...(parts.devMailbox ? mailboxRoutes(parts) : []),
    ...redirectsToAdmin(adminBaseUrl),
  ]
  const adminRoutes: Route[] = [
    ...healthRoutes({ db }, '/admin'),
    ...operationsRoutes({ db, metrics, version, revision: config.revision ?? configHash }),
    ...identityRoutes(parts),
    ...adminSessionRoutes(sessions),
    ...codeAdminRoutes(codeRecoveryParts(parts)),
    ...linkAdminRoutes(linkParts(parts)),
    ...testLoginAdminRoutes(parts.oidc),
    ...courierRoutes({ ...parts, sealer: messagePageSealer(config), dev: config.dev }),
    openApiRoute({
      version,
      ports: () => ({
        public: { url: publicBaseUrl, routes: publicRoutes },
        admin: { url: adminBaseUrl, routes: adminRoutes },
      }),
    }),
    ...redirectsToPublic(publicBaseUrl),
  ]
  const ports = {
    public: createPublicPort({
      routes: publicRoutes,
      basePath: pathOf(publicBaseUrl),
      csrf: parts.crossSite.csrf,
      onFailure,
      cors: cors.enabled
        ? createCors({
            allowedOrigins: cors.allowed_origins,
            allowedMethods: cors.allowed_methods,
            allowedHeaders: cors.allowed_headers,
            exposedHeaders: cors.exposed_headers,
            allowCredentials: cors.allow_credentials,
            optionsPassthrough: cors.options_passthrough,
            maxAgeSeconds: cors.max_age,
            legacyWildcards: config.feature_flags.legacy_allow_insecure_origins,
          })
        : undefined,
    }),
    admin: createAdminPort({ routes: adminRoutes, onFailure }),
  }
  return tracing ? { public: tracing.port(ports.public), admin: tracing.port(ports.admin) } : ports
}

/** What the sessions API needs of the configuration. */
function sessionDeps(parts: Parts): Parameters<typeof sessionRoutes>[0] & Parameters<typeof adminSessionRoutes>[0] {
  const { config, db, publicBaseUrl } = parts
  const { whoami, earliest_possible_extend } = config.session
  const { cacheable_sessions, cacheable_sessions_max_age, faster_session_extend } = config.feature_flags
  return {
    ...parts,
    tokenizer: createTokenizer({ ...parts, templates: whoami.tokenizer.templates, issuer: publicBaseUrl }),
    requiredAal: whoami.required_aal,
    cacheable: {
      enabled: cacheable_sessions,
      maxAgeMicros: cacheable_sessions_max_age === undefined ? undefined : durationMicros(cacheable_sessions_max_age),
    },
    earliestPossibleExtendMicros: durationMicros(earliest_possible_extend),
    fasterExtend: faster_session_extend,
    async showFlow(id) {
      const login = await findFlow(db, 'login', id)
      if (login) return loginFlow(login)
      const registration = await findFlow(db, 'registration', id)
      return registration && registrationFlow(registration)
    },
  }
}

/** How long sessions last: as long as the person's organization says, else as everywhere. */
function lifespans({ session, selfservice }: Config): LifespanOf {
  const general = durationMicros(session.lifespan)
  const own = new Map<string | undefined, number>()
  for (const { id, session_lifespan } of selfservice.methods.b2b.config.organizations)
    if (session_lifespan !== undefined) own.set(id, durationMicros(session_lifespan))
  return ({ organizationId }) => (organizationId === null ? general : (own.get(organizationId) ?? general))
}

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
const codeParts = ({ secrets, selfservice, clients }: Config) => ({
  codeKeys: createCodeKeys(secrets.cookie),
  codeLifespanMicros: durationMicros(selfservice.methods.code.config.lifespan),
  maxSubmissions: selfservice.methods.code.config.max_submissions,
  headerAllowlist: clients.web_hook.header_allowlist,
})

/** The login flow and its methods, from their part of the configuration. */
function loginDeps(parts: Parts): Parameters<typeof loginRoutes>[0] {
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
function registrationDeps(parts: Parts): Parameters<typeof registrationRoutes>[0] {
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
function codeRecoveryParts({ config, normalisers, ...parts }: Parts) {
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
function linkParts({ config, normalisers, ...parts }: Parts) {
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
const recoveryDeps = (parts: Parts): RecoveryDeps => ({
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
const verificationDeps = (parts: Parts): VerificationDeps => ({
  ...parts,
  ...verificationStart(parts),
  hooksBefore: hooksBefore(parts, parts.config, 'verification'),
  hooksAfter: hooksAfterVerification(parts, parts.config.selfservice.flows.verification.after.hooks),
  awaitedChange: awaitedChange({ ...parts, afterProfile: settingsDeps(parts).after('profile').run }),
})

/** The settings flow and its methods, from their part of the configuration. */
function settingsDeps(parts: Parts): Parameters<typeof settingsRoutes>[0] {
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

/** The routes of the pages that come along. @throws ConfigurationError when their style sheet cannot be read */
async function preparedPages(parts: Parts): Promise<readonly Route[]> {
  const { config, publicBaseUrl, crossSite } = parts
  const { flows, default_browser_return_url, allowed_return_urls } = config.selfservice
  const { oidc } = config.selfservice.methods
  const [login, registration, settings] = [loginDeps(parts), registrationDeps(parts), settingsDeps(parts)]
  const plain = async (flow: Promise<Flow>) => flow.then((found) => ({ flow: found, ui: found.ui }))
  const pages = createPages({
    ...parts,
    csrf: crossSite.csrf,
    requiredAal: config.session.whoami.required_aal,
    settings: config.pages,
    uiUrls: {
      login: flows.login.ui_url,
      registration: flows.registration.ui_url,
      settings: flows.settings.ui_url,
      recovery: flows.recovery.ui_url,
      verification: flows.verification.ui_url,
      error: flows.error.ui_url,
    },
    readers: {
      login: (request, id) => plain(readFlow(login, 'login', request, id)),
      registration: (request, id) => plain(readFlow(registration, 'registration', request, id)),
      async settings(request, id) {
        const authenticated = await parts.authenticate(request)
        if (!authenticated) throw errors.sessionInactive()
        const flow = await getSettings(settings, authenticated, id)
        const { ui } = await settingsView(settings, flow, authenticated.identity)
        return { flow, ui: { ...flow.ui, nodes: ui.nodes } }
      },
      ...(flows.recovery.enabled && {
        recovery: (request: Request, id: string) =>
          plain(readFlow(parts, 'recovery', request, id, { anyBrowser: isFromOperator })),
      }),
      ...(flows.verification.enabled && {
        verification: (request: Request, id: string) => plain(readFlow(parts, 'verification', request, id)),
      }),
    },
    formTargets: [publicBaseUrl, default_browser_return_url, ...allowed_return_urls, ...returnUrlsIn(flows)],
    offers: {
      registration: flows.registration.enabled,
      recovery: flows.recovery.enabled,
      verification: flows.verification.enabled,
      providers: oidc.enabled && oidc.config.providers.length > 0,
    },
  })
  try {
    await pages.prepare()
  } catch (error) {
    const value = JSON.stringify(config.pages.theme_css)
    const remedy = 'Name a style sheet that this server can read.'
    throw new ConfigurationError([{ path: 'pages.theme_css', value, reason: (error as Error).message, remedy }])
  }
  return pages.routes
}

/** The path below which the public API lives, without a slash at its end. */
const pathOf = (baseUrl: string): string =>
  baseUrl
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
    .replace(/[?#].*$/s, '')
    .replace(/\/+$/, '')

const maxConnectSeconds = 300

/** Loaded only where traces are wanted. */
async function tracingOf({ tracing }: Config, log: Logger): Promise<Tracing | undefined> {
  if (tracing.provider === undefined) return undefined
  const { startTracing } = await import('./operations/tracing/tracing.ts')
  return startTracing(tracing, { log, version: buildInfo().version })
}

/** A database that is still starting is waited for, longer and longer between two attempts. */
async function connectPatiently({ dsn }: Config, log: Logger): Promise<Db> {
  const until = performance.now() + maxConnectSeconds * 1000
  for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 10_000)) {
    try {
      return await connect(dsn, { onError: (error) => log.warn({ error }, 'A database connection broke.') })
    } catch (error) {
      const code = (error as { code?: string }).code ?? ''
      const mayCome = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', '57P03'].includes(code)
      if (!mayCome || performance.now() > until) throw error
      log.warn({ error }, `The database does not answer yet; trying again in ${waitMs / 1000} s.`)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
}

/** Page tokens are good across restarts and instances wherever one of these secrets is configured. */
const messagePageSealer = ({ secrets }: Config) =>
  createSealer(secrets.pagination ?? secrets.default, 'page of messages')

/** An operator's own templates have to be sound before anybody waits for a message. */
async function checkTemplates(courier: Courier): Promise<void> {
  const problems = await courier.check()
  if (problems.length > 0) throw new ConfigurationError(problems)
}

/** Every identity schema of the configuration has to be there and sound before the first request. */
async function checkIdentitySchemas(config: Config, schemas: IdentitySchemas): Promise<void> {
  const problems = await Promise.all(
    config.identity.schemas.map(async ({ id, url }, index) => {
      const path = `identity.schemas.${index}.url`
      const value = url.startsWith('base64://') ? JSON.stringify(`${url.slice(0, 40)}…`) : JSON.stringify(url)
      const problem = (reason: string) => ({
        path,
        value,
        reason: `Identity schema ${JSON.stringify(id)}: ${reason}`,
        remedy: 'Correct the schema or its address.',
      })
      try {
        return checkIdentitySchemaAtStart(await schemas.document(id)).map(problem)
      } catch (error) {
        return [problem((error as Error).message)]
      }
    }),
  )
  if (problems.flat().length > 0) throw new ConfigurationError(problems.flat())
}

function listenSettings({
  host,
  port,
  socket,
}: Config['serve']['public'] | Config['serve']['admin']): Omit<ListenSettings, 'tls' | 'requestTimeoutMs'> {
  return { host, port, socket }
}

async function tlsOf(config: Config, name: 'public' | 'admin'): Promise<ListenSettings['tls']> {
  const { cert, key } = config.serve[name].tls
  if (!cert || !key) return undefined
  return { cert: await pem(cert, `serve.${name}.tls.cert`), key: await pem(key, `serve.${name}.tls.key`) }
}

async function pem({ path, base64 }: { path?: string; base64?: string }, key: string): Promise<string> {
  if (base64) return Buffer.from(base64, 'base64').toString('utf8')
  try {
    return await readFile(path ?? '', 'utf8')
  } catch (error) {
    throw new ConfigurationError([
      {
        path: `${key}.path`,
        value: JSON.stringify(path ?? ''),
        reason: (error as Error).message,
        remedy: 'Name a file that this server may read.',
      },
    ])
  }
}

function logResponse(log: Logger, config: Config, { method, path, status, durationMs, requestId }: ResponseNote): void {
  if (!log.isLevelEnabled('info')) return
  const isHealth = /\/health\/(alive|ready)$/.test(path)
  if (isHealth && config.serve.public.request_log.disable_for_health) return
  log.info(
    {
      method,
      path,
      status,
      duration_ms: Math.round(durationMs * 10) / 10,
      ...(requestId === '' ? {} : { request_id: requestId }),
    },
    'Answered.',
  )
}
