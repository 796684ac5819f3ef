import type { RawJson } from '../../lib/json.ts'
import type { OrderedObject } from '../../lib/ordered-json.ts'
import { compileDocument, type CompileOptions } from './compile.ts'
import { isPhone } from './extension.ts'
import { bodyPaths, formFields, keyOrder, type BodyPath, type TraitField } from './fields.ts'
import { samePlace, type SchemaNode } from './node.ts'
import { evaluate, type ExtensionCheck, type ExtensionHit, type SchemaError } from './validate.ts'

/** A compiled identity schema. It is immutable; whoever asks for it often keeps it. */
export type IdentitySchema = {
  readonly root: SchemaNode
  /** Whether a trait is marked as a phone number that the server uses. */
  readonly marksPhones: boolean
  /**
   * Applies the whole schema to `{ traits }`. The hits are the values that the server uses, in the order of the schema;
   * there are none beside errors.
   */
  validate(traits: unknown, check?: ExtensionCheck): { errors: SchemaError[]; hits: ExtensionHit[] }
  /** The values among stored traits that the server uses. Those of one identity are found once, however often it is asked. */
  hitsOf(traits: RawJson): readonly ExtensionHit[]
  /** What the part below `properties.traits` says of the traits of a form, before the server's own keywords count. */
  validateTraits(traits: unknown): SchemaError[]
  /** The inputs of a form, in alphabetical order; see `keyOrder`. Throws SchemaProblem for a schema that holds itself. */
  formFields(): readonly TraitField[]
  /**
   * The names by which a form's nodes are ordered: a node comes at the place of the first that its own name begins with.
   * Sorting `formFields` so, without moving equals, gives the order of all forms.
   */
  keyOrder(): readonly string[]
  /** What a submission may say about traits. Throws SchemaProblem for a schema that holds itself. */
  bodyPaths(): readonly BodyPath[]
}

/**
 * Compiles an identity schema of draft 4, 6 or 7 and, through `loadRef`, what it refers to.
 * @throws SchemaProblem when it cannot be used.
 */
export async function compileIdentitySchema(text: string, options: CompileOptions = {}): Promise<IdentitySchema> {
  const { root, source } = await compileDocument(text, options)
  return createIdentitySchema(root, source)
}

function createIdentitySchema(root: SchemaNode, source: OrderedObject): IdentitySchema {
  const traitsNode = root.properties?.get('traits')
  const fields = once(() => formFields(root))
  const order = once(() => keyOrder(source))
  const paths = once(() => (traitsNode ? bodyPaths(traitsNode) : []))
  const known = new WeakMap<RawJson, readonly ExtensionHit[]>()
  return {
    root,
    marksPhones: marksPhones(root),
    validate: (traits, check) => evaluate(root, { traits }, { check }),
    hitsOf(traits) {
      let hits = known.get(traits)
      if (hits === undefined) known.set(traits, (hits = evaluate(root, { traits: traits.value }).hits))
      return hits
    },
    validateTraits: (traits) => (traitsNode ? evaluate(traitsNode, traits, { at: ['traits'] }).errors : []),
    formFields: fields,
    keyOrder: order,
    bodyPaths: paths,
  }
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function marksPhones(root: SchemaNode): boolean {
  const seen = new Set<SchemaNode>([root])
  for (const node of seen) {
    if (node.extension && isPhone(node.extension)) return true
    for (const next of samePlace(node)) seen.add(next)
    for (const next of node.properties?.values() ?? []) seen.add(next)
    if (Array.isArray(node.items)) for (const next of node.items as readonly SchemaNode[]) seen.add(next)
    else if (node.items) seen.add(node.items as SchemaNode)
  }
  return false
}
