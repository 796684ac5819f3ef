import { withQuery } from '../http/urls.ts'
import type { Response } from '../http/types.ts'
import { setCookie } from '../http/cookies.ts'
import { attributes, html, type Content, type Html } from './html.ts'
import { catalogues, languageCookie, type Language } from './language.ts'
import type { Asset } from './assets.ts'

/** What all pages share. */
export type Frame = {
  brand: { name: string; logo_url?: string | undefined }
  links: { imprint?: string | undefined; privacy?: string | undefined; help?: string | undefined }
  styles: readonly Asset[]
  script: Asset
  policy: string
  /** For pages with a button that leads to the sign-in of a provider. */
  policyElsewhere: string
  /** Addresses of our own pages, by what they are for. */
  addresses: { home: string; settings: string | undefined; logout: string }
  /** How the choice of a language is kept. */
  cookie: { path: string; secure: boolean }
}

export type Page = {
  language: Language
  title: string
  body: Content
  /** Wide pages hold sections, narrow ones a single form. */
  wide?: boolean
  /** Shows where a signed-in person can go; the page among them is marked. */
  signedIn?: boolean
  current?: 'home' | 'settings'
  status?: number
  /** The address of this page, to come back to it in another language. */
  address: string
  leadsElsewhere?: boolean
  /** Keeps the language for the pages that follow. */
  keepLanguage?: boolean
}

const yearSeconds = 31_536_000

export function renderPage(frame: Frame, page: Page): Response {
  const { language, status = 200 } = page
  const text = `<!doctype html>\n${String(document(frame, page))}\n`
  const cookie =
    page.keepLanguage &&
    setCookie(languageCookie, language.tag, { ...frame.cookie, sameSite: 'Lax', maxAge: yearSeconds })
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-language': language.tag,
      'content-security-policy': page.leadsElsewhere ? frame.policyElsewhere : frame.policy,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Addresses of flows are nobody else's business; our own forms say where they come from.
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'private, no-cache, no-store, must-revalidate',
      vary: 'Accept-Language',
    },
    ...(cookie ? { cookies: [cookie] } : {}),
    body: text,
  }
}

function document(
  frame: Frame,
  { language, title, body, wide = false, signedIn = false, current, address }: Page,
): Html {
  const { texts, tag } = language
  const { brand, addresses } = frame
  return html`<html lang="${tag}" dir="${texts.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title === brand.name ? title : `${title} – ${brand.name}`}</title>
${frame.styles.map((style) => html`<link rel="stylesheet" href="${style.address}">`)}
<script type="module" src="${frame.script.address}"></script>
</head>
<body>
<a class="skip" href="#content">${texts.skipToContent}</a>
<header class="top">
<a class="brand" href="${addresses.home}">${brand.logo_url === undefined ? mark : html`<img src="${brand.logo_url}" alt="" height="32">`}<span>${brand.name}</span></a>
${
  signedIn &&
  html`<nav aria-label="${texts.account}"><ul>
<li><a${attributes({ href: addresses.home, 'aria-current': current === 'home' && 'page' })}>${texts.account}</a></li>
${addresses.settings !== undefined && html`<li><a${attributes({ href: addresses.settings, 'aria-current': current === 'settings' && 'page' })}>${texts.settings.title}</a></li>`}
<li><a href="${addresses.logout}">${texts.logout.link}</a></li>
</ul></nav>`
}
</header>
<main id="content" class="${wide ? 'wide' : 'narrow'}">
${body}
</main>
<footer>
${footerLinks(frame, language)}
<nav aria-label="${texts.language}"><ul>${[...catalogues].map(
    ([other, { name }]) =>
      html`<li><a${attributes({ href: withQuery(address, { ui_locales: other }), lang: other, hreflang: other, 'aria-current': other === tag && 'true' })}>${name}</a></li>`,
  )}</ul></nav>
</footer>
</body>
</html>`
}

function footerLinks({ links }: Frame, { texts }: Language): Html | undefined {
  const shown = (['imprint', 'privacy', 'help'] as const).flatMap((name) => {
    const address = links[name]
    return address === undefined ? [] : [html`<li><a href="${address}">${texts[name]}</a></li>`]
  })
  return shown.length === 0 ? undefined : html`<ul>${shown}</ul>`
}

const mark = html`<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="9"/><path d="M9.5 10.5h13l-13 11h13" fill="none" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/></svg>`
