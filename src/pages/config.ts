import { flag, object, optional, text, uri, uriReference } from '../lib/shape.ts'
import { joinPath } from '../http/urls.ts'
import { fallbackPage } from '../flows/config.ts'

/** The pages that come along. Kratos has no such key. */
export const pages = object({
  /** Off: no page is served, and flows without a `ui_url` lead where Kratos leads them. */
  enabled: flag(true),
  brand: object({
    name: text({ default: 'Zelos', minLength: 1, maxLength: 60 }),
    /** Shown in place of the mark beside the name. */
    logo_url: optional(uriReference()),
    /** Buttons and links; shades that can be read on light and on dark ground follow from it. */
    accent_color: text({ default: '#3454d1', pattern: '^#[0-9a-fA-F]{6}$' }),
  }),
  /** At the foot of every page. */
  links: object({
    imprint: optional(uriReference()),
    privacy: optional(uriReference()),
    help: optional(uriReference()),
  }),
  /** A style sheet that is laid on top: `file://`, `base64://` or `https://`. Read once, and served from here. */
  theme_css: optional(uri()),
})

/** Where style sheets and the script are served. */
export const assetFolder = 'pages'
/** Where the buttons of the list of sessions lead. */
export const endPath = '/account/sessions'
/** Where a browser arrives that has tried a provider out. */
export const testPath = '/session/test-oidc'

const flowNames = ['login', 'registration', 'settings', 'recovery', 'verification', 'error'] as const
export type PageName = (typeof flowNames)[number]

/** Where a page lives. */
export const pageUrl = (publicBaseUrl: string, name: PageName): string => joinPath(publicBaseUrl, name)

type WithPages = Readonly<Record<PageName, { ui_url: string }>>

/** The flows, led to the pages that come along where the configuration names no other. */
export function ledToPages<Flows extends WithPages>(
  flows: Flows,
  { enabled }: { enabled: boolean },
  publicBaseUrl: string,
): Flows {
  if (!enabled) return flows
  const led = flowNames.filter((name) => flows[name].ui_url === fallbackPage(name))
  return {
    ...flows,
    ...Object.fromEntries(led.map((name) => [name, { ...flows[name], ui_url: pageUrl(publicBaseUrl, name) }])),
  }
}

/** The pages that live here; people may be sent back to them. */
export const ownPages = (flows: WithPages, { enabled }: { enabled: boolean }, publicBaseUrl: string): string[] =>
  enabled
    ? flowNames
        .map((name) => pageUrl(publicBaseUrl, name))
        .filter((url, index) => flows[flowNames[index]!].ui_url === url)
    : []
