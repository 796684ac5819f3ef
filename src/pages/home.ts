import { parseUuid } from '../lib/uuid.ts'
import { parseQuery } from '../http/query.ts'
import { redirect } from '../http/respond.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import type { Request, Response } from '../http/types.ts'
import { logoutTokenOf } from '../crypto/tokens.ts'
import { initUrl } from '../flows/flow.ts'
import { traitNodes, withTraitValues } from '../flows/trait-nodes.ts'
import type { Identity } from '../identities/identity.ts'
import { isObject } from '../lib/json.ts'
import { rfc3339, type Micros } from '../lib/clock.ts'
import type { Authenticated } from '../sessions/authenticate.ts'
import { meetsRequirement } from '../sessions/requirement.ts'
import type { Session } from '../sessions/session.ts'
import { listSessionsOf, revokeOtherSessions, revokeSessionOf } from '../sessions/store.ts'
import { isInput } from '../ui/node.ts'
import { endPath } from './config.ts'
import type { Site } from './deps.ts'
import { nodeLabel } from './form-nodes.ts'
import { attributes, html, type Content, type Html } from './html.ts'
import { negotiateLanguage, type Language } from './language.ts'
import { renderPage, type Page } from './layout.ts'
import { deviceName } from './user-agent.ts'

/** The address that people open: a welcome, or the account of whoever is signed in. */
export async function showHome(site: Site, request: Request): Promise<Response> {
  const current = await site.authenticate(request)
  const { language, chosen } = negotiateLanguage(request)
  if (!current) return welcome(site, request, { language, chosen })
  if (!(await meetsRequirement(site, site.requiredAal, current.session, current.identity)))
    return redirect(request, 303, initUrl(site.publicBaseUrl, 'login', 'browser', { aal: 'aal2' }))
  const body = await account(site, request, current, language)
  const { home } = language.texts
  return renderPage(site.frame, {
    language,
    title: home.title,
    body,
    wide: true,
    signedIn: true,
    current: 'home',
    address: request.fullPath,
    keepLanguage: chosen,
  })
}

function welcome(
  { frame, offers, publicBaseUrl }: Site,
  request: Request,
  { language, chosen }: { language: Language; chosen: boolean },
): Response {
  const { texts } = language
  const title = texts.welcome.title(frame.brand.name)
  const body = html`<div class="card welcome"><h1>${title}</h1><p class="lead">${texts.welcome.lead}</p><p class="buttons"><a class="button primary" href="${initUrl(publicBaseUrl, 'login', 'browser')}">${texts.welcome.signIn}</a>${
    offers.registration &&
    html`<a class="button" href="${initUrl(publicBaseUrl, 'registration', 'browser')}">${texts.welcome.register}</a>`
  }</p></div>`
  return renderPage(frame, { language, title, body, address: request.fullPath, keepLanguage: chosen })
}

const maxShown = 50

async function account(
  site: Site,
  request: Request,
  { session, identity }: Authenticated,
  language: Language,
): Promise<Html> {
  const { db, clock, uiUrls } = site
  const { home } = language.texts
  const [traits, { sessions, total }] = await Promise.all([
    traitList(site, identity, language),
    listSessionsOf(
      db,
      { identityId: identity.id, exceptId: session.id, only: 'active', now: clock.now() },
      { limit: maxShown, offset: 0 },
    ),
  ])
  const name = displayName(identity)
  const change = site.readers.settings && html`<a class="button small" href="${uiUrls.settings}">${home.change}</a>`
  const token = request.csrf.token()
  const context = { site, token, language }
  return html`<div class="page-head"><h1>${name === '' ? home.title : home.hello(name)}</h1></div>
${doneNotice(request, language)}
<section class="card" aria-labelledby="about"><div class="section-head"><h2 id="about">${home.about}</h2></div>
<div class="section-body">${traits ?? html`<p>${home.nothingKnown}</p>`}<p class="buttons">${change}</p></div></section>
<section class="card" aria-labelledby="sessions"><div class="section-head"><h2 id="sessions">${home.sessions}</h2><p class="hint">${home.sessionsHint}</p></div>
<div class="section-body"><ul class="sessions">${sessionItem(session, context, true)}${sessions.map((other) => sessionItem(other, context, false))}</ul>
${total > sessions.length && html`<p>${home.more(total - sessions.length)}</p>`}
${total === 0 ? html`<p class="hint">${home.noOthers}</p>` : endForm(context, { all: 'others' }, html`<button type="submit" class="button danger">${home.endOthers}</button>`)}</div></section>`
}

/** What the identity schema knows of the person, in its order and with its titles. */
async function traitList(site: Site, identity: Identity, language: Language): Promise<Html | undefined> {
  const { schemas } = site
  const schema = await schemas.get(identity.schemaId)
  const empty = { action: '', method: 'POST' as const, nodes: traitNodes(schema, 'profile'), messages: [] }
  const { texts } = language
  const rows = (withTraitValues(empty, identity.traits.value, 'profile').nodes ?? []).flatMap((node) => {
    const value = isInput(node) ? node.attributes.value : undefined
    if (value === undefined || value === null || value === '') return []
    const shown =
      typeof value === 'boolean'
        ? value
          ? texts.home.yes
          : texts.home.no
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value)
    return [
      html`<div><dt>${nodeLabel(node, language)}</dt><dd dir="auto">${shown}${verification(site, identity, shown, language)}</dd></div>`,
    ]
  })
  return rows.length === 0 ? undefined : html`<dl class="facts">${rows}</dl>`
}

/** Whether an address is verified; if not, where that is done. */
function verification(
  { offers, readers, uiUrls }: Site,
  { verifiableAddresses }: Identity,
  value: string,
  { texts: { home } }: Language,
): Content {
  const address = verifiableAddresses.find((each) => each.value === value)
  if (!address) return undefined
  if (address.verified) return html` <span class="badge">${home.verified}</span>`
  return (
    offers.verification &&
    readers.verification &&
    html` · <a href="${uiUrls.verification}" aria-label="${home.verifyOf(value)}">${home.verify}</a>`
  )
}

/** How a person is greeted; empty when their traits do not tell. */
export function displayName({ traits }: Pick<Identity, 'traits'>): string {
  const { value } = traits
  if (!isObject(value)) return ''
  const { name } = value
  const parts = isObject(name)
    ? [name.first ?? name.given ?? name.given_name ?? name.first_name]
    : [name, value.first_name, value.given_name, value.username]
  return parts.find((part): part is string => typeof part === 'string' && part.trim() !== '')?.trim() ?? ''
}

type ListContext = { site: Site; token: string; language: Language }

function sessionItem(
  { id, device, authenticatedAt, issuedAt, expiresAt }: Session,
  context: ListContext,
  isCurrent: boolean,
): Html {
  const { language } = context
  const { home } = language.texts
  const known = deviceName(device?.userAgent ?? null)
  const name = known ? home.device(known.browser, known.system) : home.unknownDevice
  const place = [device?.location, device?.ipAddress.replace(/(?<=^[\d.]+|\]):\d+$/, '')].filter(Boolean).join(' · ')
  const end = html`<button type="submit" class="button small" aria-label="${home.endOf(name)}">${home.end}</button>`
  return html`<li><div class="device"><p class="device-name" dir="auto">${name}${isCurrent && html` <span class="badge">${home.thisDevice}</span>`}</p>
<p class="hint">${home.signedIn}: ${moment(authenticatedAt ?? issuedAt, language)} · ${home.until} ${moment(expiresAt, language)}</p>${place !== '' && html`<p class="hint"><bdi>${place}</bdi></p>`}</div>${
    isCurrent ? undefined : endForm(context, { session: id }, end)
  }</li>`
}

const moment = (at: Micros, language: Language): Html =>
  html`<time datetime="${rfc3339(at)}">${language.moment(at)}</time>`

const endForm = ({ site, token }: ListContext, what: { session: string } | { all: 'others' }, button: Html): Html =>
  html`<form method="post" action="${joinPath(site.publicBaseUrl, endPath)}"><input type="hidden" name="csrf_token" value="${token}">${Object.entries(what).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}${button}</form>`

/** Ends one session or all others; the port has checked that the form was ours. */
export async function endSessions(site: Site, request: Request): Promise<Response> {
  const { db, clock, publicBaseUrl } = site
  const home = joinPath(publicBaseUrl, '/')
  const current = await site.authenticate.evenIfDisabled(request)
  if (!current) return redirect(request, 303, home)
  const form = parseQuery((await request.body()).toString('utf8'))
  const { session, identity } = current
  const id = parseUuid(form.get('session'))
  const statement =
    form.get('all') === 'others'
      ? revokeOtherSessions(identity.id, session.id, clock.now())
      : // This session is ended by signing out, which takes the cookie along.
        id !== undefined && id !== session.id && revokeSessionOf(identity.id, id, clock.now())
  if (!statement) return redirect(request, 303, home)
  await db.batch([statement])
  return redirect(request, 303, withQuery(home, { done: form.get('all') === 'others' ? 'others_ended' : 'ended' }))
}

function doneNotice({ query }: Request, { texts }: Language): Content {
  const done = query.get('done')
  const text = done === 'ended' ? texts.home.ended : done === 'others_ended' ? texts.home.othersEnded : undefined
  return (
    text &&
    html`<div class="notice success" role="status" tabindex="-1"${attributes({ autofocus: true })}><p>${text}</p></div>`
  )
}

/** Asks before it signs somebody out: a link alone must not do that. */
export async function showLogout(site: Site, request: Request): Promise<Response> {
  const { publicBaseUrl } = site
  const current = await site.authenticate.evenIfDisabled(request)
  if (!current) return redirect(request, 303, joinPath(publicBaseUrl, '/'))
  const { language, chosen } = negotiateLanguage(request)
  const { logout } = language.texts
  const returnTo = request.query.get('return_to')
  const body = html`<div class="card"><h1>${logout.title}</h1><p>${logout.lead}</p>
<form method="get" action="${joinPath(publicBaseUrl, 'self-service/logout')}"><input type="hidden" name="token" value="${logoutTokenOf(current.token).reveal()}">${
    returnTo && html`<input type="hidden" name="return_to" value="${returnTo}">`
  }<div class="buttons"><button type="submit" class="button primary">${logout.confirm}</button><a class="button" href="${joinPath(publicBaseUrl, '/')}">${logout.stay}</a></div></form></div>`
  const page: Page = {
    language,
    title: logout.title,
    body,
    signedIn: true,
    address: `${request.fullPath}${returnTo ? `?${new URLSearchParams({ return_to: returnTo })}` : ''}`,
    keepLanguage: chosen,
  }
  return renderPage(site.frame, page)
}
