import { errors } from '../errors.ts'
import type { Flow } from '../flows/flow.ts'
import { deleteFlow } from '../flows/store.ts'
import type { TestContext, TestDebugPayload } from '../flows/wire-schema.ts'
import { parseQuery } from '../http/query.ts'
import { redirect } from '../http/respond.ts'
import type { Request, Response } from '../http/types.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import { testPath } from './config.ts'
import type { Site } from './deps.ts'
import { html, type Content, type Html } from './html.ts'
import { negotiateLanguage } from './language.ts'
import { renderPage } from './layout.ts'
import type { Texts } from './texts/texts.ts'

/**
 * Shows operators what came of trying a provider out; a test that has not been made leads to its beginning.
 * @throws ApiError as the API answers it: for another browser, or when there is no such test
 */
export async function showTest(site: Site, request: Request): Promise<Response> {
  const { publicBaseUrl, frame } = site
  const { id, test } = await readTest(site, request, request.query.get('flow'))
  const payload = test.debug_payload
  if (!payload) return redirect(request, 303, withQuery(joinPath(publicBaseUrl, 'login'), { flow: id }))
  const { language, chosen } = negotiateLanguage(request)
  const { test: words } = language.texts
  const title = words.title(test.provider_id)
  const outcome = payload.error
    ? html`<div class="notice error" role="status"><p>${words.failed}</p></div>`
    : html`<div class="notice success" role="status"><p>${words.passed}</p></div>`
  const remove = html`<form method="post" action="${joinPath(publicBaseUrl, testPath)}"><input type="hidden" name="csrf_token" value="${request.csrf.token()}"><input type="hidden" name="flow" value="${id}"><button type="submit" class="button danger">${words.remove}</button></form>`
  const body = html`<div class="page-head"><h1>${title}</h1><p class="lead">${words.lead}</p></div>
${outcome}
${problem(payload, words)}${found('output', words.output, words.outputHint, payload.jsonnet_output)}${found('claims', words.claims, words.claimsHint, payload.id_token_claims)}${found('userinfo', words.userinfo, words.userinfoHint, payload.userinfo)}
${section('end', words.end, words.endHint, remove)}`
  return renderPage(frame, {
    language,
    title,
    body,
    wide: true,
    address: withQuery(request.fullPath, { flow: id }),
    keepLanguage: chosen,
  })
}

/** Deletes a test for the browser that may read it; the port has checked that the form was ours. */
export async function removeTest(site: Site, request: Request): Promise<Response> {
  const form = parseQuery((await request.body()).toString('utf8'))
  const { id } = await readTest(site, request, form.get('flow'))
  await site.db.batch([deleteFlow(id)])
  return redirect(request, 303, joinPath(site.publicBaseUrl, '/'))
}

async function readTest(
  { readers }: Site,
  request: Request,
  id: string | null,
): Promise<{ id: string; test: TestContext }> {
  const { flow }: { flow: Flow } = await readers.login!(request, id ?? '')
  if (!flow.testContext) throw errors.notFound()
  return { id: flow.id, test: flow.testContext }
}

type Words = Texts['test']

const section = (id: string, title: string, hint: string, content: Content): Html =>
  html`<section class="card" aria-labelledby="${id}"><div class="section-head"><h2 id="${id}">${title}</h2>${hint !== '' && html`<p class="hint">${hint}</p>`}</div>
<div class="section-body">${content}</div></section>
`

/** The step that failed, and all that is known of it. */
function problem(payload: TestDebugPayload, words: Words): Content {
  const { error, jsonnet_stderr: stderr, schema_validation_errors: complaints = [], jsonnet_mapper_url: url } = payload
  if (!error) return undefined
  const rows: [string, Content][] = [
    [words.step, words.steps[error.step]],
    [words.said, error.message],
    [words.stderr, stderr === undefined ? undefined : html`<pre>${stderr}</pre>`],
    // A mapper that stands in its address is long, and known to whoever wrote it.
    [words.mapper, url?.startsWith('base64:') ? undefined : url],
    ...complaints.map(({ path, message }): [string, Content] => [`${words.atPath} ${path}`, message]),
  ]
  const facts = html`<dl class="facts">${rows.map(([term, content]) => content !== undefined && html`<div><dt>${term}</dt><dd dir="auto">${content}</dd></div>`)}</dl>`
  return section('problem', words.problem, '', facts)
}

const found = (id: string, title: string, hint: string, value: object | undefined): Content =>
  value && section(id, title, hint, html`<pre dir="ltr">${JSON.stringify(value, undefined, 2)}</pre>`)
