import { mailedFlow } from '../config.ts'

export const verification = mailedFlow('verification')
