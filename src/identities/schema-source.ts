import { errors, type ApiError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { compactJson } from '../lib/compact-json.ts'
import { durationMicros } from '../lib/duration.ts'
import { SourceError, type LoadSource } from '../lib/source.ts'
import { createTtlCache } from '../lib/ttl-cache.ts'

/** An entry of `identity.schemas`. Of two entries with one id the first counts. */
export type SchemaEntry = { id: string; url: string }

export type SchemaSources = {
  /** The ids in the order of the configuration, each once. */
  ids: string[]
  has(id: string): boolean
  /**
   * The document of a schema as it is served: compact, its members in their order, its numbers as they are written.
   * @throws errors.notFound for an unknown id, errors.upstream when a remote gives no usable answer,
   * errors.invalidConfiguration for what is missing or no JSON, errors.internal when a file cannot be read.
   */
  documentOf(id: string): Promise<string>
}

// What is written into the configuration does not change; a file is looked at again soon, a remote host is spared.
const lifespans: Record<string, string> = { file: '1s', http: '5m', https: '5m' }
const forever = Number.POSITIVE_INFINITY

/** Where identity schemas come from. A document is kept for a while, a failure is not. */
export function createSchemaSources({
  schemas,
  loadSource,
  clock,
}: {
  schemas: SchemaEntry[]
  loadSource: LoadSource
  clock: Clock
}): SchemaSources {
  const entries = new Map<string, () => Promise<string>>()
  for (const { id, url } of schemas) {
    if (entries.has(id)) continue
    const scheme = url.slice(0, Math.max(0, url.indexOf('://'))).toLowerCase()
    const lifespan = lifespans[scheme]
    const cache = createTtlCache<string>({
      clock,
      ttlMicros: lifespan ? durationMicros(lifespan) : forever,
      maxEntries: 1,
    })
    entries.set(id, () => cache.get('', () => load({ loadSource, id, url })))
  }

  return {
    ids: [...entries.keys()],
    has: (id) => entries.has(id),
    async documentOf(id) {
      const document = entries.get(id)
      if (!document) throw errors.notFound('There is no identity schema by that id.')
      return document()
    },
  }
}

async function load({ loadSource, id, url }: { loadSource: LoadSource; id: string; url: string }): Promise<string> {
  try {
    return compactJson(await loadSource(url))
  } catch (cause) {
    throw problem(id, cause)
  }
}

function problem(id: string, cause: unknown): ApiError {
  if (cause instanceof SyntaxError)
    return errors.invalidConfiguration(`The identity schema "${id}" is no JSON document.`, cause)
  if (!(cause instanceof SourceError)) return errors.internal(cause)
  switch (cause.kind) {
    case 'unreachable':
      return errors.upstream(`The host that keeps the identity schema "${id}" gives no usable answer.`, { cause })
    case 'missing':
      return errors.invalidConfiguration(
        `The identity schema "${id}" is not where the configuration says it is.`,
        cause,
      )
    case 'too-large':
    case 'bad-base64':
    case 'unsupported-scheme':
      return errors.invalidConfiguration(
        `The identity schema "${id}" cannot be used: its address or size is wrong.`,
        cause,
      )
    case 'unreadable':
      return errors.internal(cause)
  }
}
