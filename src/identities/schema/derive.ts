import { setOwn } from '../../lib/ordered-json.ts'
import type { Json } from '../../lib/json.ts'
import type { SchemaNode } from './node.ts'
import { isDeeperThan } from './equal.ts'
import { isPhone, type Channel } from './extension.ts'
import { isEmail } from './formats.ts'
import { maxIdentifierBytes } from '../identity.ts'
import { quote } from './problem.ts'
import type { IdentitySchema } from './schema.ts'
import { maxValueDepth, type ExtensionHit, type SchemaError } from './validate.ts'

/** The ways to one spelling of an identifier. */
export type Normalisers = {
  /** For look-ups and storage; always an answer, which may be empty. */
  normaliseGracefully(text: string): string
  /** The bare address, or undefined when it is none or holds characters that mislead. */
  normaliseEmail(text: string): string | undefined
  /** E.164, or undefined when it is no valid international number. */
  normalisePhone(text: string): string | undefined
}

/** What traits mean for an identity, each list in the order of the schema and without repetition. */
export type Derived = {
  /** The traits, with phone numbers that the server uses in E.164. */
  traits: Json
  traitsChanged: boolean
  /** What the schema and the server's own keywords object to. With any, the lists below are empty. */
  errors: SchemaError[]
  passwordIdentifiers: string[]
  webauthnIdentifiers: string[]
  codeIdentifiers: { address: string; channel: Channel }[]
  verifiable: { via: Channel; value: string }[]
  recovery: { via: Channel; value: string }[]
  /** Whether the traits hold a value that is marked so; if not, old identifiers of that kind stay. */
  ran: { password: boolean; webauthn: boolean; code: boolean }
  /** A value that should identify or reach the person is empty, or nothing but invisible characters. */
  emptyIdentifier: boolean
}

/**
 * Checks traits against their schema and derives what the server keeps beside them.
 * In self-service flows the form's own check of the traits comes first; its errors hide those of this step.
 */
export function deriveFromTraits(schema: IdentitySchema, traits: Json, normalisers: Normalisers): Derived {
  const hasNumbers = schema.marksPhones && !isDeeperThan(traits, maxValueDepth)
  const rewritten = hasNumbers
    ? (rewritePhones(schema.root, { traits }, normalisers) as { traits: Json }).traits
    : traits
  const { errors, hits } = schema.validate(rewritten, (hit) => checkHit(hit, normalisers))
  const derived: Derived = {
    traits: rewritten,
    traitsChanged: rewritten !== traits,
    errors,
    passwordIdentifiers: [],
    webauthnIdentifiers: [],
    codeIdentifiers: [],
    verifiable: [],
    recovery: [],
    ran: { password: false, webauthn: false, code: false },
    emptyIdentifier: false,
  }
  for (const hit of hits) collect(derived, hit, normalisers)
  return derived
}

/** A value that the server uses, as text: numbers identify people, too. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))

// -- checks ----------------------------------------------------------------------------------------------------------

/** The first thing that the server's keywords object to: in credentials, then verification, then recovery. */
function checkHit(hit: ExtensionHit, normalisers: Normalisers): SchemaError | undefined {
  const { extension, format } = hit
  const text = asText(hit.value)
  const stored =
    extension.password || extension.webauthn || extension.code || extension.verification || extension.recovery
  const length = stored ? lengthInIndex(text, normalisers) : 0
  if (length > maxIdentifierBytes)
    return errorAt(hit, {
      keyword: 'maxLength',
      text: `This may have ${maxIdentifierBytes} bytes, not ${length}.`,
      params: { max_length: maxIdentifierBytes, actual_length: length },
    })
  if (extension.code) {
    if (extension.codeVia === undefined)
      return objection(hit, 'The schema does not say over which channel codes for this value are sent.')
    if (codeAddress(text, extension.codeVia, format, normalisers) === undefined) return invalid(hit, extension.codeVia)
  }
  if (extension.verification) {
    if (format === undefined && extension.verification === 'sms') {
      return objection(
        hit,
        'The schema has to name a format for a phone number that is verified, such as tel or no-validate.',
      )
    }
    if (verifiableAddress(text, extension.verification, format, normalisers) === undefined)
      return invalid(hit, extension.verification)
  }
  if (extension.recovery && recoveryAddress(text, extension.recovery, format, normalisers) === undefined) {
    return invalid(hit, extension.recovery)
  }
  return undefined
}

/** The bytes of a value in its longest spelling. Composing makes a text longer, by eleven times at most. */
function lengthInIndex(text: string, { normaliseGracefully }: Normalisers): number {
  const length = Buffer.byteLength(text)
  return length * 11 <= maxIdentifierBytes ? length : Math.max(length, Buffer.byteLength(normaliseGracefully(text)))
}

const errorAt = (
  { path, pointer, schemaPointer }: ExtensionHit,
  rest: Pick<SchemaError, 'keyword' | 'text' | 'params'>,
): SchemaError => ({
  path,
  instancePointer: pointer,
  schemaPointer,
  causes: [],
  ...rest,
})

const objection = (hit: ExtensionHit, text: string) => errorAt(hit, { keyword: 'ory.sh/kratos', text, params: {} })

function invalid(hit: ExtensionHit, via: Channel): SchemaError {
  const format = via === 'email' ? 'email' : 'tel'
  return errorAt(hit, {
    keyword: 'format',
    text: `${quote(hit.value)} is not a valid ${format}.`,
    params: { format, value: hit.value },
  })
}

// -- addresses: undefined where the value is none -------------------------------------------------------------------------

function codeAddress(text: string, via: Channel, format: string | undefined, n: Normalisers): string | undefined {
  if (via === 'sms') return n.normalisePhone(text)
  return format === undefined || format === 'email' ? n.normaliseEmail(text) : n.normaliseGracefully(text)
}

function verifiableAddress(text: string, via: Channel, format: string | undefined, n: Normalisers): string | undefined {
  if (format === 'email' || format === 'tel') return via === 'email' ? n.normaliseEmail(text) : n.normalisePhone(text)
  if (format === undefined && via === 'email' && !isEmail(text)) return undefined
  return n.normaliseGracefully(text.trim())
}

function recoveryAddress(text: string, via: Channel, format: string | undefined, n: Normalisers): string | undefined {
  if (via === 'sms') return n.normalisePhone(text)
  if ((format === undefined || format === 'email') && !isEmail(text)) return undefined
  return n.normaliseGracefully(text)
}

// -- results -----------------------------------------------------------------------------------------------------------

function collect(derived: Derived, { extension, value, format }: ExtensionHit, normalisers: Normalisers): void {
  const text = asText(value)
  const kept = (address: string | undefined): address is string => {
    if (address === '') derived.emptyIdentifier = true
    return address !== undefined && address !== ''
  }
  if (extension.password) {
    derived.ran.password = true
    const identifier = normalisers.normaliseGracefully(text)
    if (kept(identifier)) addOnce(derived.passwordIdentifiers, identifier, (other) => other === identifier)
  }
  if (extension.webauthn) {
    derived.ran.webauthn = true
    const identifier = normalisers.normaliseGracefully(text)
    if (kept(identifier)) addOnce(derived.webauthnIdentifiers, identifier, (other) => other === identifier)
  }
  if (extension.code && extension.codeVia) {
    derived.ran.code = true
    const channel = extension.codeVia
    const address = codeAddress(text, channel, format, normalisers)
    if (kept(address)) {
      addOnce(
        derived.codeIdentifiers,
        { address, channel },
        (other) => other.address === address && other.channel === channel,
      )
    }
  }
  if (extension.verification) {
    const via = extension.verification
    const address = verifiableAddress(text, via, format, normalisers)
    if (kept(address))
      addOnce(derived.verifiable, { via, value: address }, (other) => other.via === via && other.value === address)
  }
  if (extension.recovery) {
    const via = extension.recovery
    const address = recoveryAddress(text, via, format, normalisers)
    if (kept(address))
      addOnce(derived.recovery, { via, value: address }, (other) => other.via === via && other.value === address)
  }
}

function addOnce<T>(list: T[], item: T, isSame: (other: T) => boolean): void {
  if (!list.some(isSame)) list.push(item)
}

// -- phone numbers inside of traits -------------------------------------------------------------------------------------

/**
 * The value with every phone number that the server uses in E.164; the very same value if there is nothing to change.
 * Numbers below `patternProperties`, `additionalProperties` and `contains` stay as they are.
 */
function rewritePhones(node: SchemaNode, value: unknown, normalisers: Normalisers): unknown {
  let out = value
  if (node.extension && typeof out === 'string' && isPhone(node.extension)) out = normalisers.normalisePhone(out) ?? out
  for (const same of [node.ref, node.not, node.when, node.whenMatched, node.otherwise]) {
    if (same) out = rewritePhones(same, out, normalisers)
  }
  for (const branches of [node.allOf, node.anyOf, node.oneOf]) {
    for (const branch of branches ?? []) out = rewritePhones(branch, out, normalisers)
  }
  if (Array.isArray(out)) return rewriteItems(node, out, normalisers)
  return typeof out === 'object' && out !== null
    ? rewriteMembers(node, out as Record<string, unknown>, normalisers)
    : out
}

function rewriteItems({ items }: SchemaNode, list: readonly unknown[], normalisers: Normalisers): readonly unknown[] {
  if (items === undefined) return list
  const next = list.map((item, index) => {
    const node = Array.isArray(items) ? (items as readonly SchemaNode[])[index] : (items as SchemaNode)
    return node ? rewritePhones(node, item, normalisers) : item
  })
  return next.some((item, index) => item !== list[index]) ? next : list
}

function rewriteMembers(
  { properties }: SchemaNode,
  object: Record<string, unknown>,
  normalisers: Normalisers,
): Record<string, unknown> {
  let out = object
  for (const [name, node] of properties ?? []) {
    if (!Object.hasOwn(out, name)) continue
    const next = rewritePhones(node, out[name], normalisers)
    if (next === out[name]) continue
    if (out === object) out = { ...object }
    setOwn(out, name, next)
  }
  return out
}
