import type { UiText } from '../../ui/messages.ts'
import { messages } from '../../ui/messages.ts'
import { asHidden, inputNode, isInput, type UiNode } from '../../ui/node.ts'
import type { CodeAddress } from './addresses.ts'
import { codeNode, continueNode, hiddenMethodNode, resendNode } from './nodes.ts'

/** What a form has that asks for a code which was sent. */
export const codeFields = (label: UiText): UiNode[] => [
  hiddenMethodNode(),
  codeNode(label),
  continueNode(),
  resendNode('resend', 'code'),
]

/** The button that has a code sent to an address. */
export const addressButton = ({ via, address }: CodeAddress): UiNode =>
  inputNode({
    group: 'code',
    name: 'address',
    type: 'submit',
    value: address,
    label: messages.loginCodeToAddress({ address, channel: via }),
  })

/** A field or button that named whom a code is for, as the hidden field that says it again. */
export function asHiddenIdentifier(node: UiNode): UiNode {
  const hidden = asHidden(node)
  return isInput(hidden)
    ? { ...hidden, messages: [], attributes: { ...hidden.attributes, name: 'identifier' } }
    : hidden
}
