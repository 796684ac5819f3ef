/**
 * HTML as a tagged template. Whatever is put in is escaped for the place where it stands; a template that puts something
 * in where escaping cannot help – the name of a tag, an unquoted attribute, a script, an event handler – throws when it
 * is first used. There is no way to mark a text as HTML: only what stands in the source between the backticks is.
 */

/** A piece of HTML. Made by `html` alone. */
export class Html {
  readonly #text: string
  private constructor(text: string) {
    this.#text = text
  }
  static #make = (text: string): Html => new Html(text)
  /** For `html` alone. */
  static maker(key: symbol): (text: string) => Html {
    if (key !== own) throw new Error('HTML is made by the tag `html`')
    return Html.#make
  }
  toString(): string {
    return this.#text
  }
}
const own = Symbol('html')
const make = Html.maker(own)

/** What stands in a template as content. `false`, `null` and `undefined` leave nothing. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

/** Attributes by name: a text or number is a value, `true` the bare name; `false` and `undefined` leave it out. */
export class Attributes {
  readonly #text: string
  constructor(values: Readonly<Record<string, string | number | boolean | undefined>>) {
    let text = ''
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined || value === false) continue
      checkName(name)
      text += value === true ? ` ${name}` : ` ${name}="${attributeValue(name, String(value))}"`
    }
    this.#text = text
  }
  toString(): string {
    return this.#text
  }
}

export const attributes = (values: ConstructorParameters<typeof Attributes>[0]): Attributes => new Attributes(values)

type Hole = { place: 'content' } | { place: 'attributes' } | { place: 'value'; name: string }

const plans = new WeakMap<TemplateStringsArray, readonly Hole[]>()

/** A piece of HTML from a template. @throws Error for a template that cannot be filled safely */
export function html(strings: TemplateStringsArray, ...values: readonly (Content | Attributes)[]): Html {
  let plan = plans.get(strings)
  if (!plan) {
    plan = planOf(strings)
    plans.set(strings, plan)
  }
  let out = strings[0]!
  for (const [index, value] of values.entries()) out += filled(plan[index]!, value) + strings[index + 1]!
  return make(out)
}

function filled(hole: Hole, value: Content | Attributes): string {
  switch (hole.place) {
    case 'content':
      if (value instanceof Attributes) throw new Error('attributes can stand in a tag only')
      return content(value)
    case 'attributes':
      if (value === undefined || value === false || value === null) return ''
      if (!(value instanceof Attributes)) throw new Error('only attributes can be put into a tag')
      return value.toString()
    case 'value':
      if (typeof value === 'string' || typeof value === 'number') return attributeValue(hole.name, String(value))
      throw new Error(`the attribute ${hole.name} needs a text or a number`)
  }
}

function content(value: Content): string {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return escape(value)
  if (value instanceof Html) return value.toString()
  if (typeof value === 'number') return String(value)
  let out = ''
  for (const item of value) out += content(item)
  return out
}

const awkward = /[&<>"'`]/
const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}
const escape = (text: string): string => (awkward.test(text) ? text.replace(/[&<>"'`]/g, (c) => escapes[c]!) : text)

const addresses = new Set(['href', 'src', 'action', 'formaction'])

const attributeValue = (name: string, value: string): string =>
  escape(addresses.has(name) ? harmless(name, value) : value)

/** An address that browsers would run instead of going there leads nowhere. Images may be written in the address itself. */
function harmless(name: string, address: string): string {
  // Browsers leave these characters out before they look for the scheme.
  const bare = address.replace(/[\u0000-\u0020]/g, '')
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(bare)?.[0].toLowerCase()
  const runs = scheme === 'javascript' || scheme === 'vbscript' || scheme === 'data'
  return runs && !(name === 'src' && /^data:image\//i.test(bare)) ? '#' : address
}

function checkName(name: string): void {
  if (!/^[a-z][a-z0-9-]*$/i.test(name)) throw new Error(`${JSON.stringify(name)} is no name of an attribute`)
  if (/^on|^(?:style|srcdoc)$/i.test(name)) throw new Error(`the attribute ${name} cannot be filled: its value is code`)
}

/** Where in a template its values stand. Reads just as much of HTML as our own templates use. */
function planOf(strings: readonly string[]): Hole[] {
  const holes: Hole[] = []
  let state: 'content' | 'tag' | 'value' | 'comment' = 'content'
  let name = ''
  let isCode = false
  for (const [index, text] of strings.entries()) {
    for (let i = 0; i < text.length; i++) {
      const rest = text.slice(i)
      if (state === 'content') {
        if (rest.startsWith('<!--')) state = 'comment'
        else if (/^<[/!a-z]/i.test(rest)) {
          state = 'tag'
          isCode = /^<(?:script|style)(?![a-z0-9-])/i.test(rest)
        }
        // A value here would become the name of a tag.
        if (rest === '<' || rest === '</') throw new Error('the name of a tag cannot be filled in')
      } else if (state === 'comment') {
        if (rest.startsWith('-->')) state = 'content'
      } else if (state === 'value') {
        if (text[i] === '"') state = 'tag'
      } else if (text[i] === '>') {
        state = 'content'
        if (isCode && !text.startsWith('</', i + 1)) throw new Error('code cannot stand in a template')
      } else if (text[i] === "'") throw new Error('attributes stand in double quotes')
      else if (text[i] === '"') {
        name = /([^\s"=<>]+)=$/.exec(text.slice(0, i))?.[1] ?? ''
        state = 'value'
      }
    }
    if (index === strings.length - 1) break
    if (state === 'content') holes.push({ place: 'content' })
    else if (state === 'value') {
      checkName(name)
      holes.push({ place: 'value', name: name.toLowerCase() })
    }
    // Attributes bring the space in front of them along, so that they cannot become part of what stands before.
    else if (state === 'tag' && !/=\s*$/.test(text)) holes.push({ place: 'attributes' })
    else throw new Error('a value cannot stand here')
  }
  if (state !== 'content') throw new Error('a template ends in the middle of a tag')
  return holes
}
