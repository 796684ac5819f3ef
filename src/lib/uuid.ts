import { randomUUID } from 'node:crypto'

export const nilUuid = '00000000-0000-0000-0000-000000000000'
export const newUuid = (): string => randomUUID()

const canonical = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const hex = /^[0-9a-f]{32}$/i

/** The canonical spelling of a UUID in any that clients may use – dashed, 32 digits, `{…}`, `urn:uuid:…` –, else undefined. */
export function parseUuid(text: string | null | undefined): string | undefined {
  if (!text) return undefined
  let inner = text
  if (/^urn:uuid:/i.test(inner)) inner = inner.slice(9)
  else if (inner.startsWith('{') && inner.endsWith('}')) inner = inner.slice(1, -1)
  if (canonical.test(inner)) return inner.toLowerCase()
  if (!hex.test(inner)) return undefined
  return inner.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
