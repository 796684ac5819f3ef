import { satisfiesBidiRule } from './normalise/bidi.ts'
import { parseMailAddress } from './normalise/mail-address.ts'
import { phoneNumberOf } from './normalise/phone.ts'

export { parseMailAddress } from './normalise/mail-address.ts'

/**
 * The spelling under which an identifier or an address is stored and looked for. Letter case, width, ligatures, invisible
 * characters and white space around do not count; a valid international telephone number becomes E.164. Letters that
 * merely look alike stay apart. May be empty.
 * @see https://www.rfc-editor.org/rfc/rfc8264 PRECIS, of which this is a profile of the FreeformClass
 */
export function normaliseGracefully(text: string): string {
  const once = enforceOrStrip(text)
  // compat: the second time lower-cases what came out of compatibility characters (℡) – x/normalize.go
  return phoneNumberOf(once) ?? enforceOrStrip(once)
}

/** The bare address in lower case, out of `"Kim" <KIM@x.example>` too; undefined when it is none, or holds forbidden characters. */
export function normaliseEmail(text: string): string | undefined {
  const once = enforce(trim(text))
  const enforced = once === undefined ? undefined : enforce(once)
  return enforced === undefined ? undefined : parseMailAddress(enforced)
}

/** The E.164 spelling of a valid telephone number that begins with its country; undefined for any other text. */
export function normalisePhone(text: string): string | undefined {
  if (text.length > maxEnforcedLength) return undefined
  const folded = trim(text)
    .replace(/[\u3000\uff01-\uffee]/g, (character) => character.normalize('NFKC'))
    .normalize('NFC')
  return isFreeform(folded) ? phoneNumberOf(folded) : undefined
}

// Control, format, private and unassigned characters, surrogates, line separators, whatever shows as nothing, the parts of
// old Hangul, and the exceptions of RFC 5892, section 2.6.
const disallowed =
  /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7c6\ud7cb-\ud7fb]/u

// RFC 5892, appendix A: allowed in the right company only.
const contextual = '\u00b7\u0375\u05f3\u05f4\u0660-\u0669\u06f0-\u06f9'
const lonely = /(?<!l)\u00b7|\u00b7(?!l)|\u0375(?!\p{Script=Greek})|(?<!\p{Script=Hebrew})[\u05f3\u05f4]/u
const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u

const isFreeform = (text: string): boolean =>
  !disallowed.test(text) &&
  !lonely.test(text) &&
  !(/[\u0660-\u0669]/.test(text) && /[\u06f0-\u06f9]/.test(text)) &&
  !(text.includes('\u30fb') && !japanese.test(text))

/** Nobody is called by more. Putting many accents on one letter in order takes a time that grows with their square. */
const maxEnforcedLength = 4096

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)

/** The profile as it stands; undefined for a text that does not satisfy it. */
function enforce(text: string): string | undefined {
  // The rule about directions is not for plain ASCII, which may well begin with a digit.
  if (isAscii(text)) return text === '' || disallowed.test(text) ? undefined : text.toLowerCase()
  if (text.length > maxEnforcedLength) return undefined
  // Every Σ becomes σ here; `toLowerCase` would end words in ς.
  const mapped = text.replaceAll('Σ', 'σ').toLowerCase().normalize('NFKC')
  return mapped !== '' && isFreeform(mapped) && satisfiesBidiRule(mapped) ? mapped : undefined
}

const stripped = new RegExp(`${disallowed.source}|[${contextual}]`, 'gu')

/** The profile, or without it at least what can be had of it: forbidden characters are left out. */
function enforceOrStrip(text: string): string {
  const trimmed = trim(text)
  const enforced = enforce(trimmed)
  if (enforced !== undefined) return enforced
  const composed = trimmed.length > maxEnforcedLength ? trimmed : trimmed.normalize('NFKC')
  return composed.replace(stripped, '').toLowerCase()
}

const whiteSpace = /\p{White_Space}/u

/** By Unicode's own notion of white space, which is not that of `String.trim`. */
function trim(input: string): string {
  // Half of a surrogate pair cannot be stored; it becomes what it would be in the database.
  const text = input.toWellFormed()
  let [start, end] = [0, text.length]
  while (start < end && whiteSpace.test(text[start]!)) start++
  while (end > start && whiteSpace.test(text[end - 1]!)) end--
  return text.slice(start, end)
}
