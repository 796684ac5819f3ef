/** A moment: whole microseconds since 1970-01-01T00:00:00Z. A safe integer until the year 2255. */
export type Micros = number

export type Clock = { now(): Micros }

export const microsPerMs = 1000
export const microsPerSecond = 1_000_000

/**
 * The machine's clock. Within one process it never shows the same moment twice, so that "newest first" has one answer
 * also for rows that were made within a microsecond.
 */
export function systemClock(): Clock {
  let last = 0
  return {
    now() {
      const wall = Math.floor((performance.timeOrigin + performance.now()) * microsPerMs)
      // A clock that was set forward or back since the start counts: the monotonic one only supplies the digits below a millisecond.
      const drift = Date.now() * microsPerMs - wall
      const now = Math.abs(drift) > microsPerSecond ? wall + drift : wall
      last = now > last ? now : last + 1
      return last
    },
  }
}

const microsPerDay = 86_400 * microsPerSecond

// Answers hold many moments of few days, and making the date is most of the work.
const dates = new Map<number, string>()

function dateOf(day: number): string {
  let date = dates.get(day)
  if (date === undefined) {
    date = new Date((day * microsPerDay) / microsPerMs).toISOString().slice(0, 11)
    if (dates.size > 1000) dates.clear()
    dates.set(day, date)
  }
  return date
}

const twoDigits = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'))

/** RFC 3339 in UTC with microseconds, trailing zeros of the fraction dropped as Go does: `2026-07-01T10:00:00.1Z`. */
export function rfc3339(moment: Micros): string {
  const day = Math.floor(moment / microsPerDay)
  const inDay = moment - day * microsPerDay
  const second = Math.floor(inDay / microsPerSecond)
  const time = `${twoDigits[Math.floor(second / 3600)]}:${twoDigits[Math.floor(second / 60) % 60]}:${twoDigits[second % 60]}`
  const fraction = inDay - second * microsPerSecond
  if (fraction === 0) return `${dateOf(day)}${time}Z`
  let digits = String(fraction + microsPerSecond).slice(1)
  while (digits.endsWith('0')) digits = digits.slice(0, -1)
  return `${dateOf(day)}${time}.${digits}Z`
}

/** Reads an RFC 3339 moment with any offset; undefined when it is none. */
export function parseRfc3339(text: string): Micros | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (!match) return undefined
  const seconds = Date.parse(`${match[1]}${match[3]}`)
  if (Number.isNaN(seconds)) return undefined
  return seconds * microsPerMs + Number((match[2] ?? '').padEnd(6, '0').slice(0, 6))
}
