import { messages } from '../../ui/messages.ts'
import { methodNode } from '../../ui/node.ts'
import { RawJson, isObject, type Json } from '../../lib/json.ts'
import { applySchema, type SchemaDeps } from '../../identities/update.ts'
import { changesProtected } from '../../identities/protected.ts'
import { isPrivileged } from '../../sessions/session.ts'
import { problemsFrom, withNodes } from '../../flows/form.ts'
import { done, retry } from '../../flows/outcome.ts'
import { traitNodes, withOnlyTraitValues, withTraitValues } from '../../flows/trait-nodes.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import type { Micros } from '../../lib/clock.ts'
import type { SettingsMethod } from '../../flows/settings/method.ts'

export type ProfileSettingsDeps = SchemaDeps & { enabled: boolean; privilegedAgeMicros: Micros }

/** Changes the traits of the signed-in identity. What identifies or reaches the person needs a fresh login. */
export const profileSettings = (deps: ProfileSettingsDeps): SettingsMethod => ({
  name: 'profile',
  enabled: deps.enabled,
  fields: [],
  readsTraits: true,
  allowsGet: true,
  parksNative: true,
  keepsMessages: true,
  hidesPayload: true,
  claims: ({ method }) => method === 'profile',
  draw: ({ schema, identity, flow }) => {
    const empty = withNodes({ ...flow.ui, nodes: [] }, traitNodes(schema, 'profile'))
    const { nodes } = withTraitValues(empty, identity.traits.value, 'profile')
    return { nodes: [...(nodes ?? []), methodNode('profile', 'profile', messages.labelSave())] }
  },
  refill: ({ flow }, { traits }) => withOnlyTraitValues(flow.ui, isObject(traits) ? traits : {}, 'profile'),
  async submit({ identity, fields, session, now }) {
    const draft: IdentityWithCredentials = { ...identity, traits: RawJson.of(fields.traits as Json) }
    const { identity: changed, errors, emptyIdentifier } = await applySchema(deps, draft)
    if (errors.length > 0) return retry(problemsFrom(errors))
    if (emptyIdentifier) return retry([{ node: undefined, message: messages.noIdentifier() }])
    if (changesProtected(identity, changed) && !isPrivileged(session, deps.privilegedAgeMicros, now))
      return { kind: 'refresh' }
    return done({ identity: changed })
  },
})
