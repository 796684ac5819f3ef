import type { Json } from '../lib/json.ts'
import { problemsOf } from '../identities/schema/report.ts'
import type { SchemaError } from '../identities/schema/validate.ts'
import { messageById, type UiText } from '../ui/messages.ts'
import { csrfNode, inputNode, nodeId, withValue, type UiNode } from '../ui/node.ts'
import type { Ui } from './flow.ts'

/** Something that a person can mend: a text, on a field or – without one – on the form as a whole. */
export type Problem = { node: string | undefined; message: UiText }

/** What a form shows of the rules that a submission breaks. */
export const problemsFrom = (errors: readonly SchemaError[]): Problem[] =>
  problemsOf(errors).map(({ node, message }) => ({
    node,
    message: messageById(message.id, message.context as Record<string, Json> | undefined),
  }))

const nodesOf = (ui: Ui): UiNode[] => ui.nodes ?? []

export const findNode = (ui: Ui, id: string): UiNode | undefined => nodesOf(ui).find((node) => nodeId(node) === id)

/** Puts a node in the place of the one with its id, or at the end. */
export function withNode(ui: Ui, node: UiNode): Ui {
  const id = nodeId(node)
  const at = nodesOf(ui).findIndex((n) => nodeId(n) === id)
  return { ...ui, nodes: at < 0 ? [...nodesOf(ui), node] : nodesOf(ui).with(at, node) }
}

/** Puts nodes in by id, but appends those that may stand more than once. */
export const withNodes = (ui: Ui, nodes: readonly UiNode[]): Ui =>
  nodes.reduce((form, node) => (repeatable.has(nodeId(node)) ? appendNode(form, node) : withNode(form, node)), ui)

const repeatable = new Set(['method', 'link', 'unlink', 'webauthn_remove', 'passkey_remove', 'provider', 'address'])

export const appendNode = (ui: Ui, node: UiNode): Ui => ({ ...ui, nodes: [...nodesOf(ui), node] })

export const mapNodes = (ui: Ui, change: (node: UiNode) => UiNode): Ui => ({
  ...ui,
  nodes: ui.nodes && ui.nodes.map(change),
})

export const withoutNodes = (ui: Ui, drop: (node: UiNode) => boolean): Ui => ({
  ...ui,
  nodes: ui.nodes && ui.nodes.filter((n) => !drop(n)),
})

/** Takes the value of a field away, as of one that has to be typed anew. */
export const withoutValue = (ui: Ui, id: string): Ui =>
  mapNodes(ui, (node) => (nodeId(node) === id ? withValue(node, undefined) : node))

/** The cross-site token of this rendering. */
export const withCsrf = (ui: Ui, token: string): Ui => withNode(ui, csrfNode(token))

export const withMessages = (ui: Ui, messages: UiText[]): Ui => ({ ...ui, messages })

/** Takes all texts away, of the form and of its fields. */
export const withoutMessages = (ui: Ui): Ui =>
  mapNodes({ ...ui, messages: [] }, (node) => (node.messages.length === 0 ? node : { ...node, messages: [] }))

/** Attaches what is wrong; a text for a field that the form does not have gets a plain text field of its own. */
export function withProblems(ui: Ui, problems: readonly Problem[]): Ui {
  return problems.reduce((form, { node: id, message }) => {
    if (id === undefined) return { ...form, messages: [...form.messages, message] }
    const node = findNode(form, id) ?? inputNode({ group: 'default', name: id, type: 'text' })
    return withNode(form, { ...node, messages: [...node.messages, message] })
  }, ui)
}
