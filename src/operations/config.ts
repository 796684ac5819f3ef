import { anything, choice, flag, integer, list, map, number, object, optional, text, uri } from '../lib/shape.ts'

export const log = object({
  level: choice(['trace', 'debug', 'info', 'warning', 'error', 'fatal', 'panic'], 'info'),
  format: choice(['json', 'text'], 'text'),
  leak_sensitive_values: flag(false),
  redaction_text: optional(text()),
})

export const tracing = object({
  provider: optional(choice(['jaeger', 'otel', 'zipkin'])),
  service_name: text({ default: 'Zelos' }),
  deployment_environment: optional(text()),
  providers: object({
    jaeger: object({
      local_agent_address: optional(text()),
      sampling: object({ server_url: optional(uri()), trace_id_ratio: optional(number()) }),
    }),
    zipkin: object({ server_url: optional(uri()), sampling: object({ sampling_ratio: optional(number()) }) }),
    otlp: object({
      server_url: optional(text()),
      insecure: optional(flag()),
      sampling: object({ sampling_ratio: optional(number()) }),
      authorization_header: optional(text()),
    }),
  }),
})

const singleUnit = '^[0-9]+(ns|us|ms|s|m|h)$'

export const database = object({
  cleanup: object(
    {
      /** Whether the server removes what has expired while it serves. Kratos has no such key. */
      enabled: flag(true),
      /** How many rows of a table are removed in one go. */
      batch_size: integer({ default: 100, minimum: 1 }),
      /** The pause between two rounds through the tables. */
      sleep: object({ tables: text({ default: '1m', format: 'duration', pattern: singleUnit }) }, { open: true }),
      /** For how long rows are kept at least after they have expired. */
      older_than: text({ default: '0s', format: 'duration', pattern: singleUnit }),
    },
    { open: true },
  ),
})

export const oauth2Provider = object({
  url: optional(uri()),
  headers: optional(map(text())),
  override_return_to: flag(false),
})

export const featureFlags = object({
  cacheable_sessions: flag(false),
  cacheable_sessions_max_age: optional(text({ format: 'duration' })),
  use_continue_with_transitions: flag(false),
  choose_recovery_address: flag(false),
  legacy_continue_with_verification_ui: flag(false),
  legacy_require_verified_login_error: flag(false),
  faster_session_extend: flag(false),
  password_profile_registration_node_group: choice(['password', 'default'], 'default'),
  legacy_oidc_registration_node_group: flag(false),
  legacy_allow_insecure_origins: flag(false),
  refresh_login_choose_address: flag(false),
})

/** Keys at the root that are no sections. Those with a hyphen exist as flags only, never as environment variables. */
export const general = {
  /** The release that a file was written for; any text passes. */
  version: optional(text()),
  /** What the configuration endpoint shows instead of the hash. */
  revision: optional(text()),
  dsn: text(),
  dev: flag(false),
  help: flag(false),
  config: list(text(), { default: [] }),
  'sqa-opt-out': flag(false),
  'watch-courier': flag(false),
  'expose-metrics-port': integer({ default: 0, minimum: 0, maximum: 65535 }),
  organizations: list(anything(), { default: [] }),
  preview: object({ default_read_consistency_level: choice(['strong', 'eventual'], 'strong') }, { open: true }),
}
