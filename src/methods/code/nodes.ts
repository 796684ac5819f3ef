import { messages, type UiText } from '../../ui/messages.ts'
import { inputNode, methodNode, type UiNode } from '../../ui/node.ts'

const group = 'code'

/** The field for a code. Browsers and phones offer to fill it in. */
export const codeNode = (label: UiText, more: { pattern?: string; maxlength?: number; value?: string } = {}): UiNode =>
  inputNode({ group, name: 'code', type: 'text', required: true, autocomplete: 'one-time-code', label, ...more })

export const continueNode = (): UiNode => methodNode(group, 'code', messages.labelContinue())

/** Says which method a form is for when another button than the method's own submits it. */
export const hiddenMethodNode = (): UiNode => inputNode({ group, name: 'method', type: 'hidden', value: 'code' })

/** The button that sends the code again. Its value says where to. */
export const resendNode = (name: string, address: string): UiNode =>
  inputNode({ group, name, type: 'submit', value: address, label: messages.labelResend() })

export const emailNode = (label: UiText, type: 'email' | 'text', value?: string): UiNode =>
  inputNode({ group, name: 'email', type, required: true, label, ...(value === undefined ? {} : { value }) })
