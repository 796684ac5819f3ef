import { isObject } from '../lib/json.ts'
import type { Keywords } from '../lib/shape.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Lays environment variables over a configuration, leaf by leaf: `SESSION_COOKIE_NAME` is `session.cookie.name`,
 * `IDENTITY_SCHEMAS_0_URL` the URL of the first schema. There is no prefix; only names that spell a key of the schema count.
 * @returns the configuration, and the variable behind each dotted path that was set.
 */
export function withEnvironment(
  schema: Keywords,
  config: Record<string, unknown>,
  env: Environment,
): { config: Record<string, unknown>; sources: Map<string, string> } {
  const sources = new Map<string, string>()
  let result: unknown = config
  // A list given as a whole comes before its elements, whatever the order in which the system hands the variables over.
  const names = Object.keys(env).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
  for (const name of names) {
    const text = env[name]
    if (text === undefined) continue
    const match = find(schema, name.toLowerCase().replaceAll('_', '.').split('.'), [])
    if (!match) continue
    result = assign(result, match.path, convert(match.shape, text))
    sources.set(match.path.join('.'), name)
  }
  return { config: result as Record<string, unknown>, sources }
}

type Match = { path: (string | number)[]; shape: Keywords }

/** The key that the words of a variable's name spell. A key may itself consist of several words: `ui_url`. */
function find(shape: Keywords, words: readonly string[], path: (string | number)[]): Match | undefined {
  if (words.length === 0) return path.length === 0 ? undefined : { path, shape }
  if (shape.items) {
    const [index = '', ...rest] = words
    return /^\d{1,3}$/.test(index) ? find(shape.items, rest, [...path, Number(index)]) : undefined
  }
  for (const kind of shape.either?.kinds ?? []) {
    const match = find(kind, words, path)
    if (match && match.path.length > path.length) return match
  }
  for (const [key, inner] of Object.entries(shape.properties ?? {})) {
    const own = key.split('_')
    if (!own.every((word, index) => word === words[index])) continue
    const match = find(inner, words.slice(own.length), [...path, key])
    if (match) return match
  }
  return undefined
}

function convert(shape: Keywords, text: string): unknown {
  switch (shape.type) {
    case 'integer':
    case 'number':
      // What is no number becomes 0, which the range then refuses where 0 makes no sense.
      return Number.isFinite(Number(text)) ? Number(text) : 0
    case 'boolean':
      return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)
    case 'array':
      return convertList(shape, text)
    case 'object':
      return parsed(text) ?? null
    default:
      return text
  }
}

function convertList(shape: Keywords, text: string): unknown {
  const json = parsed(text)
  const scalar = shape.items?.type !== 'object' && shape.items?.type !== undefined
  if (Array.isArray(json) || !scalar) return json ?? null
  return text === '' ? [] : csv(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** One line of comma-separated values; a value in double quotes may hold commas, and quotes by doubling them. */
const csv = (text: string): string[] =>
  [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '',
  )

function assign(into: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (typeof key === 'number') {
    const list: unknown[] = Array.isArray(into) ? [...into] : []
    while (list.length < key) list.push(null)
    list[key] = assign(list[key], rest, value)
    return list
  }
  const object = isObject(into) ? into : {}
  return { ...object, [key]: assign(object[key], rest, value) }
}
