import { ApiError } from '../errors.ts'
import { cookieValues } from '../http/cookies.ts'
import { parseQuery } from '../http/query.ts'
import { redirect } from '../http/respond.ts'
import type { Request, Response } from '../http/types.ts'
import { initUrl, returnToOf, type Flow, type FlowName } from '../flows/flow.ts'
import { isInput, nodeId, type UiNode } from '../ui/node.ts'
import type { Site } from './deps.ts'
import { renderForm } from './form.ts'
import { html, type Content } from './html.ts'
import { negotiateLanguage, type Language } from './language.ts'
import { renderPage } from './layout.ts'
import type { en } from './texts/en.ts'

type Notice = keyof typeof en.notices

/** Shows the form of a flow. Without one, or with one that cannot be shown, a fresh one is begun. */
export async function showFlow(site: Site, name: FlowName, request: Request): Promise<Response> {
  const id = request.query.get('flow')
  if (!id)
    return name === 'settings' && !(await site.authenticate(request))
      ? signInFirst(site, name, request)
      : begin(site, name, request, {})
  try {
    const { flow, ui } = await site.readers[name]!(request, id)
    return render(site, request, { ...flow, ui })
  } catch (error) {
    return instead(site, name, request, error)
  }
}

/** Parameters with which a flow may begin, handed on from the address of its page. */
const handedOn = [
  'aal',
  'refresh',
  'return_to',
  'organization',
  'via',
  'identity_schema',
  'login_challenge',
  'ui_locales',
]

function begin(
  { publicBaseUrl }: Site,
  name: FlowName,
  request: Request,
  extra: Record<string, string | undefined>,
): Response {
  const given = Object.fromEntries(handedOn.map((key) => [key, request.query.get(key) || undefined]))
  return redirect(request, 303, initUrl(publicBaseUrl, name, 'browser', { ...given, ...extra }))
}

/** What happens when a flow cannot be shown. The parameter `notice` of the next flow's address tells the person why. */
async function instead(site: Site, name: FlowName, request: Request, error: unknown): Promise<Response> {
  if (!(error instanceof ApiError)) return site.forward(request, error)
  const { status, id, details } = error.body
  const afresh = (notice: Notice) => begin(site, name, request, { notice, ...returnToIn(details) })
  if (status === 404) return afresh('unknown')
  if (status === 410) return afresh('expired')
  if (id === 'security_identity_mismatch') return afresh('other_person')
  if (id === 'security_csrf_violation')
    return hasToken(site, request) ? afresh('other_browser') : withoutCookies(site, name, request)
  if (id === 'session_aal2_required' && typeof details?.redirect_browser_to === 'string')
    return redirect(request, 303, details.redirect_browser_to)
  if (status === 401) return signInFirst(site, name, request)
  return site.forward(request, error)
}

/** On to the sign-in, and from there to a fresh form of this kind. */
function signInFirst({ publicBaseUrl }: Site, name: FlowName, request: Request): Response {
  const returnTo = initUrl(publicBaseUrl, name, 'browser', { return_to: request.query.get('return_to') || undefined })
  return redirect(request, 303, initUrl(publicBaseUrl, 'login', 'browser', { notice: 'sign_in', return_to: returnTo }))
}

const returnToIn = (details: ApiError['body']['details']): { return_to?: string } =>
  typeof details?.return_to === 'string' && details.return_to !== '' ? { return_to: details.return_to } : {}

const hasToken = ({ csrf }: Site, request: Request): boolean => cookieValues(request, csrf.name).length > 0

/** A browser that keeps no cookies would be sent in circles. */
function withoutCookies(site: Site, name: FlowName, request: Request): Response {
  const { language } = negotiateLanguage(request)
  const { texts } = language
  const again = initUrl(site.publicBaseUrl, name, 'browser')
  return renderPage(site.frame, {
    language,
    status: 403,
    title: texts.error.title,
    address: request.fullPath,
    body: html`<div class="card"><h1>${texts.error.title}</h1><p>${texts.error.noCookies}</p><p class="buttons"><a class="button primary" href="${again}">${texts.startAgain}</a></p></div>`,
  })
}

function render(site: Site, request: Request, flow: Flow): Response {
  const { language, chosen } = negotiateLanguage(request, flow.requestUrl)
  const isSettings = flow.name === 'settings'
  const form = renderForm(flow.ui, {
    language,
    layout: isSettings ? 'sections' : 'single',
    lastGroup: typeof flow.internal.last_method === 'string' ? flow.internal.last_method : undefined,
    focusFirst: !isSettings,
  })
  const { texts } = language
  const heading = headingOf(flow, language)
  const prefix = form.hasProblems ? `${texts.errorPrefix}: ` : ''
  const notice = flow.ui.messages.length === 0 && !form.hasProblems ? noticeOf(flow, language) : undefined
  const asked = flow.ui.nodes?.some((node) => !isToken(node)) ?? false
  const nothing = asked || flow.ui.messages.length > 0 ? undefined : html`<p>${texts.nothingToAsk}</p>`
  const body = isSettings
    ? html`<div class="page-head"><h1>${heading}</h1><p class="lead">${texts.settings.lead}</p></div>${notice}${form.body}${nothing}`
    : html`<div class="card"><h1>${heading}</h1>${notice}${whoRefreshes(flow, language)}${form.body}${nothing}${elsewhere(site, flow, language)}</div>`
  return renderPage(site.frame, {
    language,
    title: `${prefix}${form.saved === undefined ? heading : texts.settings.savedTitle(form.saved)}`,
    body,
    wide: isSettings,
    leadsElsewhere: form.leadsElsewhere,
    signedIn: isSettings,
    ...(isSettings ? { current: 'settings' } : {}),
    address: `${request.fullPath}?flow=${flow.id}`,
    keepLanguage: chosen,
  })
}

const isToken = (node: UiNode): boolean => nodeId(node) === 'csrf_token' || node.type === 'script'

function headingOf({ name, refresh, requestedAal }: Flow, { texts }: Language): string {
  if (name !== 'login') return texts[name].title
  if (requestedAal === 'aal2') return texts.login.secondFactorTitle
  return refresh ? texts.login.refreshTitle : texts.login.title
}

/** Why this is not the form that the person was looking for. */
function noticeOf({ requestUrl }: Flow, { texts }: Language): Content {
  const wanted = queryOf(requestUrl).get('notice') ?? ''
  const text = Object.hasOwn(texts.notices, wanted) ? texts.notices[wanted as Notice] : undefined
  return text && html`<div class="notice info" role="status"><p>${text}</p></div>`
}

const queryOf = (address: string): URLSearchParams =>
  parseQuery(address.split('#', 1)[0]!.split('?').slice(1).join('?'))

/** Whoever confirms that it is them should see who they are taken for. */
function whoRefreshes({ name, refresh, ui }: Flow, { texts }: Language): Content {
  if (name !== 'login' || !refresh) return undefined
  const known = ui.nodes?.find(
    (node) => nodeId(node) === 'identifier' && isInput(node) && node.attributes.type === 'hidden',
  )
  const value = known && isInput(known) ? known.attributes.value : undefined
  return (
    typeof value === 'string' && value !== '' && html`<p class="who">${texts.login.as} <strong>${value}</strong></p>`
  )
}

/** Where else the person may want to go. */
function elsewhere({ publicBaseUrl, offers, uiUrls, readers }: Site, flow: Flow, { texts, tag }: Language): Content {
  const returnTo = returnToOf(flow) || undefined
  const locale = queryOf(flow.requestUrl).has('ui_locales') ? tag : undefined
  const to = (name: FlowName) => initUrl(publicBaseUrl, name, 'browser', { return_to: returnTo, ui_locales: locale })
  const { login, registration, recovery, verification } = texts
  switch (flow.name) {
    case 'login':
      return html`<div class="elsewhere">${offers.recovery && flow.requestedAal !== 'aal2' && html`<p><a href="${to('recovery')}">${login.forgot}</a></p>`}${
        offers.registration &&
        !flow.refresh &&
        flow.requestedAal !== 'aal2' &&
        html`<p>${login.noAccount} <a href="${to('registration')}">${login.register}</a></p>`
      }</div>`
    case 'registration':
      return html`<div class="elsewhere"><p>${registration.haveAccount} <a href="${to('login')}">${registration.signIn}</a></p></div>`
    case 'recovery':
      return html`<div class="elsewhere"><p><a href="${to('login')}">${recovery.back}</a></p></div>`
    case 'verification':
      return (
        readers.settings &&
        html`<div class="elsewhere"><p><a href="${uiUrls.settings}">${verification.back}</a></p></div>`
      )
    case 'settings':
      return undefined
  }
}
