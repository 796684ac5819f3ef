import type { Config } from '../config/schema.ts'
import type { AfterRegistration } from '../flows/registration/deps.ts'
import type { RegistrationHook } from '../flows/registration/hook.ts'
import { registrationFlow } from '../flows/wire.ts'
import { isKnown, type ConfiguredHook } from './configured.ts'
import { sessionAfterRegistration } from './session.ts'
import { showVerificationAfterRegistration } from './show-verification-ui.ts'
import { webHooksOf, type WebHookFlowDeps } from './web-hook/flows.ts'

/** TABLE of what belongs to a registration, in the order in which it is done. Web hooks are told before or after it. */
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
  deps: Pick<WebHookFlowDeps, 'webHooks'>,
  { default_browser_return_url, flows }: Part,
  automatic: readonly RegistrationHook[] = [],
): (method: string) => AfterRegistration {
  const { hooks: general, default_browser_return_url: generalUrl, ...methods } = flows.registration.after
  const make = (own: readonly ConfiguredHook[], returnUrl: string | undefined): AfterRegistration => {
    const told = webHooksOf(deps, own, general)
    const names = new Set((told.own ? own : general).filter(isKnown).map(({ hook }) => hook))
    return {
      returnUrl: returnUrl ?? generalUrl ?? default_browser_return_url,
      beforeStoring: told.before.map(
        (call) =>
          ({ request, flow, identity, transientPayload }) =>
            call({ request, flow: registrationFlow(flow, { transientPayload }), identity }),
      ),
      hooks: [...automatic, ...hooks.filter(({ name }) => names.has(name)).map(({ hook }) => hook)],
      afterStoring: told.after.map(
        (call) =>
          ({ request, flow, identity, transientPayload }) =>
            call({ request, flow: registrationFlow(flow, { transientPayload }), identity }),
      ),
    }
  }
  const byMethod = new Map(
    Object.entries(methods).map(([name, { hooks: own, default_browser_return_url: url }]) => [name, make(own, url)]),
  )
  const others = make([], undefined)
  return (method) => byMethod.get(method) ?? others
}
