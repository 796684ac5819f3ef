import { derived, flag, object, text } from '../../lib/shape.ts'

export const totp = object({
  enabled: flag(false),
  /** The issuer that an authenticator app shows; the public host name unless set. */
  config: object({ issuer: derived(text()) }),
})
