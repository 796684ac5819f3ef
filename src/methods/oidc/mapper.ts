import { ApiError, errors } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'
import { setOwn } from '../../lib/ordered-json.ts'
import { JsonnetError, type Jsonnet } from '../../lib/jsonnet/jsonnet.ts'
import { SourceError, type LoadSource } from '../../lib/source.ts'
import { createTtlCache } from '../../lib/ttl-cache.ts'
import type { Identity, Via } from '../../identities/identity.ts'
import type { Claims } from './claims.ts'
import type { ProviderConfig } from './provider.ts'

/** What an operator's Jsonnet makes of claims. Metadata is there only if the mapper says something about it. */
export type Mapped = {
  traits: Record<string, Json>
  metadataPublic?: Record<string, Json>
  metadataAdmin?: Record<string, Json>
  /** Addresses that the provider is believed to have verified. */
  verifiedAddresses: { via: Via; value: string }[]
}

/**
 * @param onOutput is told what the mapper makes before it is judged
 * @throws errors.internal when it cannot be evaluated or makes no traits; errors.invalidConfiguration and
 * errors.badRequest when other parts have the wrong shape
 */
export type RunMapper = (
  config: ProviderConfig,
  claims: Claims,
  identity?: Pick<Identity, 'traits' | 'metadataPublic' | 'metadataAdmin'>,
  onOutput?: (output: unknown) => void,
) => Promise<Mapped>

const hourMicros = 3600 * 1_000_000

export function createMapper({
  jsonnet,
  loadSource,
  clock,
}: {
  jsonnet: Jsonnet
  loadSource: LoadSource
  clock: Clock
}): RunMapper {
  const fetched = createTtlCache<string>({ clock, ttlMicros: hourMicros })
  return async ({ mapper_url: url }, claims, identity, onOutput) => {
    try {
      const snippet = await (/^https?:/i.test(url) ? fetched.get(url, () => loadSource(url)) : loadSource(url))
      const before = {
        traits: identity?.traits ?? {},
        metadata_public: identity?.metadataPublic ?? {},
        metadata_admin: identity?.metadataAdmin ?? {},
      }
      const output = await jsonnet.evaluate(snippet, { extVars: { claims, identity: before } })
      onOutput?.(output)
      return read(output)
    } catch (cause) {
      if (cause instanceof JsonnetError || cause instanceof SourceError) throw errors.internal(cause)
      throw cause
    }
  }
}

function read(output: unknown): Mapped {
  const identity = isObject(output) ? output['identity'] : undefined
  if (!isObject(identity) || !isObject(identity['traits']))
    throw new ApiError({
      status: 500,
      reason: 'The mapper of this provider makes no object identity.traits.',
      message: errors.internal().body.message,
    })
  return {
    traits: identity['traits'] as Record<string, Json>,
    ...metadataIn(identity, 'metadata_public', 'metadataPublic'),
    ...metadataIn(identity, 'metadata_admin', 'metadataAdmin'),
    verifiedAddresses: addressesIn(identity['verified_addresses']),
  }
}

function metadataIn(
  identity: Record<string, unknown>,
  name: string,
  key: 'metadataPublic' | 'metadataAdmin',
): Pick<Mapped, 'metadataPublic' | 'metadataAdmin'> {
  const value = identity[name]
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw errors.invalidConfiguration(`The mapper has to make an object of identity.${name}.`)
  return { [key]: value as Record<string, Json> }
}

function addressesIn(value: unknown): Mapped['verifiedAddresses'] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw errors.badRequest('The mapper has to make a list of identity.verified_addresses.')
  return value.flatMap((address: unknown): Mapped['verifiedAddresses'] => {
    if (!isObject(address) || typeof address['value'] !== 'string') return []
    const { via, value: text } = address
    if (via === 'email') return [{ via: 'email' as const, value: text.trim().toLowerCase() }]
    return via === 'sms' ? [{ via: 'sms' as const, value: text }] : []
  })
}

/**
 * One object over another, members of objects likewise. Where both say something, what is empty, zero or false does not
 * count.
 */
export function merged(below: Record<string, Json>, above: Record<string, Json>): Record<string, Json> {
  const out = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const old = Object.hasOwn(out, key) ? out[key] : undefined
    if (isObject(old) && isObject(value))
      setOwn(out, key, merged(old as Record<string, Json>, value as Record<string, Json>))
    else if (old === undefined || old === null || !isEmpty(value)) setOwn(out, key, value)
  }
  return out
}

const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0)
