import { type Finding, choice, duration, integer, list, map, object, optional, text, uri } from '../lib/shape.ts'
import { deliveryRequest } from '../http/config.ts'

const email = optional(
  object({
    subject: optional(uri()),
    body: object({ plaintext: optional(uri()), html: optional(uri()) }),
  }),
)
const sms = optional(object({ body: object({ plaintext: optional(uri()) }) }))

function emailGiven(template: { email?: unknown }): Finding[] {
  if (template.email !== undefined) return []
  return [
    { at: ['email'], reason: 'The template for e-mail is missing.', remedy: 'Add email with a subject or a body.' },
  ]
}

function requestGiven(channel: { request_config?: unknown }): Finding[] {
  if (channel.request_config !== undefined) return []
  return [
    { at: ['request_config'], reason: 'The channel does not say whom to call.', remedy: 'Add request_config.url.' },
  ]
}

const valid = optional(object({ email, sms }, { rule: emailGiven }))
const answer = object({ invalid: optional(object({ email }, { rule: emailGiven })), valid })

export const courier = object({
  templates: object({
    recovery: answer,
    recovery_code: answer,
    verification: answer,
    verification_code: answer,
    registration_code: object({ valid }),
    login_code: object({ valid }),
    verifiable_address_changed: object({ email, sms }),
  }),
  template_override_path: optional(text()),
  message_retries: integer({ default: 5 }),
  worker: object({ pull_count: integer({ default: 10 }), pull_wait: duration('1s') }, { open: true }),
  delivery_strategy: choice(['smtp', 'http'], 'smtp'),
  http: object({ request_config: deliveryRequest }),
  smtp: object({
    connection_uri: optional(text({ pattern: '^smtps?://' })),
    client_cert_path: text({ default: '' }),
    client_key_path: text({ default: '' }),
    from_address: text({ default: 'no-reply@ory.kratos.sh', format: 'email' }),
    from_name: optional(text()),
    headers: optional(map(text())),
    /** What the client calls itself in EHLO. */
    local_name: text({ default: 'localhost' }),
  }),
  channels: list(
    object(
      { id: choice(['sms']), type: optional(choice(['http'])), request_config: optional(deliveryRequest) },
      { rule: requestGiven },
    ),
    { default: [] },
  ),
})
