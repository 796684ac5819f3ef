import { cleanPath, joinPath } from '../http/urls.ts'
import type { FlowName } from '../flows/flow.ts'
import type { Request, Response, Route } from '../http/types.ts'
import { asset, assetRoute, script, styleSheet, type Asset } from './assets.ts'
import { pageUrl } from './config.ts'
import type { PagesDeps, Site } from './deps.ts'
import { showError } from './error-page.ts'
import { showFlow } from './flow-page.ts'
import { endPath, endSessions, showHome, showLogout } from './home.ts'
import type { Frame } from './layout.ts'
import { contentPolicy } from './policy.ts'

export type Pages = {
  /** Only of pages that the configuration leads people to: every other path stays free. */
  routes: Route[]
  /** Reads the operator's style sheet. @throws SourceError when it cannot be read */
  prepare(): Promise<void>
}

const flowNames: readonly FlowName[] = ['login', 'registration', 'settings', 'recovery', 'verification']

/** The pages that come along, as far as they are used. */
export function createPages(deps: PagesDeps): Pages {
  const { settings, uiUrls, publicBaseUrl, readers } = deps
  const lives = (name: FlowName | 'error') => uiUrls[name] === pageUrl(publicBaseUrl, name)
  const flows = settings.enabled ? flowNames.filter((name) => readers[name] && lives(name)) : []
  const hasError = settings.enabled && lives('error')
  if (flows.length === 0 && !hasError) return { routes: [], prepare: async () => {} }

  const basePath = pathOf(publicBaseUrl)
  let theme: Asset | undefined
  let site: Site | undefined
  const frameOf = memoised(() => frame(deps, basePath, theme))
  const here = (): Site => (site ??= { ...deps, frame: frameOf.get })
  const page = (path: string, show: (site: Site, request: Request) => Promise<Response>): Route => ({
    method: 'GET',
    path,
    handler: (request) => guarded(here(), request, show),
  })
  // Who signs in here also has the account here.
  const hasHome = flows.includes('login')
  return {
    routes: [
      ...flows.map((name) => page(`/${name}`, (site, request) => showFlow(site, name, request))),
      ...(hasError
        ? [{ method: 'GET', path: '/error', handler: (request: Request) => showError(here(), request) }]
        : []),
      ...(hasHome
        ? [page('/', showHome), page('/logout', showLogout), { ...page(endPath, endSessions), method: 'POST' }]
        : []),
      assetRoute(() => [...frameOf.get().styles, frameOf.get().script]),
    ],
    async prepare() {
      if (settings.theme_css === undefined) return
      theme = asset(basePath, 'theme', 'css', await deps.loadSource(settings.theme_css))
      frameOf.forget()
    },
  }
}

/** What goes wrong is told on the error page, wherever that is. */
async function guarded(
  site: Site,
  request: Request,
  show: (site: Site, request: Request) => Promise<Response>,
): Promise<Response> {
  try {
    return await show(site, request)
  } catch (error) {
    return site.forward(request, error)
  }
}

function frame(
  { settings, publicBaseUrl, formTargets, uiUrls, csrf }: PagesDeps,
  basePath: string,
  theme: Asset | undefined,
): Frame {
  const { brand, links } = settings
  const allowed = {
    publicBaseUrl,
    targets: [...formTargets, ...Object.values(uiUrls)],
    images: brand.logo_url === undefined ? [] : [brand.logo_url],
  }
  return {
    brand,
    links,
    styles: [styleSheet(basePath, brand.accent_color), ...(theme ? [theme] : [])],
    script: script(basePath),
    policy: contentPolicy(allowed),
    policyElsewhere: contentPolicy({ ...allowed, elsewhere: true }),
    addresses: {
      home: joinPath(publicBaseUrl, '/'),
      settings: uiUrls.settings,
      logout: joinPath(publicBaseUrl, 'logout'),
    },
    cookie: { path: csrf.path, secure: csrf.secure },
  }
}

const pathOf = (baseUrl: string): string =>
  cleanPath(baseUrl.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, ''))

/** Made when it is first needed: a server that is only asked by programs never reads its style sheet. */
function memoised<T>(make: () => T): { get: () => T; forget: () => void } {
  let value: T | undefined
  return { get: () => (value ??= make()), forget: () => (value = undefined) }
}
