import { duration, flag, object, optional, text } from '../../lib/shape.ts'

export const link = object({
  enabled: flag(false),
  config: object({ base_url: optional(text()), lifespan: duration('1h') }, { open: true }),
})
