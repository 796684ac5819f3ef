import { lastingSecrets } from '../config/derive.ts'
import type { Config } from '../config/schema.ts'
import { createCourier } from '../courier/courier.ts'
import { createCipher, createSealer } from '../crypto/cipher.ts'
import { createVault } from '../crypto/vault.ts'
import { createHashing } from '../crypto/hashers/hashing.ts'
import type { Db } from '../db/db.ts'
import type { CrossSiteSettings } from '../flows/cross-site.ts'
import type { ContinuityDeps } from '../flows/continuity.ts'
import { createForward } from '../flows/error/forward.ts'
import { oauth2Server } from '../flows/oauth2.ts'
import { csrfCookieName, type CsrfSettings } from '../http/csrf.ts'
import { createOutbound } from '../http/outbound.ts'
import { createReturnTo } from '../http/return-to.ts'
import type { Request } from '../http/types.ts'
import * as normalisers from '../identities/normalise.ts'
import { createSchemaSources } from '../identities/schema-source.ts'
import { createIdentitySchemas } from '../identities/schemas.ts'
import { type Clock } from '../lib/clock.ts'
import { durationMicros } from '../lib/duration.ts'
import { createTurns } from '../lib/turns.ts'
import { createJsonnet } from '../lib/jsonnet/jsonnet.ts'
import { createSourceLoader } from '../lib/source.ts'
import type { Logger } from '../operations/log.ts'
import type { LifespanOf } from '../sessions/issue.ts'
import { createWebHooks } from '../hooks/web-hook/web-hook.ts'
import { createOidc } from '../methods/oidc/create.ts'
import type { Flows } from '../methods/oidc/deps.ts'
import { ownPages } from '../pages/config.ts'
import { createHousekeeping, housekeepingSettings } from '../operations/housekeeping.ts'
import { type Metrics } from '../operations/metrics.ts'
import type { Tracing } from '../operations/tracing/tracing.ts'
import type { AppOptions } from '../serve.ts'
import type { FactorRules } from '../sessions/assurance.ts'
import { createAuthenticate } from '../sessions/authenticate.ts'
import { createSessionCookies } from '../sessions/cookie.ts'
import { codeParts, loginDeps, registrationDeps, settingsDeps } from './flows.ts'

/** What outlives a change of the configuration. */
export type Lasting = {
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

export function createParts(config: Config, lasting: Lasting) {
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

/** How long sessions last: as long as the person's organization says, else as everywhere. */
function lifespans({ session, selfservice }: Config): LifespanOf {
  const general = durationMicros(session.lifespan)
  const own = new Map<string | undefined, number>()
  for (const { id, session_lifespan } of selfservice.methods.b2b.config.organizations)
    if (session_lifespan !== undefined) own.set(id, durationMicros(session_lifespan))
  return ({ organizationId }) => (organizationId === null ? general : (own.get(organizationId) ?? general))
}
