import { cookieValues } from '../http/cookies.ts'
import { parseQuery } from '../http/query.ts'
import { microsPerMs, type Micros } from '../lib/clock.ts'
import type { Request } from '../http/types.ts'
import type { UiText } from '../ui/messages.ts'
import { de } from './texts/de.ts'
import { en } from './texts/en.ts'
import type { Texts } from './texts/texts.ts'

/** The languages that there are, by their tags. The first one is for everybody who understands none of the others. */
export const catalogues: ReadonlyMap<string, Texts> = new Map([
  ['en', en],
  ['de', de],
])

/** How a page speaks. */
export type Language = {
  /** Of the page's texts, as in `de`. */
  tag: string
  texts: Texts
  message(text: UiText): string
  /** Date and time in UTC; where scripts run, the page shows it in the person's own zone. */
  moment(moment: Micros): string
  /** The day of a moment in UTC, as for `moment`. */
  day(moment: Micros): string
}

const languages = new Map([...catalogues].map(([tag, texts]) => [tag, languageOf(tag, texts)]))

function languageOf(tag: string, texts: Texts): Language {
  let dates: Intl.DateTimeFormat | undefined
  let days: Intl.DateTimeFormat | undefined
  return {
    tag,
    texts,
    message({ id, text, context = {} }) {
      const known = texts.messages[id]
      // A label whose words come from outside has them in its text alone; and English is what texts are written in.
      const said = typeof known === 'function' ? known(context) : known
      return said === undefined || said === '' ? text : said
    },
    moment(moment) {
      dates ??= new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
      return `${dates.format(moment / microsPerMs)} UTC`
    },
    day(moment) {
      days ??= new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeZone: 'UTC' })
      return days.format(moment / microsPerMs)
    },
  }
}

export const languageCookie = 'zelos_language'

/**
 * The language for a request: the query's `ui_locales` – a list, as OpenID Connect has it –, then a choice made before,
 * then the `ui_locales` with which the flow began, then what the browser asks for.
 * @returns with `chosen` when the query made a choice that is worth keeping
 */
export function negotiateLanguage(request: Request, flowUrl = ''): { language: Language; chosen: boolean } {
  const asked = fromList(request.query.get('ui_locales'))
  if (asked) return { language: asked, chosen: true }
  const begun = flowUrl.includes('ui_locales=')
    ? parseQuery(flowUrl.split('#')[0]!.split('?').slice(1).join('?'))
    : undefined
  const language =
    fromList(cookieValues(request, languageCookie)[0]) ??
    fromList(begun?.get('ui_locales')) ??
    accepted(request.headers['accept-language']) ??
    languages.get('en')!
  return { language, chosen: false }
}

/** The first language of a list with spaces that there is. */
function fromList(list: string | null | undefined): Language | undefined {
  for (const tag of list?.split(' ', 20) ?? []) {
    const language = byTag(tag)
    if (language) return language
  }
  return undefined
}

/** `de-AT` is German for want of anything closer. */
const byTag = (tag: string): Language | undefined =>
  languages.get(tag.toLowerCase()) ?? languages.get(tag.toLowerCase().split('-', 1)[0]!)

function accepted(header: string | undefined): Language | undefined {
  const wishes = (header ?? '')
    .split(',', 50)
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().split(/\s*;\s*/)
      const quality = parameters.find((parameter) => parameter.startsWith('q='))
      return { tag, q: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
    })
    .filter(({ q }) => q > 0)
    .toSorted((a, b) => b.q - a.q)
  for (const { tag } of wishes) {
    const language = byTag(tag)
    if (language) return language
  }
  return undefined
}
