import { createRequire } from 'node:module'
import type * as Phone from 'libphonenumber-js/max'

// The metadata of all countries take a while to load, and most servers never see a number.
let library: typeof Phone | undefined
const load = (): typeof Phone => (library ??= createRequire(import.meta.url)('libphonenumber-js/max') as typeof Phone)

const maxLength = 250

const punctuation =
  '\\-x\u2010-\u2015\u2212\u30fc\uff0d-\uff0f \u00a0\u00ad\u200b\u2060\u3000()\uff08\uff09\uff3b\uff3d.\\[\\]\\/~\u2053\u223c\uff5e'
const afterLabel = '[:.\uff0e]?[ \u00a0\\t,\\-]*'
const extension = [
  ';ext=\\p{Nd}{1,20}',
  `[ \u00a0\\t,]*(?:e?xt(?:ensi(?:o\u0301?|\u00f3))?n?|\uff45?\uff58\uff54\uff4e?|\u0434\u043e\u0431|anexo)${afterLabel}\\p{Nd}{1,20}#?`,
  `[ \u00a0\\t,]*(?:[x\uff58#\uff03~\uff5e]|int|\uff49\uff4e\uff54)${afterLabel}\\p{Nd}{1,9}#?`,
  '[\\- ]+\\p{Nd}{1,6}#',
  `[ \u00a0\\t]*(?:,,|;)${afterLabel}\\p{Nd}{1,15}#?`,
  `[ \u00a0\\t]*,+${afterLabel}\\p{Nd}{1,9}#?`,
].join('|')
const viable = new RegExp(
  `^[+\uff0b]*(?:[${punctuation}*]*\\p{Nd}){3}[${punctuation}*a-z\\p{Nd}]*(?:${extension})?$`,
  'iu',
)
const extensionAtEnd = new RegExp(`(?:${extension})$`, 'iu')

/**
 * The E.164 spelling of a valid telephone number, for instance `+16502530003`; undefined for any other text.
 * The number has to begin with `+` and its country. Extensions are left out, letters are those of a keypad, `tel:` URIs
 * are understood: as the phone library of Google reads them.
 */
export function phoneNumberOf(text: string): string | undefined {
  if (text.length > maxLength || !/[+\uff0b]/.test(text)) return undefined
  const candidate = candidateIn(text)
  if (!candidate || !/^[+\uff0b]/.test(candidate) || !viable.test(candidate)) return undefined

  const end = extensionAtEnd.exec(candidate)
  const number = end && viable.test(candidate.slice(0, end.index)) ? candidate.slice(0, end.index) : candidate
  const parsed = load().parsePhoneNumberFromString(`+${digitsOf(number)}`)
  return parsed?.isValid() ? parsed.number : undefined
}

const context = ';phone-context='
const globalContext = /^\+[\p{Nd}\-.()]*\p{Nd}[\p{Nd}\-.()]*$/u
const domainContext = /^(?:[a-z0-9](?:-*[a-z0-9])*\.)*[a-z](?:-*[a-z0-9])*\.?$/i

/** What may be a number in a text: all from the first plus sign or digit on, or the parts of a `tel:` URI (RFC 3966). */
function candidateIn(text: string): string | undefined {
  const at = text.indexOf(context)
  const scope = at < 0 ? undefined : text.slice(at + context.length).split(';', 1)[0]!
  if (scope !== undefined && !globalContext.test(scope) && !domainContext.test(scope)) return undefined

  let candidate: string
  if (at > 0 && scope !== undefined) {
    const scheme = text.indexOf('tel:')
    candidate = (scope.startsWith('+') ? scope : '') + text.slice(scheme >= 0 && scheme < at ? scheme + 4 : 0, at)
  } else {
    const start = text.search(/[+\uff0b\p{Nd}]/u)
    candidate = text.slice(start).split(/[\\/] *x/, 1)[0]!
  }
  const subaddress = candidate.indexOf(';isub=')
  return subaddress > 0 ? candidate.slice(0, subaddress) : candidate
}

const keypad = ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz']

/** Plain digits. Letters count as those on a keypad if there are three or more, else they are slips. */
function digitsOf(number: string): string {
  const hasWord = /(?:[a-z][^a-z]*){3}/i.test(number)
  return Array.from(number, (character) => {
    if (/\p{Nd}/u.test(character)) return digitOf(character)
    const key =
      hasWord && /[a-z]/i.test(character)
        ? keypad.findIndex((letters) => letters.includes(character.toLowerCase()))
        : -1
    return key < 0 ? '' : String(key + 2)
  }).join('')
}

/** The value of a decimal digit of any script: their code points come in runs of ten. */
function digitOf(character: string): string {
  const point = character.codePointAt(0)!
  let before = 0
  while (/\p{Nd}/u.test(String.fromCodePoint(point - before - 1))) before++
  return String(before % 10)
}
