import { type Finding, choice, list, flag, object, optional, text } from '../../lib/shape.ts'

function longerThanNothing(value: string): Finding[] {
  if (/^([1-9][0-9]*(ns|us|ms|s|m|h))+$/.test(value)) return []
  return [{ at: [], reason: 'This has to be longer than nothing.', remedy: 'Write a duration such as 5m.' }]
}

const timeout = optional(text({ format: 'duration', rule: longerThanNothing }))

export const passkey = object({
  enabled: flag(false),
  config: object({
    rp: optional(object({ id: text(), display_name: text(), origins: optional(list(text())) }, { open: true })),
    authenticator_selection: object({
      attachment: optional(choice(['platform', 'cross-platform'])),
      resident_key: choice(['required', 'preferred', 'discouraged'], 'required'),
      user_verification: choice(['required', 'preferred', 'discouraged'], 'preferred'),
    }),
    attestation: object({ preference: choice(['none', 'indirect', 'direct', 'enterprise'], 'none') }),
    timeouts: object({ registration: timeout, login: timeout }),
  }),
})
