import { cleanPath, joinPath } from '../http/urls.ts'
import type { FlowName } from '../flows/flow.ts'
import type { Request, Response } from '../http/types.ts'
import { asset, assetServer, script, styleSheet } from './assets.ts'
import type { PagesDeps, Site } from './deps.ts'
import { showError } from './error-page.ts'
import { showFlow } from './flow-page.ts'
import { endSessions, showHome, showLogout } from './home.ts'
import type { Frame } from './layout.ts'
import { contentPolicy } from './policy.ts'
import { removeTest, showTest } from './test-page.ts'

type Show = (request: Request) => Promise<Response>

/** What stands behind the routes of the pages. */
export type Handlers = {
  flow(name: FlowName): Show
  home: Show
  logout: Show
  endSessions: Show
  error: Show
  test: Show
  removeTest: Show
  asset: Show
}

/** @param theme the operator's style sheet */
export function createHandlers(deps: PagesDeps, theme: string | undefined): Handlers {
  const site: Site = { ...deps, frame: frameOf(deps, theme) }
  // What goes wrong is told on the error page, wherever that is.
  const guarded =
    (show: (site: Site, request: Request) => Promise<Response>): Show =>
    (request) =>
      show(site, request).catch((error: unknown) => site.forward(request, error))
  return {
    flow: (name) => guarded((here, request) => showFlow(here, name, request)),
    home: guarded(showHome),
    logout: guarded(showLogout),
    endSessions: guarded(endSessions),
    error: (request) => showError(site, request),
    test: guarded(showTest),
    removeTest: guarded(removeTest),
    asset: assetServer([...site.frame.styles, site.frame.script]),
  }
}

function frameOf({ settings, publicBaseUrl, formTargets, uiUrls, csrf }: PagesDeps, theme: string | undefined): Frame {
  const { brand, links } = settings
  const basePath = pathOf(publicBaseUrl)
  const allowed = {
    publicBaseUrl,
    targets: [...formTargets, ...Object.values(uiUrls)],
    images: brand.logo_url === undefined ? [] : [brand.logo_url],
  }
  return {
    brand,
    links,
    styles: [
      styleSheet(basePath, brand.accent_color),
      ...(theme === undefined ? [] : [asset(basePath, 'theme', 'css', theme)]),
    ],
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
