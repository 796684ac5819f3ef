import { OrderedObject, parseOrdered, type OrderedJson } from '../../lib/ordered-json.ts'
import { checkExtensions } from './compile.ts'
import { checkDraft, type Finding } from './draft.ts'
import { extensionKeyword } from './extension.ts'
import { nodeName } from './fields.ts'

// The formats that an address to verify may have.
const verifiedFormats = ['email', 'tel', 'date', 'time', 'date-time', 'no-validate']

/**
 * What keeps a server from starting with an identity schema: rules of draft 7, whatever the document says it is, and the
 * server's own. Each problem begins with the place in the document, as
 * `properties.traits.properties.a.ory\.sh/kratos.verification.via`.
 */
export function checkIdentitySchemaAtStart(text: string): string[] {
  let root: OrderedJson
  try {
    root = parseOrdered(text)
  } catch (error) {
    return [`The identity schema is no JSON: ${(error as Error).message}`]
  }
  if (!(root instanceof OrderedObject)) return ['The identity schema has to be a JSON object.']
  const findings = [...checkDraft(root, 7), ...checkTraits(root), ...checkExtensions(root, 7)]
  return findings.map(({ path, text }) => `${path.length === 0 ? 'The identity schema' : nodeName(path)} ${text}.`)
}

function checkTraits(root: OrderedObject): Finding[] {
  const properties = root.get('properties')
  const traits = properties instanceof OrderedObject ? properties.get('traits') : undefined
  const path = ['properties', 'traits']
  if (!(traits instanceof OrderedObject)) return [{ path, text: 'is missing or no object' }]
  const out: Finding[] = []
  if (traits.has('type') && traits.get('type') !== 'object')
    out.push({ path: [...path, 'type'], text: 'has to be "object"' })
  const members = traits.get('properties')
  if (!(members instanceof OrderedObject) || members.size === 0) {
    return [...out, { path: [...path, 'properties'], text: 'has to name one trait or more' }]
  }
  for (const [name, trait] of members) out.push(...checkTrait(trait, [...path, 'properties', name]))
  return out
}

function checkTrait(trait: OrderedJson, path: readonly string[]): Finding[] {
  if (!(trait instanceof OrderedObject)) return [{ path, text: 'has to be an object' }]
  const extension = trait.get(extensionKeyword)
  const isVerified = extension instanceof OrderedObject && extension.get('verification') instanceof OrderedObject
  const format = trait.get('format')
  if (!isVerified || format === undefined || verifiedFormats.includes(format as string)) return []
  return [
    { path: [...path, 'format'], text: `has to be one of ${verifiedFormats.join(', ')} for a trait that is verified` },
  ]
}
