import type { Config } from '../config/schema.ts'
import type { AfterRegistration } from '../flows/registration/deps.ts'
import type { RegistrationHook } from '../flows/registration/hook.ts'
import { sessionAfterRegistration } from './session.ts'
import { showVerificationAfterRegistration } from './show-verification-ui.ts'

/** TABLE of the hooks after a registration, in the order in which they run; within a row, that of the configuration. */
const hooks: readonly { name: string; hook: RegistrationHook }[] = [
  { name: 'show_verification_ui', hook: showVerificationAfterRegistration },
  // compat: signing in comes last, wherever it stands – selfservice/flow/registration/hook.go
  { name: 'session', hook: sessionAfterRegistration },
]

type Part = Pick<Config['selfservice'], 'default_browser_return_url'> & {
  flows: { registration: Pick<Config['selfservice']['flows']['registration'], 'after'> }
}

/**
 * What follows on a registration by a method. The method's own hooks take the place of the general ones, and so does its
 * return address. Hooks that this server does not have are named in a warning at its start.
 * @param automatic what comes first, without being configured
 */
export function afterRegistration(
  { default_browser_return_url, flows }: Part,
  automatic: readonly RegistrationHook[] = [],
): (method: string) => AfterRegistration {
  const { hooks: general, default_browser_return_url: generalUrl, ...methods } = flows.registration.after
  return (method) => {
    const own = Object.entries(methods).find(([name]) => name === method)?.[1]
    const names = new Set<string>((own && own.hooks.length > 0 ? own.hooks : general).map(({ hook }) => hook))
    return {
      returnUrl: own?.default_browser_return_url ?? generalUrl ?? default_browser_return_url,
      hooks: [...automatic, ...hooks.filter(({ name }) => names.has(name)).map(({ hook }) => hook)],
    }
  }
}
