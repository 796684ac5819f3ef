import { publicIdentity } from '../../identities/wire.ts'
import { settingsFlow, type FlowExtras } from '../wire.ts'
import type { Identity } from '../../identities/identity.ts'
import type { SettingsFlow } from '../wire-schema.ts'
import type { Flow } from '../flow.ts'
import type { SettingsDeps } from './deps.ts'

/** A settings flow as programs get it, with what its methods never store in the form. */
export async function settingsView(
  { methods, publicBaseUrl }: Pick<SettingsDeps, 'methods' | 'publicBaseUrl'>,
  flow: Flow,
  identity: Identity,
  extras: FlowExtras = {},
): Promise<SettingsFlow> {
  let { ui } = flow
  for (const method of methods) if (method.show) ui = await method.show(ui, flow)
  return settingsFlow({ ...flow, ui }, publicIdentity(identity, publicBaseUrl), extras)
}
