import { mailedFlow } from '../config.ts'

export const recovery = mailedFlow('recovery')
