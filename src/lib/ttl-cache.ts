import type { Clock, Micros } from './clock.ts'

export type TtlCache<Value> = {
  /** The value under `key`, made anew when there is none or its time is over. Callers at the same time share one making. */
  get(key: string, make: () => Promise<Value>): Promise<Value>
}

/**
 * Keeps what was made for `ttlMicros`, at most `maxEntries` of it; the oldest goes first.
 * A failure is handed to all who wait for it and is not kept.
 */
export function createTtlCache<Value>({
  clock,
  ttlMicros,
  maxEntries = 100,
}: {
  clock: Clock
  ttlMicros: Micros
  maxEntries?: number
}): TtlCache<Value> {
  const entries = new Map<string, { value: Promise<Value>; until: Micros }>()

  return {
    get(key, make) {
      const now = clock.now()
      const known = entries.get(key)
      if (known && known.until > now) return known.value

      const value = make()
      const entry = { value, until: now + ttlMicros }
      entries.delete(key)
      entries.set(key, entry)
      value.catch(() => {
        if (entries.get(key) === entry) entries.delete(key)
      })
      if (entries.size > maxEntries) entries.delete(entries.keys().next().value!)
      return value
    },
  }
}
