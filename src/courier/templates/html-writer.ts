import { formatted, goJson, isNil, type GoValue } from './go-value.ts'
import type { Writer } from './go-template.ts'

/** A value stands where no escaping makes it safe. */
export class HtmlContextError extends Error {}

type AttributeKind = 'plain' | 'url' | 'css' | 'js'
type Place =
  | { at: 'text' | 'comment' }
  | { at: 'tag' | 'afterName' }
  | { at: 'tagName' | 'attributeName'; name: string }
  | { at: 'beforeValue'; kind: AttributeKind }
  /** `quote` is empty for a value without quotation marks. */
  | { at: 'value'; quote: '"' | "'" | ''; kind: AttributeKind; inside: Inside }
  /** In an element whose content is no markup. */
  | { at: 'raw'; element: string; inside: Inside }

/** What is known of the language inside an attribute or element. */
type Inside = {
  mode: 'code' | '"' | "'" | '`' | 'line' | 'block' | 'regexp' | 'url' | 'url"' | "url'"
  last: string
  url: 'start' | 'path' | 'query'
}

const inside = (): Inside => ({ mode: 'code', last: '', url: 'start' })

const rawElements = new Set(['script', 'style', 'textarea', 'title'])
const urlAttributes = new Set([
  'action',
  'archive',
  'background',
  'cite',
  'classid',
  'codebase',
  'data',
  'formaction',
  'href',
  'icon',
  'longdesc',
  'manifest',
  'poster',
  'profile',
  'src',
  'srcset',
  'usemap',
  'xmlns',
])

/**
 * Writes HTML and keeps track of where in it every value lands: values are escaped for text, attributes, addresses,
 * scripts and styles. What cannot be made safe becomes `ZgotmplZ`, as with Go's `html/template`; comments are left out.
 */
export function createHtmlWriter(): Writer {
  let place: Place = { at: 'text' }
  /** The element that a tag opens; empty for closing tags. */
  let element = ''
  /** The attribute whose value may come next. */
  let attribute = ''
  let out = ''

  return {
    text(text) {
      for (let index = 0; index < text.length;) index = consume(text, index)
    },
    value(value) {
      out += escaped(value)
    },
    result: () => out,
  }

  /** Takes what belongs to one place. @returns where the next one begins */
  function consume(text: string, from: number): number {
    switch (place.at) {
      case 'text':
        return consumeText(text, from)
      case 'comment': {
        const close = text.indexOf('-->', from)
        if (close === -1) return text.length
        place = { at: 'text' }
        return close + 3
      }
      case 'raw':
        return consumeRaw(text, from, place)
      case 'tagName': {
        const [name = ''] = /^[A-Za-z0-9:-]*/.exec(text.slice(from, from + 64))!
        out += name
        place.name += name
        if (from + name.length >= text.length) return text.length
        if (/^\/?$/.test(place.name)) place = { at: 'text' }
        else if (name === '') {
          element = place.name.toLowerCase()
          place = { at: 'tag' }
        }
        return from + name.length
      }
      case 'tag':
      case 'afterName':
        return consumeTag(text, from, place)
      case 'attributeName': {
        const [name = ''] = /^[^\s=>/"']*/.exec(text.slice(from))!
        out += name
        place.name += name
        if (from + name.length < text.length) {
          attribute = place.name
          place = { at: 'afterName' }
        }
        return from + name.length
      }
      case 'beforeValue':
        return consumeBeforeValue(text, from, place)
      case 'value':
        return consumeValue(text, from, place)
    }
  }

  function consumeText(text: string, from: number): number {
    const open = text.indexOf('<', from)
    if (open === -1) {
      out += text.slice(from)
      return text.length
    }
    out += text.slice(from, open)
    if (text.startsWith('<!--', open)) {
      place = { at: 'comment' }
      return open + 4
    }
    // At the end of a text it shows later whether this is a tag.
    const [tag] = /^<\/?(?=[A-Za-z]|$)/.exec(text.slice(open, open + 3)) ?? []
    out += tag ?? '<'
    if (tag !== undefined) place = { at: 'tagName', name: tag === '</' ? '/' : '' }
    return open + (tag ?? '<').length
  }

  function consumeRaw(text: string, from: number, at: Extract<Place, { at: 'raw' }>): number {
    const close = new RegExp(`</(?=${at.element}(?:[\\s/>]|$))`, 'i').exec(text.slice(from))
    const end = close ? from + close.index : text.length
    const content = text.slice(from, end)
    out += content
    follow(at.element === 'script' ? 'js' : at.element === 'style' ? 'css' : 'plain', at.inside, content)
    if (!close) return text.length
    out += '</'
    place = { at: 'tagName', name: '/' }
    return end + 2
  }

  function consumeTag(text: string, from: number, { at }: { at: 'tag' | 'afterName' }): number {
    const character = text[from]!
    out += character
    if (character === '>') {
      place = rawElements.has(element) ? { at: 'raw', element, inside: inside() } : { at: 'text' }
    } else if (character === '=' && at === 'afterName') {
      place = { at: 'beforeValue', kind: kindOf(attribute) }
    } else if (!/[\s/]/.test(character)) {
      place = { at: 'attributeName', name: character }
    } else if (character === '/') place = { at: 'tag' }
    return from + 1
  }

  function consumeBeforeValue(text: string, from: number, { kind }: { kind: AttributeKind }): number {
    const character = text[from]!
    if (character === '>') {
      place = { at: 'tag' }
      return from
    }
    if (character === '"' || character === "'") {
      out += character
      place = { at: 'value', quote: character, kind, inside: inside() }
      return from + 1
    }
    if (/\s/.test(character)) {
      out += character
      return from + 1
    }
    place = { at: 'value', quote: '', kind, inside: inside() }
    return from
  }

  function consumeValue(text: string, from: number, at: Extract<Place, { at: 'value' }>): number {
    const end = at.quote === '' ? /[\s>]/.exec(text.slice(from)) : undefined
    const found = at.quote === '' ? (end ? from + end.index : -1) : text.indexOf(at.quote, from)
    const until = found === -1 ? text.length : found
    const content = text.slice(from, until)
    out += content
    follow(at.kind, at.inside, unescaped(content))
    if (found === -1) return text.length
    place = { at: 'tag' }
    if (at.quote === '') return until
    out += at.quote
    return until + 1
  }

  function escaped(value: GoValue): string {
    switch (place.at) {
      case 'text':
        return escapeHtml(textOf(value))
      case 'comment':
        return ''
      case 'raw': {
        const { element: of, inside: at } = place
        if (of === 'script') return asJs(value, at)
        return of === 'style' ? asCss(value, at) : escapeHtml(textOf(value))
      }
      case 'beforeValue':
        place = { at: 'value', quote: '', kind: place.kind, inside: inside() }
        return escaped(value)
      case 'value': {
        const text = inAttribute(value, place.kind, place.inside)
        return place.quote === '' ? escapeUnquoted(text) : escapeHtml(text)
      }
      default: {
        // A name of a tag or an attribute: one that means something to a browser is not made up by a value.
        const name = textOf(value)
        const harmless = place.at !== 'tagName' && /^[a-z][a-z0-9-]*$/i.test(name) && kindOf(name) === 'plain'
        if (place.at === 'attributeName') place.name += name
        else if (place.at !== 'tagName') place = { at: 'attributeName', name }
        return harmless ? name : 'ZgotmplZ'
      }
    }
  }
}

function kindOf(name: string): AttributeKind {
  const plain = name.toLowerCase().replace(/^data-/, '')
  const local = plain.startsWith('xmlns:') ? 'xmlns' : plain.replace(/^.*:/, '')
  if (local.startsWith('on')) return 'js'
  if (local === 'style') return 'css'
  if (urlAttributes.has(local)) return 'url'
  // Names of one's own that speak of addresses.
  return name.toLowerCase().startsWith('data-') && /src|uri|url/.test(local) ? 'url' : 'plain'
}

const textOf = (value: GoValue): string => (isNil(value) ? '' : formatted(value))

const htmlEscapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '+': '&#43;',
  '\0': '\ufffd',
}

const escapeHtml = (text: string): string => text.replace(/[&<>"'+\0]/g, (c) => htmlEscapes[c]!)

/** For a value without quotation marks: nothing may end it. */
const escapeUnquoted = (text: string): string =>
  text === '' ? 'ZgotmplZ' : text.replace(/[&<>"'+\0\s=`]/g, (c) => htmlEscapes[c] ?? `&#${c.charCodeAt(0)};`)

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#34': '"', apos: "'", '#39': "'" }
const unescaped = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos|#34|#39);/g, (_, name: string) => entities[name]!)

function inAttribute(value: GoValue, kind: AttributeKind, at: Inside): string {
  if (kind === 'url') return asUrl(textOf(value), at)
  if (kind === 'css') return asCss(value, at)
  return kind === 'js' ? asJs(value, at) : textOf(value)
}

/** Goes through text of the template, to know in what a value behind it lands. */
function follow(kind: AttributeKind, at: Inside, text: string): void {
  if (kind === 'url') at.url = /[?#]/.test(text) ? 'query' : at.url === 'start' && text.trim() !== '' ? 'path' : at.url
  if (kind === 'css') followCss(at, text)
  if (kind === 'js') followJs(at, text)
}

function followJs(at: Inside, text: string): void {
  let inClass = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    const next = text[i + 1]
    switch (at.mode) {
      case 'code':
        if (c === '"' || c === "'" || c === '`') at.mode = c
        else if (c === '/' && next === '/') at.mode = 'line'
        else if (c === '/' && next === '*') {
          at.mode = 'block'
          i++
        } else if (c === '/' && !/[\w$)\]}]/.test(at.last)) at.mode = 'regexp'
        if (!/\s/.test(c)) at.last = c
        break
      case 'line':
        if (c === '\n' || c === '\u2028' || c === '\u2029') at.mode = 'code'
        break
      case 'block':
        if (c === '*' && next === '/') {
          at.mode = 'code'
          i++
        }
        break
      case 'regexp':
        if (c === '\\') i++
        else if (c === '[') inClass = true
        else if (c === ']') inClass = false
        else if (c === '/' && !inClass) at.mode = 'code'
        break
      default:
        if (c === '\\') i++
        else if (c === at.mode) at.mode = 'code'
    }
  }
}

function followCss(at: Inside, text: string): void {
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    switch (at.mode) {
      case 'code': {
        const [call, quote] = /^url\(\s*(["']?)/i.exec(text.slice(i)) ?? []
        if (call !== undefined) {
          at.mode = quote === '"' ? 'url"' : quote === "'" ? "url'" : 'url'
          at.url = 'start'
          i += call.length - 1
        } else if (c === '"' || c === "'") at.mode = c
        else if (c === '/' && text[i + 1] === '*') {
          at.mode = 'block'
          i++
        }
        break
      }
      case 'block':
        if (c === '*' && text[i + 1] === '/') {
          at.mode = 'code'
          i++
        }
        break
      default:
        if (c === '\\') i++
        else if (c === (at.mode === 'url' ? ')' : at.mode.at(-1))) at.mode = 'code'
        else if (at.mode.startsWith('url')) follow('url', at, c)
    }
  }
}

/** An address, or a part of one. Another scheme than those of web and mail could be a program. */
function asUrl(text: string, { url }: Inside): string {
  if (url === 'query') return percentEncoded(text, /[A-Za-z0-9\-._~]/)
  if (url === 'start') {
    const colon = text.indexOf(':')
    const scheme = colon === -1 || text.slice(0, colon).includes('/') ? undefined : text.slice(0, colon).toLowerCase()
    if (scheme !== undefined && !['http', 'https', 'mailto'].includes(scheme)) return '#ZgotmplZ'
  }
  return percentEncoded(text, /[A-Za-z0-9\-._~!#$&*+,/:;=?@[\]]/)
}

function percentEncoded(text: string, kept: RegExp): string {
  const bytes = Buffer.from(text)
  let out = ''
  bytes.forEach((byte, index) => {
    const c = String.fromCharCode(byte)
    const isEscape =
      c === '%' && kept.test('&') && /^[\da-fA-F]{2}$/.test(bytes.toString('latin1', index + 1, index + 3))
    out += byte < 128 && (kept.test(c) || isEscape) ? c : `%${byte.toString(16).padStart(2, '0')}`
  })
  return out
}

function asJs(value: GoValue, at: Inside): string {
  switch (at.mode) {
    case 'line':
    case 'block':
      return ''
    case '"':
    case "'":
      return textOf(value).replace(
        /[\\"'`<>&+/\0-\x1f\u2028\u2029]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    case 'code': {
      at.last = 'a'
      const text = goJson(value)
      // Nothing may grow together with a word beside it.
      return /^[\w$]|[\w$]$/.test(text) ? ` ${text} ` : text
    }
    default:
      throw new HtmlContextError('A value cannot stand in a regular expression or a template text of a script.')
  }
}

function asCss(value: GoValue, at: Inside): string {
  const text = textOf(value)
  switch (at.mode) {
    case 'block':
      return ''
    case '"':
    case "'":
      return text.replace(/[^\w \-.,\u0080-\u{10ffff}]/gu, (c) => `\\${c.codePointAt(0)!.toString(16)} `)
    case 'code': {
      const letters = text.toLowerCase().replace(/[^a-z0-9_-]/g, '')
      const odd = /[\0"'()/;@[\\\]`{}<>]|--/.test(text) || /expression|mozbinding/.test(letters.replaceAll('-', ''))
      return odd ? 'ZgotmplZ' : text
    }
    default:
      return asUrl(text, at).replace(/[()'"]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  }
}
