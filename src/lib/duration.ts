const unitMs: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a duration such as `1h30m`, `500ms`; the configuration's pattern has been checked before. */
export function durationMs(text: string): number {
  let total = 0
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(count) * unitMs[unit!]!
  return total
}

/** Whole microseconds of a duration, the unit in which moments are counted. */
export const durationMicros = (text: string): number => Math.round(durationMs(text) * 1000)
