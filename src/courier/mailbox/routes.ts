import { createHash } from 'node:crypto'
import type { Db } from '../../db/db.ts'
import { errors } from '../../errors.ts'
import type { Request, Response, Route } from '../../http/types.ts'
import { rfc3339 } from '../../lib/clock.ts'
import type { StoredMessage } from '../message.ts'
import { listMessages } from '../store.ts'

const shownMessages = 50

const style = `
body { max-width: 48rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0; }
article { border: 1px solid #6e6e6e; border-radius: 6px; padding: 1rem; margin: 1rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0 0; }
.facts { font-size: .9rem; margin: 0; }
`
const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/**
 * The mailbox of everybody, for the built-in development configuration alone: whoever can open it can take over every
 * account. It shows the queue itself, so nothing has to be sent for a message to be read.
 */
export function mailboxRoutes({ db }: { db: Db }): Route[] {
  return [{ method: 'GET', path: '/dev/mail', handler: show }]

  async function show(request: Request): Promise<Response> {
    // Another site whose name was pointed at this machine would otherwise read along (DNS rebinding).
    if (!/^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(request.headers.host ?? '')) throw errors.notFound()
    const messages = await listMessages(db, {}, { limit: shownMessages, after: undefined })
    return {
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentSecurityPolicy,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      },
      body: page(messages),
    }
  }
}

const page = (messages: readonly StoredMessage[]): string => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Mailbox</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Mailbox</h1>
<p>What this development server wrote to people, newest first. The page refreshes itself every five seconds.</p>
${messages.length === 0 ? '<p>Nothing yet.</p>' : messages.map(article).join('\n')}
</main>
</body>
</html>
`

const article = ({ recipient, subject, body, status, template, createdAt }: StoredMessage): string => `<article>
<h2>${escape(subject === '' ? 'Text message' : subject)}</h2>
<p class="facts">to ${escape(recipient)} · <time datetime="${rfc3339(createdAt)}">${rfc3339(createdAt).slice(0, 19).replace('T', ' ')} UTC</time> · ${status} · ${escape(template)}</p>
<pre>${linked(body)}</pre>
</article>`

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }
const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => escapes[c]!)

/** Escaped text in which addresses can be followed. */
const linked = (text: string): string =>
  escape(text).replace(/https?:\/\/[^\s<>]+/g, (url) => `<a href="${url}" rel="noreferrer">${url}</a>`)
