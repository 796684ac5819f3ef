import { createSealer } from './cipher.ts'

/**
 * Keeps secrets that have to be shown or computed with again – so that a hash will not do – unreadable to whoever has
 * nothing but the database.
 */
export type Vault = {
  /** The sealed text. What is sealed already stays as it is. */
  seal(text: string): string
  /** What was sealed; a text that never was, as older databases hold it, is its own content. Undefined when no key fits. */
  open(stored: string): string | undefined
}

const mark = 'sealed:'

export const isSealed = (stored: unknown): boolean => typeof stored === 'string' && stored.startsWith(mark)

/**
 * @param secrets that outlive the process; the first seals, all open. Without any, texts stay as they are: sealed with a
 * key that is lost at the next start they would be lost too.
 */
export function createVault(secrets: string[]): Vault {
  if (secrets.length === 0) return { seal: (text) => text, open: (stored) => (isSealed(stored) ? undefined : stored) }
  const sealer = createSealer(secrets, 'credentials')
  return {
    seal: (text) => (isSealed(text) ? text : mark + sealer.seal(text)),
    open: (stored) => (isSealed(stored) ? sealer.open(stored.slice(mark.length)) : stored),
  }
}
