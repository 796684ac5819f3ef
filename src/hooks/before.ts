import type { Config } from '../config/schema.ts'
import type { FlowName } from '../flows/flow.ts'
import type { HookBefore } from '../flows/hook.ts'
import type { ConfiguredHook } from './configured.ts'
import type { WebHookConfig, WebHooks } from './web-hook/web-hook.ts'

export type HookBeforeDeps = { webHooks: WebHooks }

/** TABLE of what may happen before a flow begins. */
const rows: Readonly<Record<string, (deps: HookBeforeDeps, configured: ConfiguredHook) => HookBefore>> = {
  web_hook: ({ webHooks }, { config }) => webHooks.make(config as WebHookConfig),
}

/** The hooks before a flow, in the order of the configuration. */
export const hooksBefore = (
  deps: HookBeforeDeps,
  { selfservice }: Pick<Config, 'selfservice'>,
  flow: FlowName,
): HookBefore[] => {
  const configured: readonly ConfiguredHook[] = selfservice.flows[flow].before.hooks
  return configured.flatMap((each) => rows[each.hook]?.(deps, each) ?? [])
}
