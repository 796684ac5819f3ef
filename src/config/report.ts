import type { Logger } from '../operations/log.ts'
import { ConfigurationError, type Problem } from './problem.ts'

/**
 * Problems of a configuration with which a process goes on.
 * @param effect what follows from each of them, as a sentence
 */
export function logProblems(log: Logger, problems: readonly Problem[], effect: string): void {
  for (const { path, value, reason, remedy } of problems)
    log.error({ key: path, ...(value === undefined ? {} : { value }) }, `${reason} ${effect} ${remedy}`)
}

/** Why a new configuration is not used. */
export function logRefusal(log: Logger, error: unknown): void {
  if (error instanceof ConfigurationError) logProblems(log, error.problems, refused)
  else log.error({ error }, refused)
}

/** What follows for a new configuration that has a problem. */
export const refused = 'The new configuration is refused, the old one stays in use.'
