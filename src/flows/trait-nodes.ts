import type { Json } from '../lib/json.ts'
import { flattenTraits } from '../identities/schema/fields.ts'
import type { IdentitySchema } from '../identities/schema/schema.ts'
import { messages } from '../ui/messages.ts'
import { inputNode, isInput, nodeId, withValue, type NodeGroup, type UiNode } from '../ui/node.ts'
import { findNode, mapNodes, withNode } from './form.ts'
import type { Ui } from './flow.ts'

/** The inputs for the traits of a schema, without values. @throws SchemaProblem for a schema that holds itself */
export const traitNodes = (schema: IdentitySchema, group: NodeGroup): UiNode[] =>
  schema.formFields().map(({ name, title, options, ...field }) =>
    inputNode({
      ...field,
      group,
      name,
      label: title === undefined ? undefined : messages.labelOfTrait({ name, title }),
      ...(options ? { options: options.map((value) => ({ value: value as Json })) } : {}),
    }),
  )

/**
 * Shows traits in a form: existing nodes get their values and the group, values that no node stands for – elements of
 * lists, members that the schema lacks – get plain inputs of their own. Nodes of other traits stay as they are.
 * @param traits a JSON value, as it was submitted or is stored
 */
export const withTraitValues = (ui: Ui, traits: unknown, group: NodeGroup): Ui =>
  flattenTraits(traits).reduce((form, { name, value, type }) => {
    const known = findNode(form, name)
    const node = known
      ? withValue({ ...known, group }, value as Json)
      : inputNode({ group, name, type, value: value as Json })
    return withNode(form, node)
  }, ui)

/** The same after all values and texts of traits were taken away: what is not among `traits` ends up empty. */
export const withOnlyTraitValues = (ui: Ui, traits: unknown, group: NodeGroup): Ui =>
  withTraitValues(
    mapNodes(ui, (node) => (isTrait(node) ? { ...withValue(node, undefined), messages: [] } : node)),
    traits,
    group,
  )

/** Puts values of traits into the nodes that are there and makes no new ones. */
export function withKnownTraitValues(ui: Ui, traits: unknown): Ui {
  const values = new Map(flattenTraits(traits).map(({ name, value }) => [name, value as Json]))
  return mapNodes(ui, (node) =>
    isInput(node) && values.has(nodeId(node)) ? withValue(node, values.get(nodeId(node))) : node,
  )
}

const isTrait = (node: UiNode): boolean => nodeId(node).startsWith('traits.')
