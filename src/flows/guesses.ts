import { messages } from '../ui/messages.ts'
import type { Problem } from './form.ts'

/** Somebody has guessed wrong so often that nothing is looked at for a while, not even what is right. */
export const tooManyGuesses = (): Problem => ({
  node: undefined,
  message: messages.generic({ reason: 'Too many wrong codes. Wait some minutes, then try again.' }),
})
