import type { UiText } from '../ui/messages.ts'
import { isInput, nodeId, type InputAttributes, type UiNode } from '../ui/node.ts'

/**
 * What pages know of some nodes beyond what their type says. Every form can be shown, filled in and sent without it; here is
 * what makes a form of a known method pleasant.
 */

type Look = 'primary' | 'danger' | 'quiet'

/** Buttons that stand out, or stand back, by their names. */
const looks: Record<string, Look> = {
  lookup_secret_confirm: 'primary',
  lookup_secret_disable: 'danger',
  totp_unlink: 'danger',
  unlink: 'danger',
  webauthn_remove: 'danger',
  passkey_remove: 'danger',
  screen: 'quiet',
}

export const lookOf = (name: string): Look | undefined => (Object.hasOwn(looks, name) ? looks[name] : undefined)

type FieldHabit = Partial<Pick<InputAttributes, 'required' | 'autocomplete' | 'maxlength'>> & {
  inputmode?: 'numeric'
  isCode?: boolean
}

const numeric: FieldHabit = { autocomplete: 'one-time-code', inputmode: 'numeric', isCode: true }

/** Fields by their names. */
const fields: Record<string, FieldHabit> = {
  identifier: { autocomplete: 'username' },
  code: numeric,
  totp_code: numeric,
  lookup_secret: { autocomplete: 'off', isCode: true },
  // A key without a name is refused, but only after its owner has touched it.
  webauthn_register_displayname: { required: true, autocomplete: 'off', maxlength: 100 },
}

export const habitOf = ({ name, autocomplete }: InputAttributes): FieldHabit =>
  autocomplete === 'one-time-code' ? numeric : Object.hasOwn(fields, name) ? fields[name]! : {}

/** The ways to give a second factor, the most convenient first. */
const secondFactors: readonly string[] = ['webauthn', 'passkey', 'totp', 'code', 'lookup_secret']

export const placeOfWay = (group: string): number => {
  const place = secondFactors.indexOf(group)
  return place < 0 ? secondFactors.length : place
}

/** The way that a text of a whole form is about. */
const ways: Record<number, string> = {
  4000008: 'totp',
  4000011: 'totp',
  4000012: 'lookup_secret',
  4000014: 'lookup_secret',
  4000016: 'lookup_secret',
  4000013: 'webauthn',
  4000015: 'webauthn',
}

export const wayOf = (messages: readonly UiText[]): string | undefined =>
  messages.map(({ id }) => ways[id]).find((way) => way !== undefined)

/** The button with which somebody goes on whom a provider has told about already. */
export const isCompletion = (node: UiNode): boolean =>
  isInput(node) && node.attributes.name === 'provider' && node.meta.label?.id === 1040003

/** The button that has a message sent once more. */
export const isResend = ({ meta }: UiNode): boolean => meta.label?.id === 1070008

/** A key or passkey that has a name and a day on which it was added, with the button that removes it. */
export type Thing = { name: string | undefined; addedAt: string }

export function thingOf({ meta }: UiNode): Thing | undefined {
  const { display_name: name, added_at: addedAt } = meta.label?.context ?? {}
  return typeof name === 'string' && typeof addedAt === 'string'
    ? { name: name === 'unnamed' ? undefined : name, addedAt }
    : undefined
}

/** The provider to which a button belongs: its name, and its id for what has none. */
export function providerOf(node: UiNode): string | undefined {
  if (!isInput(node) || !['provider', 'link', 'unlink'].includes(node.attributes.name)) return undefined
  const { provider } = node.meta.label?.context ?? {}
  return typeof provider === 'string' && provider !== '' ? provider : String(node.attributes.value ?? '')
}

export type SectionState = 'totpOn' | 'totpNew' | 'codesOn' | 'codesShown' | 'codesNew'

/** How far a method of the settings is set up, by the nodes that its section has. The first row that fits counts. */
const sectionStates: readonly [state: SectionState, ...ids: string[]][] = [
  ['totpOn', 'totp_unlink'],
  ['totpNew', 'totp_qr'],
  ['codesNew', 'lookup_secret_codes', 'lookup_secret_confirm'],
  ['codesShown', 'lookup_secret_codes'],
  ['codesOn', 'lookup_secret_disable'],
]

export function sectionState(nodes: readonly UiNode[]): SectionState | undefined {
  const ids = new Set(nodes.map(nodeId))
  return sectionStates.find(([, ...needed]) => needed.every((id) => ids.has(id)))?.[0]
}

/** Whether what a section is about is in use. */
export const isInUse = (nodes: readonly UiNode[]): boolean => {
  const state = sectionState(nodes)
  return state === 'totpOn' || state === 'codesOn' || state === 'codesShown' || nodes.some(thingOf)
}
