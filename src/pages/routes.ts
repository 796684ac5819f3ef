import type { FlowName } from '../flows/flow.ts'
import type { Request, Route } from '../http/types.ts'
import { assetFolder, endPath, pageUrl, testPath } from './config.ts'
import type { PagesDeps } from './deps.ts'
import type { Handlers } from './site.ts'

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

  let theme: string | undefined
  let handlers: Promise<Handlers> | undefined
  // Loaded with the first page: a server that is only asked by programs starts without texts and templates.
  const load = () => (handlers ??= import('./site.ts').then(({ createHandlers }) => createHandlers(deps, theme)))
  const route = (method: string, path: string, pick: (handlers: Handlers) => Handlers['home']): Route => ({
    method,
    path,
    handler: async (request: Request) => pick(await load())(request),
  })
  return {
    routes: [
      ...flows.map((name) => route('GET', `/${name}`, ({ flow }) => flow(name))),
      ...(hasError ? [route('GET', '/error', ({ error }) => error)] : []),
      // Who signs in here also has the account here.
      ...(flows.includes('login')
        ? [
            route('GET', '/', ({ home }) => home),
            route('GET', '/logout', ({ logout }) => logout),
            route('POST', endPath, ({ endSessions }) => endSessions),
          ]
        : []),
      ...(flows.includes('login') && deps.offers.providers
        ? [route('GET', testPath, ({ test }) => test), route('POST', testPath, ({ removeTest }) => removeTest)]
        : []),
      { ...route('GET', `/${assetFolder}/{file}`, ({ asset }) => asset), anonymous: true },
    ],
    async prepare() {
      if (settings.theme_css !== undefined) theme = await deps.loadSource(settings.theme_css)
    },
  }
}
