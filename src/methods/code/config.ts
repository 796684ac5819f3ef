import { type Finding, duration, flag, integer, object } from '../../lib/shape.ts'

export const code = object(
  {
    enabled: flag(true),
    passwordless_enabled: flag(false),
    mfa_enabled: flag(false),
    config: object(
      {
        lifespan: duration('1h'),
        /** Wrong codes that end a flow. */
        max_submissions: integer({ default: 5, minimum: 1, maximum: 255 }),
        missing_credential_fallback_enabled: flag(false),
      },
      { open: true },
    ),
  },
  { open: true, rule: oneFactorOnly },
)

function oneFactorOnly(code: { passwordless_enabled: boolean; mfa_enabled: boolean }): Finding[] {
  if (!code.passwordless_enabled || !code.mfa_enabled) return []
  return [
    {
      at: ['mfa_enabled'],
      reason: 'A code cannot be the first and the second factor at once.',
      remedy: 'Set passwordless_enabled or mfa_enabled to false.',
    },
  ]
}
