import { newChallenge, optionsText } from '../../crypto/webauthn.ts'
import { hexId, type SecurityKey } from '../../identities/security-keys.ts'
import { rfc3339, microsPerSecond } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'
import { newUuid } from '../../lib/uuid.ts'
import type { messages, UiText } from '../../ui/messages.ts'
import { inputNode, isInput, nodeValue, type InputAttributes, type UiNode } from '../../ui/node.ts'
import { findNode, withNode } from '../form.ts'
import type { Ui } from '../flow.ts'

/** The script by which pages talk to authenticators: where it is, and the hash of its bytes. */
export type HelperScript = { src: string; integrity: string }

export type Trigger = NonNullable<InputAttributes['onclickTrigger']>

/** What loads the helper script. It stands in one group, whichever method needs it. */
export const scriptNode = ({ src, integrity }: HelperScript): UiNode => ({
  type: 'script',
  group: 'webauthn',
  attributes: {
    src,
    async: true,
    referrerpolicy: 'no-referrer',
    crossorigin: 'anonymous',
    integrity,
    type: 'text/javascript',
    id: 'webauthn_script',
    nonce: newUuid(),
    node_type: 'script',
  },
  messages: [],
  meta: {},
})

/** Who wants to sign in; browsers offer passkeys in it. */
export const identifierField = (label: UiText): UiNode =>
  inputNode({
    group: 'default',
    name: 'identifier',
    type: 'text',
    value: '',
    required: true,
    autocomplete: 'username webauthn',
    label,
  })

/** The button that removes a key. */
export const removeButton = (
  method: 'webauthn' | 'passkey',
  key: SecurityKey,
  {
    label,
    disabled,
  }: { label: typeof messages.labelRemoveKey | typeof messages.labelRemovePasskey; disabled: boolean },
): UiNode =>
  inputNode({
    group: method,
    name: `${method}_remove`,
    type: 'submit',
    value: hexId(key),
    disabled,
    label: label({
      display_name: key.displayName || 'unnamed',
      added_at: rfc3339(key.addedAt),
      added_at_unix: Math.floor(key.addedAt / microsPerSecond),
    }),
  })

/** A button that hands its options to a function of the helper script. `onclick` is how old pages call it. */
export const optionsButton = (
  name: string,
  trigger: Trigger,
  options: Json,
  label: UiNode['meta']['label'],
): UiNode => {
  const text = optionsText(options)
  return inputNode({
    group: 'webauthn',
    name,
    type: 'button',
    value: text,
    onclick: callOf(trigger, text),
    onclickTrigger: trigger,
    label,
  })
}

const callOf = (trigger: Trigger, options: string): string => `window.${trigger}(${options})`

/** What a form asks of an authenticator. */
export type Asked = {
  challenge: string
  /** The keys that will do, in base64url; undefined when any will. */
  allowed: ReadonlySet<string> | undefined
  /** Under which handle a new key is made. */
  userHandle: Buffer | undefined
}

/**
 * Reads what a form asks from the node that shows it. A flow's form is stored here and nobody else writes it, so what a
 * person was shown is what counts.
 */
export function askedIn(ui: Ui, name: string): Asked | undefined {
  const options = optionsIn(ui, name)
  if (!options) return undefined
  const { challenge, allowCredentials, user } = options
  if (typeof challenge !== 'string') return undefined
  return {
    challenge,
    allowed: Array.isArray(allowCredentials)
      ? new Set(allowCredentials.map((key) => String(isObject(key) ? key.id : '')))
      : undefined,
    userHandle: isObject(user) && typeof user.id === 'string' ? Buffer.from(user.id, 'base64url') : undefined,
  }
}

function optionsIn(ui: Ui, name: string): Record<string, unknown> | undefined {
  const node = findNode(ui, name)
  const text = node && nodeValue(node)
  const value = typeof text === 'string' && text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined
  const publicKey = isObject(value) ? value.publicKey : undefined
  return isObject(publicKey) ? publicKey : undefined
}

/** The same form with another challenge, for one that was used up while the form stayed open. */
export function withFreshChallenge(ui: Ui, name: string): Ui {
  const node = findNode(ui, name)
  const options = optionsIn(ui, name)
  if (!node || !isInput(node) || !options) return ui
  const text = optionsText({ publicKey: { ...options, challenge: newChallenge() } } as Json)
  const { onclickTrigger, onclick } = node.attributes
  const call = onclick?.includes('{') && onclickTrigger ? { onclick: callOf(onclickTrigger as Trigger, text) } : {}
  return withNode(ui, { ...node, attributes: { ...node.attributes, value: text, ...call } })
}
