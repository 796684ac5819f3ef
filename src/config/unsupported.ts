import { isObject } from '../lib/json.ts'
import type { Config } from './schema.ts'

type Row = { key: string; what: string; used: (config: Config, given: (key: string) => unknown) => boolean }

/** What a configuration may ask for without getting it yet. Each row becomes one warning at the start. */
const unsupported: Row[] = [
  {
    key: 'selfservice.methods.b2b',
    what: 'Sign-in by organisation',
    used: ({ selfservice: { methods } }) => methods.b2b.config.organizations.length > 0,
  },
  hook('b2b_sso', 'The hook b2b_sso'),
  hook('organization', 'The hook organization'),
  section('oauth2_provider', 'Login for an OAuth2 server'),
]

function section(key: string, what: string): Row {
  return { key, what, used: (_, given) => isObject(given(key)) }
}

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

/** A sentence for each thing that is configured but missing. `raw` is the configuration before its defaults. */
export function missingFeatures(config: Config, raw: Record<string, unknown>): string[] {
  const given = (key: string) =>
    key.split('.').reduce<unknown>((inner, part) => (isObject(inner) ? inner[part] : undefined), raw)
  return unsupported
    .filter(({ used }) => used(config, given))
    .map(({ key, what }) => `${what} cannot be used yet: what is configured at ${key} has no effect.`)
}
