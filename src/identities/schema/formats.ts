import { isIPv6 } from 'node:net'
import { phoneNumberOf } from '../normalise/phone.ts'
import { isPattern } from './pattern.ts'
import { parseGoUrl } from '../../lib/go-url.ts'

/**
 * TABLE of the formats that are checked, with the rules of the parsers that Kratos uses. A format that is not here is an
 * annotation only. The rules are for texts; any other value breaks each of them.
 */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  __proto__: null as never,
  email: isEmail,
  tel: (text) => phoneNumberOf(text) !== undefined,
  hostname: isHostname,
  'date-time': isDateTime,
  date: isDate,
  time: isTime,
  ipv4: isIpv4,
  'ip-address': isIpv4,
  ipv6: (text) => text.includes(':') && !text.includes('%') && isIPv6(text),
  uri: isAbsoluteUrl,
  iri: isAbsoluteUrl,
  'uri-reference': isUrl,
  uriref: isUrl,
  'iri-reference': isUrl,
  'uri-template': isUrlTemplate,
  regex: isPattern,
  'json-pointer': isJsonPointer,
  'relative-json-pointer': isRelativeJsonPointer,
  'no-validate': () => true,
}

const bytes = (text: string): number => Buffer.byteLength(text)

// What may stand in a local part: a dot-atom, or a quoted text that is not empty. Letters of all scripts count.
const atom = String.raw`[!#$%&'*+\-/0-9=?A-Z^_\x60a-z{|}~\u0080-\uffff]+`
const dotAtom = new RegExp(String.raw`^${atom}(?:\.${atom})*$`)
const quoted = /^"(?:[\t !#-[\]-~\u0080-\uffff]|\\[\t !-~\u0080-\uffff])+"$/

/**
 * An e-mail address as Go's net/mail reads it, without a name: `a@b` and `"a b"@c.d` count, `a@[1.2.3.4]` does not. Blanks
 * in front do no harm, those behind do.
 */
export function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 0 || bytes(text) > 254) return false
  const before = text.slice(0, at)
  const domain = text.slice(at + 1)
  if (bytes(before) > 64 || !isHostname(domain) || domain.endsWith('.')) return false
  const local = before.replace(/^[\t ]+/, '')
  return text.isWellFormed() && (dotAtom.test(local) || quoted.test(local))
}

function isHostname(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text
  if (name.length > 253 || name.startsWith('-')) return false
  return name.split('.').every((label) => /^[A-Za-z0-9-]{1,63}$/.test(label) && !label.endsWith('-'))
}

const datePattern = /^(\d{4})-(\d\d)-(\d\d)$/
// One-digit hours and a decimal comma are oddities of Go's parser.
const timePattern = /^(\d\d?):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|[+-](\d\d):(\d\d))$/

function isDate(text: string): boolean {
  const [, year, month, day] = datePattern.exec(text)?.map(Number) ?? []
  if (year === undefined || month === undefined || day === undefined) return false
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  return days !== undefined && day >= 1 && day <= days
}

function isTime(text: string): boolean {
  const [, hour, minute, second, offsetHour = '0', offsetMinute = '0'] = timePattern.exec(text) ?? []
  if (hour === undefined) return false
  return (
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(offsetHour) <= 24 &&
    Number(offsetMinute) <= 60
  )
}

function isDateTime(text: string): boolean {
  return text[10] === 'T' && isDate(text.slice(0, 10)) && isTime(text.slice(11))
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d+$/.test(part) && Number(part) <= 255)
}

function isUrl(text: string): boolean {
  return parseGoUrl(text) !== undefined
}

function isAbsoluteUrl(text: string): boolean {
  return (parseGoUrl(text)?.scheme ?? '') !== ''
}

function isUrlTemplate(text: string): boolean {
  const url = parseGoUrl(text)
  return url !== undefined && url.path.split('/').every((part) => /^[^{}]*(?:\{[^{}]*\}[^{}]*)*$/.test(part))
}

function isJsonPointer(text: string): boolean {
  return (text === '' || text.startsWith('/')) && !/~(?![01])/.test(text)
}

function isRelativeJsonPointer(text: string): boolean {
  const [, rest] = /^(?:0|[1-9]\d*)(.*)$/s.exec(text) ?? []
  return rest !== undefined && (rest === '#' || isJsonPointer(rest))
}
