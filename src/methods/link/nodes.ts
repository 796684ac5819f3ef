import { messages } from '../../ui/messages.ts'
import { inputNode, methodNode, type UiNode } from '../../ui/node.ts'

/** The form of the method: an address, and the button that sends a link to it. */
export const linkNodes = (): UiNode[] => [linkEmailNode(), methodNode('link', 'link', messages.labelContinue())]

export const linkEmailNode = (value?: string): UiNode =>
  inputNode({
    group: 'link',
    name: 'email',
    type: 'email',
    required: true,
    label: messages.labelEmail(),
    ...(value === undefined ? {} : { value }),
  })
