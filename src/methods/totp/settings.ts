import { LRUCache } from 'lru-cache'
import { Secret } from '../../crypto/secret.ts'
import type { Vault } from '../../crypto/vault.ts'
import type { Flow, Ui } from '../../flows/flow.ts'
import { mapNodes } from '../../flows/form.ts'
import { done, retry, type Outcome } from '../../flows/outcome.ts'
import type { SettingsForm, SettingsMethod, SettingsPart, SettingsResult } from '../../flows/settings/method.ts'
import type { Credential, IdentityWithCredentials } from '../../identities/identity.ts'
import { sealedConfig } from '../../identities/sealed.ts'
import type { Micros } from '../../lib/clock.ts'
import { availableAal, type FactorRules } from '../../sessions/assurance.ts'
import { isPrivileged } from '../../sessions/session.ts'
import { messages } from '../../ui/messages.ts'
import { inputNode, methodNode, nodeId, type UiNode } from '../../ui/node.ts'
import { accountNameOf } from './account-name.ts'
import { newTotpSecret, totpSecretOf, totpStepOf, totpUrl } from './key.ts'
import { qrCode, qrPixels } from './qr.ts'

export type TotpSettingsDeps = {
  enabled: boolean
  /** What the app shows beside the account; may be empty. */
  issuer: string
  vault: Vault
  rules: FactorRules
  privilegedAgeMicros: Micros
}

/** Sets an authenticator app up, and removes it. */
export const totpSettings = (deps: TotpSettingsDeps): SettingsMethod => ({
  name: 'totp',
  enabled: deps.enabled,
  fields: [
    { name: 'totp_code', type: 'string' },
    { name: 'totp_unlink', type: 'boolean' },
  ],
  allowsGet: true,
  claims: ({ method, totp_unlink }) => totp_unlink === true || method === 'totp',
  draw: (form) => draw(deps, form),
  show: (ui, flow) => show(deps, ui, flow),
  async submit({ flow, identity, fields, session, now }) {
    if (!isPrivileged(session, deps.privilegedAgeMicros, now)) return { kind: 'refresh' }
    if (!identity.credentials.totp) return setUp(deps, { flow, identity, code: fields.totp_code, now })
    // compat: a code for an app that is there already is neither checked nor refused – selfservice/strategy/totp/settings.go
    return done({ identity: fields.totp_unlink === true ? withTotp(deps, identity, undefined, now) : identity })
  },
})

type SetUp = { flow: Flow; identity: IdentityWithCredentials; code: unknown; now: Micros }

function setUp(deps: TotpSettingsDeps, { flow, identity, code, now }: SetUp): Outcome<SettingsResult> {
  if (typeof code !== 'string' || code === '')
    return retry([{ node: 'totp_code', message: messages.required({ property: 'totp_code' }) }])
  const url = urlOf(deps, flow)
  if (url === undefined)
    return retry([
      { node: undefined, message: messages.generic({ reason: 'Open the settings anew to see a QR code.' }) },
    ])
  const step = totpStepOf({ secret: totpSecretOf(url) ?? '', code: new Secret(code) }, now)
  if (step === undefined) return retry([{ node: 'totp_code', message: messages.totpWrong() }])
  // The code is not used up by this: whoever has just set the app up signs in elsewhere with it, as they do with Kratos.
  return done({ identity: withTotp(deps, identity, url, now), factor: { method: 'totp', aal: 'aal2' } })
}

function withTotp(
  deps: TotpSettingsDeps,
  identity: IdentityWithCredentials,
  url: string | undefined,
  now: Micros,
): IdentityWithCredentials {
  const { totp: _, ...others } = identity.credentials
  const totp = (totpUrl: string): Credential => ({
    type: 'totp',
    identifiers: [identity.id],
    config: sealedConfig(deps, 'totp', { totp_url: totpUrl }),
    version: 0,
    createdAt: now,
    updatedAt: now,
  })
  const credentials = url === undefined ? others : { ...others, totp: totp(url) }
  return { ...identity, credentials, availableAal: availableAal(credentials, deps.rules) }
}

// -- the form ---------------------------------------------------------------------------------------------------------

function draw(deps: TotpSettingsDeps, { identity, schema, earlier }: SettingsForm): SettingsPart {
  if (identity.credentials.totp)
    return {
      nodes: [
        inputNode({
          group: 'totp',
          name: 'totp_unlink',
          type: 'submit',
          value: 'true',
          required: true,
          label: messages.totpUnlink(),
        }),
      ],
    }
  // Who has scanned the picture and then changed something else first need not scan it again.
  const shown = earlier && urlOf(deps, earlier)
  const secret = (shown === undefined ? undefined : totpSecretOf(shown)) ?? newTotpSecret()
  const url = totpUrl({ issuer: deps.issuer, account: accountNameOf(schema, identity), secret })
  return {
    nodes: [
      qrNode(''),
      secretNode(''),
      inputNode({ group: 'totp', name: 'totp_code', type: 'text', required: true, label: messages.labelVerifyCode() }),
      methodNode('totp', 'totp', messages.labelSave()),
    ],
    internal: { totp_url: url === shown ? earlier!.internal['totp_url']! : sealed(deps, url) },
  }
}

/** Addresses by what they are sealed as: a new form is shown at once, and mostly read once more soon. */
const recent = new LRUCache<string, string>({ max: 200, ttl: 10 * 60 * 1000 })

function sealed({ vault }: TotpSettingsDeps, url: string): string {
  const text = vault.seal(url)
  recent.set(text, url)
  return text
}

/** The secret is not part of the stored form: it comes in, as picture and text, where the form is shown. */
function show(deps: TotpSettingsDeps, ui: Ui, flow: Flow): Ui {
  const url = urlOf(deps, flow)
  if (url === undefined) return ui
  return mapNodes(ui, (node) => {
    if (nodeId(node) === 'totp_qr') return { ...node, attributes: qrNode(qrCode(url)).attributes }
    if (nodeId(node) === 'totp_secret_key')
      return { ...node, attributes: secretNode(totpSecretOf(url) ?? '').attributes }
    return node
  })
}

function urlOf({ vault }: TotpSettingsDeps, { internal }: Flow): string | undefined {
  const text = internal['totp_url']
  return typeof text === 'string' ? (recent.get(text) ?? vault.open(text)) : undefined
}

const qrNode = (src: string): UiNode => ({
  type: 'img',
  group: 'totp',
  attributes: { src, id: 'totp_qr', width: qrPixels, height: qrPixels, node_type: 'img' },
  messages: [],
  meta: { label: messages.labelTotpQr() },
})

const secretNode = (secret: string): UiNode => ({
  type: 'text',
  group: 'totp',
  attributes: { text: messages.totpSecret({ secret }), id: 'totp_secret_key', node_type: 'text' },
  messages: [],
  meta: { label: messages.labelTotpSecret() },
})
