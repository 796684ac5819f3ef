import { isObject } from '../lib/json.ts'

/** `over` laid on `base`: objects member by member, everything else as a whole, lists included. */
export function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over
  const merged = new Map(Object.entries(base))
  for (const [key, value] of Object.entries(over)) merged.set(key, merge(merged.get(key), value))
  return Object.fromEntries(merged)
}
