import { samePlace, type SchemaNode } from '../../identities/schema/node.ts'
import { nodeName } from '../../identities/schema/fields.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import { messages, type UiText } from '../../ui/messages.ts'
import { nodeId, withValue } from '../../ui/node.ts'
import type { Ui } from '../flow.ts'
import { mapNodes } from '../form.ts'

/**
 * The spellings under which an identifier is looked for, the literal one first. A NUL cannot be part of any, and
 * databases refuse to look for one.
 */
export const spellingsOf = (identifier: string, normalise: (text: string) => string): string[] =>
  [...new Set([identifier, normalise(identifier)])].filter((text) => text !== '' && !text.includes('\0'))

/** Nobody has a longer identifier; what failed submissions leave behind in the database is bounded. */
const maxKeptLength = 4096

/** Fills the identifier in that was submitted, if the form asks for one. */
export function keepIdentifier(ui: Ui, identifier: unknown): Ui {
  const value = typeof identifier === 'string' && identifier.length <= maxKeptLength ? identifier : ''
  return mapNodes(ui, (node) => (nodeId(node) === 'identifier' ? withValue(node, value) : node))
}

const labels = new WeakMap<IdentitySchema, UiText>()

/** How the field for the identifier is called: as the trait, where the schema has exactly one with a title. */
export function identifierLabel(schema: IdentitySchema): UiText {
  let label = labels.get(schema)
  if (!label) {
    const [only, ...others] = titledIdentifiers(schema.root)
    label = only && others.length === 0 ? messages.labelOfTrait(only) : messages.labelIdentifier()
    labels.set(schema, label)
  }
  return label
}

function titledIdentifiers(root: SchemaNode): { name: string; title: string }[] {
  const found: { name: string; title: string }[] = []
  const seen = new Set<SchemaNode>()
  visit(root, [])
  return found

  function visit(node: SchemaNode, path: readonly string[]): void {
    if (seen.has(node)) return
    seen.add(node)
    if (node.title !== '' && isIdentifier(node)) found.push({ name: nodeName(path), title: node.title })
    for (const same of samePlace(node)) visit(same, path)
    for (const [name, member] of node.properties ?? []) visit(member, [...path, name])
    for (const item of itemsOf(node)) visit(item, path)
  }
}

const isIdentifier = ({ extension }: SchemaNode): boolean =>
  extension !== undefined &&
  (extension.password ||
    extension.webauthn ||
    extension.code ||
    extension.passkeyDisplayName ||
    extension.totpAccountName)

const itemsOf = ({ items }: SchemaNode): readonly SchemaNode[] =>
  items === undefined ? [] : Array.isArray(items) ? (items as readonly SchemaNode[]) : [items as SchemaNode]
