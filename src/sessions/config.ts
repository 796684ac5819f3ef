import { choice, derived, duration, flag, map, object, optional, text, uri } from '../lib/shape.ts'

/** `cookie.*` falls back to the root's `cookies.*`, except `secure`, which follows the development mode alone. */
export const session = object({
  lifespan: duration('24h'),
  /** A session can be prolonged once no more than this is left of it; `lifespan` unless set. */
  earliest_possible_extend: derived(duration()),
  cookie: object({
    name: text({ default: 'ory_kratos_session' }),
    domain: optional(text()),
    path: derived(text()),
    same_site: derived(choice(['Strict', 'Lax', 'None'])),
    /** `true` or `false`, as a text by contract. */
    secure: derived(text()),
    persistent: flag(true),
  }),
  whoami: object({
    required_aal: choice(['aal1', 'highest_available'], 'highest_available'),
    tokenizer: object(
      {
        templates: map(
          object(
            {
              ttl: duration('1m'),
              jwks_url: uri(),
              claims_mapper_url: optional(uri()),
              subject_source: choice(['id', 'external_id'], 'id'),
            },
            { open: true },
          ),
        ),
      },
      { open: true },
    ),
  }),
})
