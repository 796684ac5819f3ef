import type { IdentitySchema } from '../../identities/schema/schema.ts'
import {
  asHidden,
  csrfNode,
  isInput,
  nodeId,
  nodeValue,
  sortNodes,
  type SortOrder,
  type UiNode,
} from '../../ui/node.ts'
import { messages } from '../../ui/messages.ts'
import { withNodes } from '../form.ts'
import type { Flow, Ui } from '../flow.ts'
import { traitNodes, withKnownTraitValues, withTraitValues } from '../trait-nodes.ts'
import type { RegistrationForm, RegistrationMethod, RegistrationScreen, RegistrationStyle } from './method.ts'

export const firstScreen = (style: RegistrationStyle): RegistrationScreen =>
  style === 'one-step' ? 'everything' : 'profile'

/** What the enabled methods show on a screen. */
export const nodesOf = (
  methods: readonly RegistrationMethod[],
  screen: RegistrationScreen,
  form: RegistrationForm,
): UiNode[] => methods.filter(({ enabled }) => enabled).flatMap((method) => method.nodes(screen, form))

/** A form that asks for the traits, with the values that the flow holds and those that were submitted. */
export const profileScreen = ({ flow, schema }: RegistrationForm, traits: unknown, nodes: readonly UiNode[]): Ui =>
  sorted(withNodes(withKnownTraitValues(traitForm(flow, schema), traits), nodes), schema)

/**
 * A form that asks for a credential. The traits come along as hidden inputs; what a single input cannot hold – elements
 * of lists, members that the schema lacks – is shown.
 */
export function credentialScreen({ flow, schema }: RegistrationForm, traits: unknown, nodes: readonly UiNode[]): Ui {
  const form = traitForm(flow, schema)
  const hidden = { ...form, nodes: form.nodes!.map(asHidden), messages: [messages.registrationChooseMethod()] }
  return sorted(withNodes(withTraitValues(hidden, traits, 'default'), nodes), schema)
}

/** The inputs for the traits alone, with the values that the flow's form has for them, and the cross-site token's place. */
function traitForm({ ui }: Flow, schema: IdentitySchema): Ui {
  const values = new Map((ui.nodes ?? []).filter(isInput).map((node) => [nodeId(node), nodeValue(node)]))
  const nodes = traitNodes(schema, 'default').map((node) => withShown(node, values))
  return { ...ui, nodes: [csrfNode(''), ...nodes], messages: [] }
}

const withShown = (node: UiNode, values: ReadonlyMap<string, ReturnType<typeof nodeValue>>): UiNode => {
  const value = values.get(nodeId(node))
  return isInput(node) && value !== undefined ? { ...node, attributes: { ...node.attributes, value } } : node
}

/** A form in the order of all registration forms. */
export const sorted = (ui: Ui, schema: IdentitySchema): Ui => ({
  ...ui,
  nodes: ui.nodes && sortNodes(ui.nodes, registrationOrder(schema)),
})

function registrationOrder(schema: IdentitySchema): SortOrder {
  const [first, ...rest] = schema.keyOrder()
  return {
    groups: ['oidc', 'saml', 'default', 'webauthn', 'passkey', 'code', 'password', 'captcha', 'profile'],
    // The password stands behind the first trait, which is what a person signs in with.
    keys: [
      'csrf_token',
      ...(first === undefined ? [] : [first]),
      'password',
      ...rest,
      'webauthn_remove',
      'webauthn_register_displayname',
      'webauthn_register',
    ],
  }
}
