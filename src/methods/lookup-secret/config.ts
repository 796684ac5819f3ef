import { flag, object } from '../../lib/shape.ts'

export const lookupSecret = object({ enabled: flag(false) })
