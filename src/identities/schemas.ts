import { errors } from '../errors.ts'
import { compileIdentitySchema, type IdentitySchema } from './schema/schema.ts'
import type { SchemaSources } from './schema-source.ts'

export type IdentitySchemas = {
  defaultId: string
  /** Ids in the order of the configuration. */
  ids: string[]
  /** Whether a person may choose this schema themselves. */
  isSelectable(id: string): boolean
  has(id: string): boolean
  /** The document as `/schemas` serves it. */
  document(id: string): Promise<string>
  /** The schema ready for use; compiled once. Throws errors.invalidConfiguration when it is unknown or broken. */
  get(id: string): Promise<IdentitySchema>
}

export type SchemaEntry = { id: string; url: string; selfservice_selectable: boolean }

/** All identity schemas of the configuration, loaded and compiled on first use. */
export function createIdentitySchemas({
  schemas,
  defaultId,
  sources,
  loadRef,
  disallowRefs,
}: {
  schemas: readonly SchemaEntry[]
  defaultId: string
  sources: SchemaSources
  loadRef(url: string): Promise<string>
  disallowRefs: boolean
}): IdentitySchemas {
  const compiled = new Map<string, Promise<IdentitySchema>>()
  const byId = new Map(schemas.toReversed().map((s) => [s.id, s]))

  async function compile(id: string): Promise<IdentitySchema> {
    const text = await sources.documentOf(id)
    try {
      return await compileIdentitySchema(text, { loadRef, disallowRefs })
    } catch (error) {
      throw errors.invalidConfiguration(
        `The identity schema ${JSON.stringify(id)} cannot be used: ${(error as Error).message}`,
        error,
      )
    }
  }

  return {
    defaultId,
    ids: schemas.map((s) => s.id),
    has: (id) => byId.has(id),
    isSelectable: (id) => id === defaultId || (byId.get(id)?.selfservice_selectable ?? false),
    document: (id) => sources.documentOf(id),
    get(id) {
      // An identity without a schema id belongs to the schema with the literal name.
      const wanted = id === '' ? 'default' : id
      if (!byId.has(wanted))
        throw errors.invalidConfiguration(`There is no identity schema with the id ${JSON.stringify(wanted)}.`)
      let found = compiled.get(wanted)
      if (!found) {
        found = compile(wanted)
        compiled.set(wanted, found)
        // A source that could not be reached is asked again next time.
        found.catch(() => compiled.delete(wanted))
      }
      return found
    },
  }
}
