import { asText } from '../../identities/schema/derive.ts'
import type { Extension } from '../../identities/schema/extension.ts'
import { nodeName } from '../../identities/schema/fields.ts'
import { samePlace, type SchemaNode } from '../../identities/schema/node.ts'
import type { IdentitySchema } from '../../identities/schema/schema.ts'
import type { RawJson } from '../../lib/json.ts'

/** What an authenticator shows beside a passkey: the trait that is marked for it, else the one for security keys. */
export function displayNameOf(schema: IdentitySchema, traits: RawJson): string {
  const hits = schema.hitsOf(traits)
  const first = (isMeant: (extension: Extension) => boolean): string =>
    hits
      .filter(({ extension }) => isMeant(extension))
      .map(({ value }) => asText(value))
      .find((text) => text !== '') ?? ''
  return first((e) => e.passkeyDisplayName) || first((e) => e.webauthn).toLowerCase()
}

/**
 * The fields of a form of which the first that is filled in names a new passkey, in alphabetical order. A schema that marks
 * none has to do with its first trait without a title.
 */
export function displayNameFields(schema: IdentitySchema): string[] {
  let fields = known.get(schema)
  if (!fields) {
    const [untitled] = schema.formFields().filter(({ title }) => title === undefined)
    const marked = markedFields(schema.root)
    fields = marked.length > 0 || untitled === undefined ? marked : [untitled.name]
    known.set(schema, fields)
  }
  return fields
}

const known = new WeakMap<IdentitySchema, string[]>()

function markedFields(root: SchemaNode): string[] {
  const found = new Set<string>()
  const seen = new Set<SchemaNode>()
  visit(root, [])
  return [...found].toSorted()

  function visit(node: SchemaNode, path: readonly string[]): void {
    if (seen.has(node)) return
    seen.add(node)
    if (node.extension?.passkeyDisplayName || node.extension?.webauthn) found.add(nodeName(path))
    for (const same of samePlace(node)) visit(same, path)
    for (const [name, member] of node.properties ?? []) visit(member, [...path, name])
  }
}
