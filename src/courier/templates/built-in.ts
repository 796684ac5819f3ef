import type { JsonObject, TemplateName, TextTemplateName, Via } from '../message.ts'
import { languageFor, type Language } from './language.ts'
import { texts, type Facts, type MailText, type Part } from './texts.ts'

/** A message as it goes out; text messages have a body only. */
export type Rendered = { subject: string; body: string; htmlBody: string | null }

/** The built-in wording of a message. The code stands alone on its line, and there is one link at most. */
export function renderBuiltIn(template: TemplateName, via: Via, model: JsonObject): Rendered {
  const language = languageFor(model)
  const facts = factsOf(model, language)
  if (via === 'sms')
    return { subject: '', body: textMessage(template as TextTemplateName, facts, model, language), htmlBody: null }
  const mail = texts[language].mails[template](facts)
  return { subject: mail.subject, body: plain(mail, facts, language), htmlBody: html(mail, facts, language) }
}

function factsOf(model: JsonObject, language: Language): Facts {
  const text = (...names: string[]) => names.map((name) => model[name]).find((value) => typeof value === 'string') ?? ''
  return {
    code: text('recovery_code', 'verification_code', 'login_code', 'registration_code'),
    url: text('recovery_url', 'verification_url'),
    minutes: Number(model.expires_in_minutes ?? 0),
    moment: momentIn(text('changed_at'), language),
  }
}

/** `2026-07-01T10:00:00Z` as people read it; the clock is UTC, as nobody's time zone is known. */
function momentIn(rfc3339: string, language: Language): string {
  const date = new Date(rfc3339)
  if (Number.isNaN(date.getTime())) return rfc3339
  const format = new Intl.DateTimeFormat(language === 'de' ? 'de-DE' : 'en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  return `${format.format(date)} UTC`
}

function textMessage(
  template: TextTemplateName,
  facts: Facts,
  { request_url_domain: domain }: JsonObject,
  language: Language,
): string {
  const text = texts[language].texts[template](facts)
  // The last line binds the code to the site, so that phones offer it nowhere else: https://wicg.github.io/sms-one-time-codes/
  return facts.code === '' || typeof domain !== 'string' || domain === ''
    ? text
    : `${text}\n\n@${domain} #${facts.code}`
}

function plain({ parts }: MailText, facts: Facts, language: Language): string {
  const lines = parts.map((part) =>
    typeof part === 'string' ? part : 'code' in part ? `    ${facts.code}` : facts.url,
  )
  return `${[...lines, `-- \n${texts[language].footer}`].join('\n\n')}\n`
}

/**
 * One column that fits every screen, readable without images, styles or scripts. Colours have a contrast of 7:1 at
 * least; a dark background of the mail program does not hide anything.
 */
function html({ subject, heading, parts }: MailText, facts: Facts, language: Language): string {
  const { footer, addressOfButton } = texts[language]
  const shown = (part: Part): string => {
    if (typeof part === 'string') return `<p>${escape(part)}</p>`
    if ('code' in part) return `<p class="code">${escape(facts.code)}</p>`
    const url = escape(facts.url)
    return `<p><a class="button" href="${url}">${escape(part.link)}</a></p>\n<p class="small">${escape(addressOfButton)}<br>${url}</p>`
  }
  return `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(subject)}</title>
<style>
body { margin: 0; padding: 24px 16px; background: #ffffff; color: #1a1a1a; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 560px; margin: 0 auto; }
h1 { font-size: 22px; line-height: 1.3; margin: 0 0 16px; }
p { margin: 0 0 16px; }
.code { font: 700 32px/1.2 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; letter-spacing: 4px; margin: 24px 0; }
.button { display: inline-block; padding: 12px 20px; border-radius: 6px; background: #0b3d91; color: #ffffff; font-weight: 600; text-decoration: none; }
.small { font-size: 14px; overflow-wrap: anywhere; word-break: break-word; }
footer { max-width: 560px; margin: 32px auto 0; padding-top: 16px; border-top: 1px solid #6e6e6e; font-size: 14px; }
@media (prefers-color-scheme: dark) {
  body { background: #14151a; color: #f2f2f2; }
  .button { background: #a8c7fa; color: #0a1f44; }
}
</style>
</head>
<body>
<main>
<h1>${escape(heading)}</h1>
${parts.map(shown).join('\n')}
</main>
<footer>${escape(footer)}</footer>
</body>
</html>
`
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }
const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => escapes[c]!)
