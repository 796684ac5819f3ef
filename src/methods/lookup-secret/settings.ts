import type { Vault } from '../../crypto/vault.ts'
import { errors } from '../../errors.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { appendNode, mapNodes, withoutMessages, withoutNodes } from '../../flows/form.ts'
import { done, type Outcome } from '../../flows/outcome.ts'
import type { SettingsMethod, SettingsResult, SettingsSubmission } from '../../flows/settings/method.ts'
import type { Credential, IdentityWithCredentials } from '../../identities/identity.ts'
import { openedConfig, sealedConfig } from '../../identities/sealed.ts'
import { microsPerSecond, parseRfc3339, rfc3339, type Micros } from '../../lib/clock.ts'
import type { Json } from '../../lib/json.ts'
import { availableAal, type FactorRules } from '../../sessions/assurance.ts'
import { isPrivileged } from '../../sessions/session.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { inputNode, nodeId, type UiNode } from '../../ui/node.ts'
import { codesInASet, lookupCodesOf, newLookupCodes, type LookupCode } from './codes.ts'

export type LookupSettingsDeps = { enabled: boolean; vault: Vault; rules: FactorRules; privilegedAgeMicros: Micros }

/** The buttons, in the order in which they win. */
const actions = [
  'lookup_secret_confirm',
  'lookup_secret_reveal',
  'lookup_secret_disable',
  'lookup_secret_regenerate',
] as const
type Action = (typeof actions)[number]

/** Makes, shows and removes backup codes. New ones count once it is confirmed that they were written down. */
export const lookupSecretSettings = (deps: LookupSettingsDeps): SettingsMethod => ({
  name: 'lookup_secret',
  enabled: deps.enabled,
  fields: actions.map((name) => ({ name, type: 'boolean' as const })),
  allowsGet: false,
  claims: (fields) => actionIn(fields) !== undefined,
  draw: ({ identity }) => ({
    nodes: identity.credentials.lookup_secret
      ? [button('lookup_secret_reveal'), button('lookup_secret_disable')]
      : [button('lookup_secret_regenerate')],
  }),
  show: (ui, flow) => show(deps, ui, flow),
  async submit(submission) {
    if (!isPrivileged(submission.session, deps.privilegedAgeMicros, submission.now)) return { kind: 'refresh' }
    const action = actionIn(submission.fields)
    if (!action) throw new Error('nothing to do was claimed')
    return does[action](deps, submission)
  },
})

const actionIn = (fields: Record<string, unknown>): Action | undefined => actions.find((name) => fields[name] === true)

type Decide = (deps: LookupSettingsDeps, submission: SettingsSubmission) => Outcome<SettingsResult>

const does: Record<Action, Decide> = {
  lookup_secret_reveal(deps, { flow, identity }) {
    const credential = identity.credentials.lookup_secret
    const codes = credential ? lookupCodesOf(openedConfig(deps, credential)) : []
    if (codes.length === 0) throw errors.badRequest('There are no backup codes that could be shown.')
    return shown(deps, flow, { [shownKey]: codes }, ['lookup_secret_disable', 'lookup_secret_regenerate'])
  },
  lookup_secret_regenerate(deps, { flow }) {
    const codes = newLookupCodes()
    return shown(deps, flow, { [shownKey]: codes, [pendingKey]: codes }, ['lookup_secret_confirm'])
  },
  lookup_secret_confirm(deps, { flow, identity, now }) {
    const codes = remembered(deps, flow, pendingKey)
    if (codes?.length !== codesInASet) throw errors.badRequest('Make new backup codes first, and write them down.')
    return done({
      identity: withCodes(deps, identity, codes, now),
      factor: { method: 'lookup_secret', aal: 'aal2' },
    })
  },
  lookup_secret_disable: (deps, { identity, now }) => done({ identity: withCodes(deps, identity, [], now) }),
}

function withCodes(
  deps: LookupSettingsDeps,
  identity: IdentityWithCredentials,
  codes: readonly LookupCode[],
  now: Micros,
): IdentityWithCredentials {
  const { lookup_secret: old, ...others } = identity.credentials
  const entries = codes.map(({ code, usedAt }) => ({ code, used_at: usedAt }))
  const next: Credential = {
    type: 'lookup_secret',
    identifiers: [identity.id],
    config: sealedConfig(deps, 'lookup_secret', { recovery_codes: entries }),
    version: 0,
    createdAt: old?.createdAt ?? now,
    updatedAt: now,
  }
  const credentials = codes.length === 0 ? others : { ...others, lookup_secret: next }
  return { ...identity, credentials, availableAal: availableAal(credentials, deps.rules) }
}

// -- what a flow remembers, sealed ------------------------------------------------------------------------------------

const shownKey = 'lookup_secret_shown'
const pendingKey = 'lookup_secret_regenerated'

function remembered({ vault }: LookupSettingsDeps, { internal }: Flow, key: string): LookupCode[] | undefined {
  const sealed = internal[key]
  const text = typeof sealed === 'string' ? vault.open(sealed) : undefined
  return text === undefined ? undefined : (JSON.parse(text) as LookupCode[])
}

// -- the form ---------------------------------------------------------------------------------------------------------

/** The form with codes on it, at its end, and what can be done with them. */
function shown(
  { vault }: LookupSettingsDeps,
  flow: Flow,
  lists: Record<string, readonly LookupCode[]>,
  next: readonly Action[],
): Outcome<SettingsResult> {
  const cleared = withoutNodes(withoutMessages(flow.ui), ({ group }) => group === 'lookup_secret')
  const ui = [codesNode([]), ...next.map(button)].reduce(appendNode, cleared)
  const internal: Record<string, Json> = { ...flow.internal }
  for (const [key, codes] of Object.entries(lists)) internal[key] = vault.seal(JSON.stringify(codes))
  return { kind: 'advance', ui, internal }
}

/** The codes are not part of the stored form: they come in where it is shown. */
function show(deps: LookupSettingsDeps, ui: Ui, flow: Flow): Ui {
  const codes = remembered(deps, flow, shownKey)
  return codes
    ? mapNodes(ui, (node) =>
        nodeId(node) === 'lookup_secret_codes' ? { ...node, attributes: codesNode(codes).attributes } : node,
      )
    : ui
}

const codesNode = (codes: readonly LookupCode[]): UiNode => ({
  type: 'text',
  group: 'lookup_secret',
  attributes: {
    text: messages.lookupSecrets({ secrets: codes.map(codeText) }),
    id: 'lookup_secret_codes',
    node_type: 'text',
  },
  messages: [],
  meta: { label: messages.labelLookupSecrets() },
})

function codeText({ code, usedAt }: LookupCode): UiText {
  if (usedAt === null) return messages.lookupSecret({ secret: code })
  const moment = parseRfc3339(usedAt) ?? 0
  return messages.lookupSecretUsed({
    used_at: rfc3339(moment),
    used_at_unix: Math.floor(moment / microsPerSecond),
  })
}

const labels: Record<Action, () => UiText> = {
  lookup_secret_confirm: messages.lookupConfirm,
  lookup_secret_reveal: messages.lookupReveal,
  lookup_secret_disable: messages.lookupDisable,
  lookup_secret_regenerate: messages.lookupRegenerate,
}

const button = (name: Action): UiNode =>
  inputNode({ group: 'lookup_secret', name, type: 'submit', value: 'true', label: labels[name]() })
