import { parseUuid } from '../lib/uuid.ts'
import type { Request, Response } from '../http/types.ts'
import { findError } from '../flows/error/store.ts'
import { joinPath, withQuery } from '../http/urls.ts'
import type { Site } from './deps.ts'
import { html, type Html } from './html.ts'
import { negotiateLanguage } from './language.ts'
import { renderPage } from './layout.ts'
import type { Texts } from './texts/texts.ts'

type Shown = { id?: string; code?: number; reason?: string; message?: string; request?: string }

/** Says what went wrong in words that help, and keeps what only support needs apart. */
export async function showError({ db, frame, publicBaseUrl }: Site, request: Request): Promise<Response> {
  const wanted = request.query.get('id') ?? request.query.get('error')
  const id = parseUuid(wanted)
  const found = id && (await findError(db, id))
  const error: Shown = found ? (JSON.parse(found.body) as Shown) : { code: 404 }
  const { language, chosen } = negotiateLanguage(request)
  const { texts } = language
  const title = error.code === 404 ? texts.error.notFoundTitle : texts.error.title
  const body = html`<div class="card"><h1>${title}</h1><p>${sentence(error, texts)}</p>
<p class="buttons"><a class="button primary" href="${joinPath(publicBaseUrl, '/')}">${texts.error.home}</a></p>${found && details(error, found.id, texts)}</div>`
  return renderPage(frame, {
    language,
    title,
    body,
    address: withQuery(request.fullPath, { id }),
    keepLanguage: chosen,
  })
}

function sentence({ id = '', code = 500 }: Shown, { error }: Texts): string {
  const known = Object.hasOwn(error.byId, id) ? error.byId[id] : undefined
  if (known !== undefined) return known
  if (code === 404 || code === 410) return error.notFound
  if (code === 429 || code === 503) return error.busy
  if (code >= 500) return error.ours
  return code === 401 || code === 403 ? error.denied : error.wrong
}

function details({ code, reason, message, request }: Shown, id: string, { error: words }: Texts): Html {
  const rows: [string, string | number | undefined][] = [
    [words.code, code],
    [words.reason, reason ?? message],
    [words.id, id],
    [words.request, request],
  ]
  return html`<details><summary>${words.details}</summary><dl class="facts">${rows.map(([term, value]) => value !== undefined && html`<div><dt>${term}</dt><dd dir="auto">${value}</dd></div>`)}</dl></details>`
}
