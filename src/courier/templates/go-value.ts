/**
 * A value as Go templates know it. Whole numbers of Go (`int`, literals without a point) are `bigint`, numbers of JSON
 * are `number`. `undefined` is a key that a map does not have, `null` is JSON's null.
 */
export type GoValue = undefined | null | boolean | string | number | bigint | GoValue[] | GoMap | GoStruct
export type GoMap = { [key: string]: GoValue }

/** A value with a fixed set of fields: asking for another one is an error, other than with a map. */
export class GoStruct {
  readonly fields: GoMap
  constructor(fields: GoMap) {
    this.fields = fields
  }
}

export const isMap = (value: GoValue): value is GoMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof GoStruct)

export const isNil = (value: GoValue): value is undefined | null => value === undefined || value === null

/** The member of a map; names such as `constructor` are none unless the map has them. */
export const member = (map: GoMap, key: string): GoValue => (Object.hasOwn(map, key) ? map[key] : undefined)

export const sortedKeys = (map: GoMap): string[] => Object.keys(map).sort(byBytes)

/** The order in which Go sorts texts: by code point, not by UTF-16 unit. */
export function byBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** False, zero, nothing, and what is empty count as false. */
export function truth(value: GoValue): boolean {
  if (isNil(value)) return false
  if (typeof value === 'number') return value !== 0
  if (typeof value === 'bigint') return value !== 0n
  if (typeof value === 'string') return value !== ''
  if (typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.length > 0
  return value instanceof GoStruct || Object.keys(value).length > 0
}

/** The name by which Go calls the type of a value. */
export function typeName(value: GoValue): string {
  if (isNil(value)) return 'nil'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (Array.isArray(value)) return '[]interface {}'
  return value instanceof GoStruct ? 'struct' : 'map[string]interface {}'
}

/** A value as `{{ . }}` prints it in a text; what is not there reads `<no value>`. */
export const printed = (value: GoValue): string => (isNil(value) ? '<no value>' : formatted(value))

/** A value as `%v` prints it. */
export function formatted(value: GoValue): string {
  if (isNil(value)) return '<nil>'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatFloat(value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[${value.map(formatted).join(' ')}]`
  if (value instanceof GoStruct) return `{${Object.values(value.fields).map(formatted).join(' ')}}`
  return `map[${sortedKeys(value)
    .map((key) => `${key}:${formatted(value[key])}`)
    .join(' ')}]`
}

/** The shortest digits that mean the number; from a million on, and below a ten-thousandth, with an exponent. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const [digits = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 6) return value.toString()
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** JSON as Go writes it: members in order of their names, `<`, `>` and `&` escaped unless `raw`. */
export function goJson(value: GoValue, { raw = false, indent = 0 }: { raw?: boolean; indent?: number } = {}): string {
  const text = JSON.stringify(jsonOf(value), null, indent)
  return raw ? text : text.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function jsonOf(value: GoValue): unknown {
  if (isNil(value)) return null
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (value instanceof GoStruct) return jsonOf(value.fields)
  if (typeof value === 'object') return Object.fromEntries(sortedKeys(value).map((key) => [key, jsonOf(value[key])]))
  return value
}
