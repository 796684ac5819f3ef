import { ConfigurationError } from '../config/problem.ts'
import { logProblems } from '../config/report.ts'
import type { Courier } from '../courier/courier.ts'
import type { Logger } from '../operations/log.ts'

/**
 * An operator's own templates have to be sound before anybody waits for a message.
 * @param goesOn whether a process has a configuration that works already: then templates for HTML do not hold the new one
 *   up, as mails go out without
 * @throws ConfigurationError
 */
export async function checkTemplates(courier: Courier, log: Logger, { goesOn }: { goesOn: boolean }): Promise<void> {
  const problems = await courier.check()
  const fatal = problems.filter(({ isHtml }) => !(goesOn && isHtml))
  if (fatal.length > 0) throw new ConfigurationError(fatal)
  logProblems(log, problems, 'Mails go out as plain text until then.')
}
