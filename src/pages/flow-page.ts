import { ApiError } from '../errors.ts'
import { cookieValues } from '../http/cookies.ts'
import { parseQuery } from '../http/query.ts'
import { redirect } from '../http/respond.ts'
import type { Request, Response } from '../http/types.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import { initUrl, returnToOf, type Flow, type FlowName, type Ui } from '../flows/flow.ts'
import * as normalisers from '../identities/normalise.ts'
import { deriveFromTraits } from '../identities/schema/derive.ts'
import type { Json } from '../lib/json.ts'
import { nodeId, nodeValue, withValue, type UiNode } from '../ui/node.ts'
import { testPath } from './config.ts'
import type { Site } from './deps.ts'
import { renderForm } from './form.ts'
import { html, type Content } from './html.ts'
import { isCompletion } from './known.ts'
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
    if (flow.testContext?.debug_payload)
      return redirect(request, 303, withQuery(joinPath(site.publicBaseUrl, testPath), { flow: flow.id }))
    return await render(site, request, { ...flow, ui })
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

async function render(site: Site, request: Request, flow: Flow): Promise<Response> {
  const { language, chosen } = negotiateLanguage(request, flow.requestUrl)
  const isSettings = flow.name === 'settings'
  const person = flow.name === 'login' && flow.refresh && !flow.testContext ? await whoIsHere(site, request) : undefined
  const form = renderForm(knowing(flow.ui, person), {
    language,
    layout: isSettings ? 'sections' : isSecondFactor(flow) ? 'ways' : 'single',
    lastGroup: typeof flow.internal.last_method === 'string' ? flow.internal.last_method : undefined,
    focusFirst: !isSettings,
    ...(isSettings ? { notes: { profile: await unverified(site, request, language) } } : {}),
  })
  const { texts } = language
  const heading = headingOf(flow, language)
  const prefix = form.hasProblems ? `${texts.errorPrefix}: ` : ''
  const notice = flow.ui.messages.length === 0 && !form.hasProblems ? noticeOf(flow, language) : undefined
  const asked = flow.ui.nodes?.some((node) => !isToken(node)) ?? false
  const nothing = asked || flow.ui.messages.length > 0 ? undefined : html`<p>${texts.nothingToAsk}</p>`
  const who = person !== undefined && html`<p class="who">${texts.login.as} <strong>${person}</strong></p>`
  const body = isSettings
    ? html`<div class="page-head"><h1>${heading}</h1><p class="lead">${texts.settings.lead}</p></div>${notice}${form.body}${nothing}`
    : html`<div class="card"><h1>${heading}</h1>${leadOf(flow, language)}${notice}${who}${form.body}${nothing}${elsewhere(site, flow, language)}</div>`
  return renderPage(site.frame, {
    language,
    title: `${prefix}${form.saved === undefined ? heading : texts.settings.savedTitle(form.saved)}`,
    body,
    wide: isSettings,
    // A change that waited for this sign-in may be on its way to a provider, and an OAuth2 server may wait for it.
    leadsElsewhere:
      form.leadsElsewhere || (flow.name === 'login' && site.offers.providers) || flow.loginChallenge !== undefined,
    signedIn: isSettings,
    ...(isSettings ? { current: 'settings' } : {}),
    address: `${request.fullPath}?flow=${flow.id}`,
    keepLanguage: chosen,
  })
}

const isToken = (node: UiNode): boolean => nodeId(node) === 'csrf_token' || node.type === 'script'

const isSecondFactor = ({ name, requestedAal }: Flow): boolean => name === 'login' && requestedAal === 'aal2'

/** Whether a provider has told about somebody of whom something more has to be known. */
const isCompletionOf = ({ name, ui }: Flow): boolean =>
  name === 'registration' &&
  (ui.nodes ?? []).some(isCompletion) &&
  (ui.nodes ?? []).some((node) => node.group === 'default' && !isToken(node))

function headingOf(flow: Flow, { texts }: Language): string {
  if (isCompletionOf(flow)) return texts.registration.completeTitle
  if (flow.testContext) return texts.test.startTitle
  if (flow.name !== 'login') return texts[flow.name].title
  if (isSecondFactor(flow)) return texts.login.secondFactorTitle
  return flow.refresh ? texts.login.refreshTitle : texts.login.title
}

function leadOf(flow: Flow, { texts }: Language): Content {
  if (flow.testContext) return html`<p class="lead">${texts.test.startLead}</p>`
  return isCompletionOf(flow) && html`<p class="lead">${texts.registration.completeLead}</p>`
}

/** Why this is not the form that the person was looking for. */
function noticeOf({ requestUrl }: Flow, { texts }: Language): Content {
  const wanted = queryOf(requestUrl).get('notice') ?? ''
  const text = Object.hasOwn(texts.notices, wanted) ? texts.notices[wanted as Notice] : undefined
  return text && html`<div class="notice info" role="status"><p>${text}</p></div>`
}

const queryOf = (address: string): URLSearchParams =>
  parseQuery(address.split('#', 1)[0]!.split('?').slice(1).join('?'))

/** Addresses that are not verified, and where that is done. */
async function unverified(
  { authenticate, offers, readers, uiUrls }: Site,
  request: Request,
  { texts: { settings, home } }: Language,
): Promise<Content> {
  if (!offers.verification || !readers.verification) return undefined
  const current = await authenticate(request)
  return current?.identity.verifiableAddresses
    .filter(({ verified }) => !verified)
    .map(
      ({ value }) =>
        html`<p class="notice info">${settings.notVerified(value)} <a href="${uiUrls.verification}" aria-label="${home.verifyOf(value)}">${home.verify}</a></p>`,
    )
}

/** Whoever confirms that it is them should see who they are taken for: by what they sign in with, where the schema tells. */
async function whoIsHere({ authenticate, schemas }: Site, request: Request): Promise<string | undefined> {
  const current = await authenticate(request)
  if (!current) return undefined
  const { identity } = current
  const schema = await schemas.get(identity.schemaId)
  const known = deriveFromTraits(schema, identity.traits.value as Json, normalisers)
  return [...known.passwordIdentifiers, ...known.codeIdentifiers.map(({ address }) => address)].find(
    (name) => name !== '',
  )
}

/** The form with the name of the person whom it is for, where it asks for one. */
const knowing = (ui: Ui, person: string | undefined): Ui =>
  person === undefined
    ? ui
    : {
        ...ui,
        nodes: (ui.nodes ?? []).map((node) =>
          nodeId(node) === 'identifier' && !nodeValue(node) ? withValue(node, person) : node,
        ),
      }

/** Where else the person may want to go. */
function elsewhere(site: Site, flow: Flow, { texts, tag }: Language): Content {
  const { publicBaseUrl, offers, uiUrls, readers } = site
  if (flow.testContext) return undefined
  const returnTo = returnToOf(flow) || undefined
  const locale = queryOf(flow.requestUrl).has('ui_locales') ? tag : undefined
  const to = (name: FlowName) => initUrl(publicBaseUrl, name, 'browser', { return_to: returnTo, ui_locales: locale })
  const { login, registration, recovery, verification } = texts
  switch (flow.name) {
    case 'login':
      return html`<div class="elsewhere">${isSecondFactor(flow) ? afterFirstFactor(site, flow, texts) : beforeSignIn()}</div>`
    case 'registration':
      return html`<div class="elsewhere">${(flow.ui.nodes ?? []).some(isCompletion) && html`<p><a href="${to('registration')}">${registration.otherWay}</a></p>`}<p>${registration.haveAccount} <a href="${to('login')}">${registration.signIn}</a></p></div>`
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
  function beforeSignIn(): Content {
    return [
      offers.recovery && html`<p><a href="${to('recovery')}">${login.forgot}</a></p>`,
      offers.registration &&
        !flow.refresh &&
        html`<p>${login.noAccount} <a href="${to('registration')}">${login.register}</a></p>`,
    ]
  }
}

/** Whoever has no second factor at hand can at least leave; and once a code was sent, go another way. */
function afterFirstFactor({ publicBaseUrl, frame }: Site, flow: Flow, { login }: Language['texts']): Content {
  const again = initUrl(publicBaseUrl, 'login', 'browser', { aal: 'aal2', return_to: returnToOf(flow) || undefined })
  return [
    flow.state === 'sent_email' && html`<p><a href="${again}">${login.otherWay}</a></p>`,
    html`<p><a href="${frame.addresses.logout}">${login.signOut}</a></p>`,
  ]
}
