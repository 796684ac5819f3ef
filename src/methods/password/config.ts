import { choice, flag, integer, map, object, optional, text, uri } from '../../lib/shape.ts'
import { delivery } from '../../hooks/web-hook/config.ts'
import { jsonnetUrl, outboundAuth } from '../../http/config.ts'

export const password = object({
  enabled: flag(true),
  config: object({
    /** Host of a breach list that answers by the first five hex digits of a SHA-1. */
    haveibeenpwned_host: text({ default: 'api.pwnedpasswords.com' }),
    haveibeenpwned_enabled: flag(true),
    /** In how many breaches a password may have been. */
    max_breaches: integer({ default: 0, minimum: 0, maximum: 100 }),
    /** Whether a password passes when the breach list cannot be reached. */
    ignore_network_errors: flag(true),
    min_password_length: integer({ default: 8, minimum: 6 }),
    identifier_similarity_check_enabled: flag(true),
    migrate_hook: object({
      enabled: flag(false),
      config: object({
        url: optional(uri()),
        method: choice(['POST'], 'POST'),
        headers: optional(map(text())),
        body: optional(jsonnetUrl),
        auth: optional(outboundAuth),
        emit_analytics_event: flag(true),
        ...delivery,
      }),
    }),
  }),
})
