import { parseRfc3339 } from '../lib/clock.ts'
import type { Json } from '../lib/json.ts'
import type { UiText } from '../ui/messages.ts'
import { isInput, type InputAttributes, type UiNode } from '../ui/node.ts'
import { attributes, html, type Content, type Html } from './html.ts'
import { habitOf, isCompletion, isResend, lookOf, providerOf, thingOf, type Thing } from './known.ts'
import type { Language } from './language.ts'

/** Single nodes as HTML. Which of them stand together is the business of form.ts. */

/** A node with the `id` of its element. */
export type Item = { node: UiNode; id: string }
export type InputItem = { node: UiNode & { attributes: InputAttributes }; id: string }

export const isProblem = ({ type }: UiText): boolean => type === 'error'
export const isHidden = ({ node }: Item): boolean => isInput(node) && node.attributes.type === 'hidden'

/** The texts of a field, which its element refers to. */
export const fieldTexts = ({ node, id }: Item, language: Language): Html | undefined =>
  node.messages.length === 0
    ? undefined
    : html`<div class="field-texts" id="${id}-t">${node.messages.map((text) => html`<p class="${text.type}">${language.message(text)}</p>`)}</div>`

/** What a node is called. */
export function nodeLabel(node: UiNode, language: Language): string {
  const { label } = node.meta
  if (label) return language.message(label)
  const name = node.attributes.node_type === 'input' ? node.attributes.name : node.attributes.id
  return readable(name)
}

/** A name of the schema as somebody would say it: `traits.address.postal_code` is "Postal code". */
function readable(name: string): string {
  const parts = name.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
  const index = /^\d+$/.test(parts.at(-1)!) ? ` ${Number(parts.pop()) + 1}` : ''
  const words = (parts.at(-1) ?? name).replaceAll(/[_-]+/g, ' ').trim()
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${index}`
}

// -- fields and things to read ------------------------------------------------------------------------------------------

export function element(item: Item, language: Language, autofocus: boolean): Content {
  const { node, id } = item
  const a = node.attributes
  switch (a.node_type) {
    case 'input':
      return input({ node: { ...node, attributes: a }, id }, language, autofocus)
    case 'text':
      return textBlock(item, language)
    case 'img':
      return html`<figure><img${attributes({ src: a.src, width: a.width, height: a.height, alt: nodeLabel(node, language), id: a.id })}>${fieldTexts(item, language)}</figure>`
    case 'a':
      return html`<p class="buttons"><a class="button primary"${attributes({ href: a.href, id: a.id })}>${language.message(a.title)}</a></p>`
    case 'div':
      return html`<div${attributes({ id: a.id, class: a.class, ...dataAttributes(a.data) })}></div>`
    case 'script':
      return undefined
  }
}

const dataAttributes = (data: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data ?? {}).flatMap(([name, value]) =>
      /^[a-z][a-z0-9-]*$/.test(name) ? [[`data-${name}`, value]] : [],
    ),
  )

/** Codes to write down, or whatever else there is to read. */
function textBlock({ node, id }: Item, language: Language): Html | undefined {
  const a = node.attributes
  if (a.node_type !== 'text') return undefined
  const { texts } = language
  const secrets = a.text.context?.secrets
  const label = node.meta.label && html`<p class="label" id="${id}-l">${language.message(node.meta.label)}</p>`
  const copy = html`<button type="button" class="button small" data-copy="${a.id}" data-done="${texts.copied}" hidden>${texts.copy}</button>`
  if (!Array.isArray(secrets))
    return html`<div class="field">${label}<p class="secret" id="${a.id}"><code>${grouped(language.message(a.text))}</code></p><div class="buttons">${copy}</div></div>`
  return html`<div class="field">${label}<ul class="codes" id="${a.id}">${secrets.map((secret) => codeItem(secret as unknown as UiText, language))}</ul><div class="buttons">${copy}<button type="button" class="button small" data-download="${a.id}" data-file="${texts.codesFile}" hidden>${texts.download}</button><button type="button" class="button small" data-print hidden>${texts.print}</button></div></div>`
}

/** A code, or when it was used. */
function codeItem(text: UiText, language: Language): Html {
  const usedAt = text.context?.used_at
  const at = typeof usedAt === 'string' ? parseRfc3339(usedAt) : undefined
  return at === undefined
    ? html`<li><code>${language.message(text)}</code></li>`
    : html`<li class="used">${language.message(text)} <time datetime="${String(usedAt)}" data-date>${language.day(at)}</time></li>`
}

/** A long key in groups of four, which is how people type it. The gaps are drawn, so copies have none. */
function grouped(key: string): Content {
  if (!/^[A-Z2-7]{16,}$/.test(key)) return key
  return (key.match(/.{1,4}/g) ?? []).map((part) => html`<span>${part}</span>`)
}

const textOf = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

export const hiddenInput = ({ node }: Item): Html | undefined => {
  if (!isInput(node)) return undefined
  const { name, value, disabled, onloadTrigger } = node.attributes
  return html`<input${attributes({ type: 'hidden', name, value: textOf(value), disabled, 'data-onload': onloadTrigger })}>`
}

function input(item: InputItem, language: Language, autofocus: boolean): Content {
  const { node, id } = item
  const { texts } = language
  const { type, name, disabled, value } = node.attributes
  if (type === 'hidden') return hiddenInput(item)
  const required = node.attributes.required || habitOf(node.attributes).required
  const label = nodeLabel(node, language)
  const said = fieldTexts(item, language)
  const marks = required || type === 'checkbox' ? undefined : html` <span class="optional">(${texts.optional})</span>`
  const hintText =
    type === 'datetime-local' ? texts.dateTimeHint : Object.hasOwn(texts.hints, name) ? texts.hints[name] : undefined
  const hint = hintText === undefined ? undefined : html`<p class="hint" id="${id}-h">${hintText}</p>`
  const described = [hint && `${id}-h`, said && `${id}-t`].filter(Boolean).join(' ')
  const shared = {
    id,
    name,
    disabled,
    autofocus,
    'aria-describedby': described === '' ? undefined : described,
    'aria-invalid': node.messages.some(isProblem) ? 'true' : undefined,
  }
  if (type === 'checkbox') {
    // Without it, a box that is empty would say nothing at all.
    const otherwise = disabled ? undefined : html`<input type="hidden" name="${name}" value="false">`
    return html`<div class="field check">${otherwise}<input${attributes({ ...shared, type, value: 'true', checked: value === true })}><label for="${id}">${label}</label>${said}</div>`
  }
  const control = node.attributes.options
    ? select(item, shared, language)
    : html`<input${attributes({ ...shared, ...fieldAttributes(node.attributes) })}>`
  const wrapped =
    type === 'password'
      ? html`<div class="with-button">${control}<button${attributes({ type: 'button', class: 'show', 'data-show': id, 'data-hide': texts.hide, 'aria-label': texts.showPassword, 'aria-controls': id, 'aria-pressed': 'false', hidden: true })}>${texts.show}</button></div>`
      : control
  return html`<div class="field"><label for="${id}">${label}${marks}</label>${hint}${wrapped}${said}</div>`
}

function fieldAttributes(a: InputAttributes): Record<string, string | number | boolean | undefined> {
  const { type, name, value, required, autocomplete, pattern, maxlength } = a
  const habit = habitOf(a)
  const isName = name === 'identifier' || habit.isCode === true || type === 'email' || type === 'url'
  return {
    // The field of browsers leaves the time zone out, which the server asks for.
    type: type === 'datetime-local' ? 'text' : type,
    value: value === undefined || value === null || type === 'password' ? undefined : textOf(value),
    required: required ?? habit.required ?? false,
    pattern,
    maxlength: maxlength ?? habit.maxlength,
    step: type === 'number' ? 'any' : undefined,
    autocomplete: autocomplete ?? habit.autocomplete,
    inputmode: habit.inputmode,
    autocapitalize: isName ? 'none' : undefined,
    spellcheck: isName ? 'false' : undefined,
    class: habit.isCode ? 'code' : undefined,
  }
}

function select(
  { node: { attributes: a } }: InputItem,
  shared: Record<string, string | boolean | undefined>,
  { texts }: Language,
): Html {
  const current = textOf(a.value)
  const values = (a.options ?? []).map((option) => textOf(option.value))
  const known = values.includes(current)
  return html`<select${attributes({ ...shared, required: a.required ?? false })}><option${attributes({ value: '', selected: current === '' })}>${texts.chooseOne}</option>${
    known || current === ''
      ? undefined
      : html`<option${attributes({ value: current, selected: true })}>${current}</option>`
  }${values.filter((value) => value !== '').map((value) => html`<option${attributes({ value, selected: value === current })}>${value}</option>`)}</select>`
}

// -- buttons --------------------------------------------------------------------------------------------------------------

export type ButtonView = {
  language: Language
  /** Whether the button belongs to the way that most people go. */
  strong: boolean
  /** Whether the button sends the fields of its method; all others do something beside. */
  isMain: boolean
  /** Whether all fields of the form have to be right before it is sent. */
  sends: boolean
  /** Ids of the fields that have to be right before an authenticator is asked. */
  needs: readonly string[]
  /** The form that the button belongs to, when it stands outside of it. */
  of?: string | undefined
}

/** How long somebody should wait for a message before they ask for another one. */
const resendAfterSeconds = 30

export function button(item: InputItem, { language, strong, isMain, sends, needs, of }: ButtonView): Html {
  const { node } = item
  const { type, name, value, disabled, onclickTrigger, onloadTrigger } = node.attributes
  const look = lookOf(name) ?? (strong && (isMain || type === 'button') ? 'primary' : undefined)
  const label = nodeLabel(node, language)
  // Who goes on here is with the provider already.
  const provider = isCompletion(node) ? undefined : providerOf(node)
  const face = provider === undefined ? label : html`${providerMark(provider)}<span>${label}</span>`
  const common = {
    class: ['button', look, provider === undefined ? undefined : 'provider'].filter(Boolean).join(' '),
    name,
    value: textOf(value),
    disabled,
    form: of,
  }
  if (type === 'submit') {
    const wait = isResend(node) ? { 'data-wait': resendAfterSeconds, 'data-again': language.texts.inSeconds } : {}
    return html`<button${attributes({ ...common, type, formnovalidate: !sends, ...wait })}>${face}</button>${fieldTexts(item, language)}`
  }
  const triggers = {
    'data-onclick': onclickTrigger,
    'data-onload': onloadTrigger,
    'data-needs': onclickTrigger !== undefined && needs.length > 0 && needs.join(' '),
    hidden: onclickTrigger !== undefined,
  }
  const without =
    onclickTrigger === undefined
      ? undefined
      : html`<noscript><p class="hint">${label}: ${language.texts.needsScript}</p></noscript>`
  return html`<button${attributes({ ...common, ...triggers, type: 'button' })}>${face}</button>${without}${fieldTexts(item, language)}`
}

/** Where it is said that an authenticator did not answer. */
export const ceremonyNotice = ({ texts }: Language): Html =>
  html`<div class="notice error" role="alert" data-ceremony="${JSON.stringify(texts.ceremony)}" hidden></div>`

/** A mark of our own for somebody else's site: the first letter of its name, in a colour that stays the same. */
export function providerMark(name: string): Html {
  const [first = ''] = name.trim()
  const hue = [...name].reduce((sum, character) => (sum * 31 + character.codePointAt(0)!) % 6, 0)
  return html`<span class="provider-mark hue-${hue}" aria-hidden="true">${first.toUpperCase()}</span>`
}

// -- what can be removed, linked and unlinked ----------------------------------------------------------------------------

const isAccount = ({ node }: Item): boolean =>
  isInput(node) && (node.attributes.name === 'link' || node.attributes.name === 'unlink')

/** Whether a button stands for something that has a line of its own in a list. */
export const isListed = (item: Item): boolean => thingOf(item.node) !== undefined || isAccount(item)

/** A line of a list: what it is, since when, and what can be done with it. */
export function listed(item: InputItem, language: Language): Html {
  const { node } = item
  const { name, value, disabled } = node.attributes
  const thing = thingOf(node)
  const provider = thing ? undefined : providerOf(node)
  const isLink = name === 'link'
  const words = language.texts.settings
  const title = thing ? (thing.name ?? words.unnamed) : provider
  const short = thing ? words.remove : isLink ? words.link : words.unlink
  const about = thing ? since(thing, language) : isLink ? undefined : html`<span class="badge">${words.linked}</span>`
  const shown = { class: `button small${isLink ? '' : ' danger'}`, name, value: textOf(value), disabled }
  return html`<li>${provider === undefined ? undefined : providerMark(provider)}<div class="thing"><p class="thing-name"><bdi>${title}</bdi> ${thing ? undefined : about}</p>${thing && about}${disabled && html`<p class="hint">${words.lastWay}</p>`}</div><button${attributes({ ...shown, type: 'submit', formnovalidate: true, 'aria-label': nodeLabel(node, language) })}>${short}</button>${fieldTexts(item, language)}</li>`
}

/** Keys that came from elsewhere may have no day. */
function since({ addedAt }: Thing, language: Language): Html | undefined {
  const at = parseRfc3339(addedAt)
  return at === undefined || at <= 0
    ? undefined
    : html`<p class="hint">${language.texts.settings.added} <time datetime="${addedAt}" data-date>${language.day(at)}</time></p>`
}

// -- scripts ------------------------------------------------------------------------------------------------------------

type ScriptAttributes = Extract<UiNode['attributes'], { node_type: 'script' }>

export const scriptElement = ({
  src,
  async,
  referrerpolicy,
  crossorigin,
  integrity,
  type,
  id,
  nonce,
}: ScriptAttributes): Html =>
  html`<script${attributes({ src, async, referrerpolicy, crossorigin, integrity, type, id, nonce })}></script>`
