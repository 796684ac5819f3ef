import { ConfigurationError } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { mailboxRoutes } from '../courier/mailbox/routes.ts'
import { courierRoutes } from '../courier/routes.ts'
import { createSealer } from '../crypto/cipher.ts'
import type { Flow } from '../flows/flow.ts'
import { errors } from '../errors.ts'
import { errorRoutes } from '../flows/error/routes.ts'
import { isOpenTest, loginRoutes } from '../flows/login/routes.ts'
import { logoutRoutes, logoutSettings } from '../flows/logout/routes.ts'
import { isFromOperator, recoveryRoutes } from '../flows/recovery/routes.ts'
import { registrationRoutes } from '../flows/registration/routes.ts'
import { readFlow } from '../flows/read.ts'
import { getSettings } from '../flows/settings/read.ts'
import { settingsRoutes } from '../flows/settings/routes.ts'
import { settingsView } from '../flows/settings/view.ts'
import { findFlow } from '../flows/store.ts'
import { verificationRoutes } from '../flows/verification/routes.ts'
import { loginFlow, registrationFlow } from '../flows/wire.ts'
import { createCors } from '../http/cors.ts'
import { redirectsToAdmin, redirectsToPublic } from '../http/port-redirects.ts'
import { createAdminPort, createPublicPort, type Port } from '../http/ports.ts'
import type { Request, Route } from '../http/types.ts'
import { identityRoutes } from '../identities/routes.ts'
import { schemaRoutes } from '../identities/schema/routes.ts'
import { durationMicros } from '../lib/duration.ts'
import { adminSessionRoutes } from '../sessions/admin-routes.ts'
import { sessionRoutes } from '../sessions/routes.ts'
import { createTokenizer } from '../sessions/tokenize.ts'
import { codeAdminRoutes } from '../methods/code/routes.ts'
import { linkAdminRoutes } from '../methods/link/routes.ts'
import { oidcRoutes } from '../methods/oidc/routes.ts'
import { testLoginAdminRoutes, testLoginRoutes } from '../methods/oidc/test-login/routes.ts'
import { webauthnRoutes } from '../methods/webauthn/routes.ts'
import { returnUrlsIn } from '../pages/policy.ts'
import { createPages } from '../pages/routes.ts'
import { openApiRoute } from '../operations/openapi.ts'
import { healthRoutes, operationsRoutes } from '../operations/routes.ts'
import { buildInfo } from '../version.ts'
import { type Parts } from './parts.ts'
import {
  loginDeps,
  registrationDeps,
  codeRecoveryParts,
  linkParts,
  recoveryDeps,
  verificationDeps,
  settingsDeps,
} from './flows.ts'
export function createPorts(
  parts: Parts,
  configHash: string,
  pageRoutes: readonly Route[],
): { public: Port; admin: Port } {
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

/** The path below which the public API lives, without a slash at its end. */
const pathOf = (baseUrl: string): string =>
  baseUrl
    .replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '')
    .replace(/[?#].*$/s, '')
    .replace(/\/+$/, '')

/** The routes of the pages that come along. @throws ConfigurationError when their style sheet cannot be read */
export async function preparedPages(parts: Parts): Promise<readonly Route[]> {
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
      login: (request, id) => plain(readFlow(login, 'login', request, id, { anyBrowser: isOpenTest })),
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

/** Page tokens are good across restarts and instances wherever one of these secrets is configured. */
const messagePageSealer = ({ secrets }: Config) =>
  createSealer(secrets.pagination ?? secrets.default, 'page of messages')

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
