/** One thing that is wrong with the configuration. `path` is dotted, elements of lists by number; empty: the whole. */
export type Problem = {
  path: string
  /** The value as it may be shown: short, secrets masked. */
  value?: string
  reason: string
  remedy: string
  /** The file or environment variable that it comes from. */
  source?: string
}

const secretKeys = new Set([
  'secrets',
  'dsn',
  'auth',
  'client_secret',
  'connection_uri',
  'headers',
  'base64',
  'authorization_header',
])

const isSecret = (path: readonly string[]): boolean =>
  path.some((key) => secretKeys.has(key) || key.endsWith('_private_key'))

/** A value for people to see. Objects, lists, and texts where one of these belongs are only named: they may hold secrets deep inside. */
export function shown(path: readonly string[], value: unknown, belongsHere: 'scalar' | 'container' = 'scalar'): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (isSecret(path) || (belongsHere === 'container' && typeof value === 'string')) return '[hidden]'
  if (typeof value !== 'string') return String(value)
  const text = value.replace(/\/\/[^/@]*@/g, '//[hidden]@')
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text)
}

/** All problems as a text of several lines. */
export function describe(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  const entries = problems.map(({ path, value, reason, remedy, source }) => {
    const place = path === '' ? '(root)' : path
    const origin = source === undefined ? '' : `   (from ${source})`
    return `${place}${value === undefined ? '' : `: ${value}`}${origin}\n  ^-- ${reason} ${remedy}`
  })
  return `The configuration cannot be used, it has ${count}:\n\n${entries.join('\n\n')}\n`
}

/** The key that someone most likely meant: at most two slips away, and never most of the word. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, slips: distance(key.toLowerCase(), candidate) }))
    .filter(({ candidate, slips }) => slips <= Math.min(2, Math.floor(candidate.length / 3)))
    .toSorted((a, b) => a.slips - b.slips)
  return ranked[0]?.candidate
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i])
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced, swapped)
    }
  }
  return rows[a.length]![b.length]!
}

/** A configuration that only turned out to be unusable when the server's parts were built: an identity schema, a key file. */
export class ConfigurationError extends Error {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(({ path, reason }) => `${path}: ${reason}`).join(' '), options)
    this.problems = problems
  }
}
