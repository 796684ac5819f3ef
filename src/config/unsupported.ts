import { isObject } from '../lib/json.ts'
import type { Config } from './schema.ts'

type Row = { key: string; what: string; used: (config: Config) => boolean }

/** What a configuration may ask for without getting it yet. Each row becomes one warning at the start. */
const unsupported: Row[] = [
  {
    key: 'selfservice.methods.b2b',
    what: 'Sign-in by organisation',
    used: ({ selfservice: { methods } }) => methods.b2b.config.organizations.length > 0,
  },
  hook('b2b_sso', 'The hook b2b_sso'),
  hook('organization', 'The hook organization'),
]

function hook(name: string, what: string): Row {
  return { key: 'selfservice.flows', what, used: (config) => hookNames(config.selfservice.flows).has(name) }
}

function hookNames(value: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) {
    for (const entry of value) if (isObject(entry) && typeof entry.hook === 'string') found.add(entry.hook)
  } else if (isObject(value)) {
    for (const inner of Object.values(value)) hookNames(inner, found)
  }
  return found
}

/** A sentence for each thing that is configured but missing. */
export const missingFeatures = (config: Config): string[] =>
  unsupported
    .filter(({ used }) => used(config))
    .map(({ key, what }) => `${what} cannot be used yet: what is configured at ${key} has no effect.`)
