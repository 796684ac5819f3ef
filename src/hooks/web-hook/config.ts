import { type Finding, duration, flag, integer, list, map, object, optional, text, uri } from '../../lib/shape.ts'
import { outboundAuth } from '../../http/config.ts'

/** How a target is asked, beyond what Kratos knows: whoever asks about a web hook and about a password has the same. */
export const delivery = {
  /** Every one of these signs each request after the Standard Webhooks specification: `whsec_` and Base64 of 24 to 64 bytes. */
  signing_secrets: list(text({ rule: signingSecret }), { default: [] }),
  /** How long a person waits at most, all attempts and the making of the body included. */
  timeout: duration('30s'),
  /** How often it is tried again after a failed connection, 429 or 5xx. */
  retries: integer({ default: 2, minimum: 0, maximum: 10 }),
  /** Whether redirects are followed. If not, one is a failure. */
  follow_redirects: flag(true),
}

/** What the hook `web_hook` may be told. */
export const webHook = object(
  {
    id: optional(text()),
    url: uri(),
    method: text(),
    headers: optional(map(text())),
    /** Jsonnet by URL, or the path of a file. */
    body: optional(text({ format: 'uri-if-schemed' })),
    auth: optional(outboundAuth),
    response: object({ ignore: flag(false), parse: flag(false) }, { rule: ignoredAnswers }),
    /** Outdated spelling of `response.parse`, for refusals alone. */
    can_interrupt: flag(false),
    /** Whether requests carry `Ory-Webhook-Request-ID` and `Ory-Webhook-Trigger-ID`. */
    emit_analytics_event: flag(true),
    ...delivery,
  },
  { rule: interruptions },
)

function signingSecret(secret: string): Finding[] {
  const [, encoded = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const { length } = Buffer.from(encoded, 'base64')
  if (length >= 24 && length <= 64) return []
  return [
    {
      at: [],
      reason: 'A signing secret is whsec_ and the Base64 of 24 to 64 bytes.',
      remedy: 'Make one with: echo "whsec_$(openssl rand -base64 32)"',
    },
  ]
}

function ignoredAnswers({ ignore, parse }: { ignore: boolean; parse: boolean }): Finding[] {
  if (!ignore || !parse) return []
  return [
    { at: [], reason: 'An answer cannot be ignored and parsed at once.', remedy: 'Set ignore or parse to false.' },
  ]
}

function interruptions({
  response,
  can_interrupt,
}: {
  response: { ignore: boolean }
  can_interrupt: boolean
}): Finding[] {
  if (!response.ignore || !can_interrupt) return []
  return [
    {
      at: ['can_interrupt'],
      reason: 'A hook whose answer is ignored cannot interrupt a flow.',
      remedy: 'Remove can_interrupt, or set response.ignore to false.',
    },
  ]
}
