import { withCsrf, withNodes } from '../form.ts'
import { newFlow, requestUrlOf, type Flow, type FlowType } from '../flow.ts'
import { sortNodes, type SortOrder } from '../../ui/node.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { PendingJar } from '../continuity.ts'
import type { Request } from '../../http/types.ts'
import { parseUuid } from '../../lib/uuid.ts'
import type { SettingsDeps } from './deps.ts'

type Beginning = {
  request: Request
  identity: IdentityWithCredentials
  type: FlowType
  jar: PendingJar
  /** The flow that this one follows. */
  earlier?: Flow
}

/**
 * A settings flow with everything that the enabled methods offer; not stored yet. Whatever waited for a new login is
 * forgotten: a fresh form begins anew.
 * @throws errors.returnToForbidden, errors.badRequest for the `return_to` of the request
 */
export async function beginSettings(
  deps: SettingsDeps,
  { request, identity, type, jar, earlier }: Beginning,
): Promise<Flow> {
  const { clock, lifespanMicros, publicBaseUrl, returnTo, schemas } = deps
  returnTo(request.query.get('return_to') ?? undefined, deps.defaultReturnUrl)
  const organizationId = organizationOf(deps, request, identity)
  const empty = newFlow({
    name: 'settings',
    type,
    requestUrl: requestUrlOf(request),
    state: 'show_form',
    identityId: identity.id,
    organizationId,
    lifespanMicros,
    publicBaseUrl,
    now: clock.now(),
  })
  const enabled = deps.methods.filter((method) => method.enabled)
  await jar.abort(enabled.map(({ name }) => pendingName(name)))
  // No method of this build serves organizations.
  if (organizationId !== null) return empty
  const schema = await schemas.get(identity.schemaId)
  const parts = await Promise.all(enabled.map((method) => method.draw({ identity, schema, flow: empty, earlier })))
  const nodes = parts.flatMap((part) => part.nodes)
  const ui = withNodes(nodes.length === 0 ? empty.ui : withCsrf(empty.ui, request.csrf.token()), nodes)
  return {
    ...empty,
    internal: Object.assign({}, ...parts.map((part) => part.internal ?? {})) as Flow['internal'],
    ui: {
      ...ui,
      nodes: ui.nodes && sortNodes(ui.nodes, settingsOrder(schema)),
      messages: parts.flatMap((part) => part.messages ?? []),
    },
  }
}

/** Under which name a flow remembers whose submission came last: a page shows what it led to beside its fields. */
export const lastMethod = 'last_method'

/** Under which name a method's submission waits for a new login. */
export const pendingName = (method: string): string => `ory_kratos_settings_${method}`

export const settingsOrder = (schema: IdentitySchema): SortOrder => ({
  groups: ['default', 'profile', 'password', 'oidc', 'lookup_secret', 'webauthn', 'passkey', 'totp'],
  keys: [...schema.keyOrder(), ...credentialKeys],
})

const credentialKeys = [
  'lookup_secret_reveal',
  'lookup_secret_regenerate',
  'lookup_secret_codes',
  'lookup_secret_confirm',
  'webauthn_remove',
  'webauthn_register_displayname',
  'webauthn_register',
  'passkey_remove',
  'passkey_register',
  'totp_qr',
  'totp_secret_key',
  'totp_unlink',
  'totp_code',
]

/** The organization that the form is limited to: the identity's own, or the one that was asked for and fits an address. */
function organizationOf(
  { organizations }: SettingsDeps,
  request: Request,
  { organizationId, verifiableAddresses }: IdentityWithCredentials,
): string | null {
  if (organizations.length === 0) return null
  if (organizations.some(({ id }) => id === organizationId)) return organizationId
  const asked = organizations.find(({ id }) => id === parseUuid(request.query.get('organization')))
  const domains = new Set(asked?.domains.map((d) => d.toLowerCase()))
  const fits = verifiableAddresses.some(
    ({ via, value }) => via === 'email' && domains.has(value.split('@').at(-1)!.toLowerCase()),
  )
  return asked && fits ? asked.id : null
}
