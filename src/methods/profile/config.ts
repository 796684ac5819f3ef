import { flag, object } from '../../lib/shape.ts'

export const profile = object({ enabled: flag(true) })
