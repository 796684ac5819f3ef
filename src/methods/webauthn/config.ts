import { type Finding, flag, list, object, optional, text, uri } from '../../lib/shape.ts'

export const webauthn = object(
  {
    enabled: flag(false),
    config: optional(
      object({
        /** First factor instead of second. */
        passwordless: flag(false),
        rp: optional(
          object(
            {
              id: text(),
              display_name: text(),
              origin: optional(uri()),
              origins: optional(list(uri())),
              icon: optional(uri()),
            },
            { open: true, rule: oneOriginKey },
          ),
        ),
      }),
    ),
  },
  { rule: configured },
)

function oneOriginKey(rp: { origin?: string; origins?: string[] }): Finding[] {
  if (rp.origin === undefined || rp.origins === undefined) return []
  return [
    { at: ['origin'], reason: 'Both origin and origins are given.', remedy: 'Move the origin into the list origins.' },
  ]
}

function configured({ enabled, config }: { enabled: boolean; config?: unknown }): Finding[] {
  if (!enabled || config !== undefined) return []
  return [
    {
      at: ['config'],
      reason: 'WebAuthn is on, but not configured.',
      remedy: 'Add config.rp with id and display_name.',
    },
  ]
}
