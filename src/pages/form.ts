import type { Ui } from '../flows/flow.ts'
import type { Json } from '../lib/json.ts'
import type { UiText } from '../ui/messages.ts'
import { isInput, type InputAttributes, type UiNode } from '../ui/node.ts'
import { attributes, html, type Content, type Html } from './html.ts'
import type { Language } from './language.ts'

/**
 * Any form that a flow can hold, as HTML. Nothing here knows a credential method: nodes are told apart by their type, and
 * which of them belong together follows from their groups. Forms work without scripts; what needs one is marked for the
 * module in assets/script.js by `data-` attributes.
 */

export type FormView = {
  language: Language
  /** One form, or – as for settings – a section and a form for each group. */
  layout: 'single' | 'sections'
  /** The group that the last submission belonged to: its section shows the texts of the whole form. */
  lastGroup?: string | undefined
  /** Whether the first field gets the focus, when there is nothing to be told first. */
  focusFirst?: boolean
}

export type RenderedForm = {
  body: Html
  /** Whether anything has to be mended, and the title of the section that was saved: for the title of the page. */
  hasProblems: boolean
  saved: string | undefined
  /** Whether a button leads to the sign-in of a provider. */
  leadsElsewhere: boolean
}

/** A node with the `id` of its element. */
type Item = { node: UiNode; id: string }
type InputItem = { node: UiNode & { attributes: InputAttributes }; id: string }
type Group = { name: string; items: Item[] }

export function renderForm(ui: Ui, view: FormView): RenderedForm {
  const items = (ui.nodes ?? []).map((node, index): Item => ({ node, id: `n${index}` }))
  const scripts = items.map(({ node: { attributes: a } }) => (a.node_type === 'script' ? scriptElement(a) : undefined))
  const shown = items.filter(({ node }) => node.type !== 'script')
  const hasProblems = [...ui.messages, ...items.flatMap(({ node }) => node.messages)].some(isProblem)
  const isSaved = ui.messages.some(({ type }) => type === 'success')
  const forms = view.layout === 'sections' ? sections(ui, shown, view) : single(ui, shown, view)
  return {
    body: html`${forms}${scripts}`,
    hasProblems,
    leadsElsewhere: items.some(isProvider),
    saved: isSaved && view.lastGroup !== undefined ? titleOf(view.lastGroup, view.language)[0] : undefined,
  }
}

const isProblem = ({ type }: UiText): boolean => type === 'error'

// -- arrangement ------------------------------------------------------------------------------------------------------

const isHidden = ({ node }: Item): boolean => isInput(node) && node.attributes.type === 'hidden'
const isButton = ({ node }: Item): boolean => isInput(node) && ['submit', 'button'].includes(node.attributes.type)
/** The button that sends a method's fields. All others do something beside: send a code again, go back, remove a key. */
const isPrimary = ({ node }: Item): boolean =>
  isInput(node) && node.attributes.type === 'submit' && node.attributes.name === 'method'
const asksForInput = (item: Item): boolean => isInput(item.node) && !isHidden(item) && !isButton(item)

const isTrigger = ({ node }: Item): boolean => isInput(node) && node.attributes.type === 'button'
/** Whether a group is a way to go on, rather than a way back or a part of what every way needs. */
const isWay = ({ items }: Group): boolean => items.some((item) => isPrimary(item) || isTrigger(item))
const isProvider = ({ node }: Item): boolean =>
  isInput(node) && (node.attributes.name === 'provider' || node.attributes.name === 'link')
const leadsElsewhere = ({ items }: Group): boolean => items.every(isProvider)

function groupsOf(items: readonly Item[]): Group[] {
  const groups = new Map<string, Group>()
  for (const item of items) {
    const group = groups.get(item.node.group)
    if (group) group.items.push(item)
    else groups.set(item.node.group, { name: item.node.group, items: [item] })
  }
  return [...groups.values()]
}

/** What is asked of everybody first, then the ways to go on – those that ask for something before bare buttons. */
function rank({ name, items }: Group): number {
  if (name === 'default' || !items.some(isButton)) return 0
  if (!items.some(isPrimary)) return 4
  if (name === 'password') return 1
  return items.some(asksForInput) ? 2 : 3
}

function single(ui: Ui, items: readonly Item[], view: FormView): Content {
  const groups = groupsOf(items).toSorted((a, b) => rank(a) - rank(b))
  const ways = groups.filter((group) => group.items.some(isButton))
  // Whoever signs in elsewhere need not fill anything in here – unless there is nothing else to press.
  const apart = ways.length > 1 ? ways.filter(leadsElsewhere) : []
  const main = groups.filter((group) => !apart.includes(group))
  const texts = summary(ui.messages, items, view)
  const first =
    view.focusFirst && !isToldFirst(ui.messages, items)
      ? main.flatMap((group) => group.items).find(asksForInput)?.id
      : undefined
  const mainForm = form(
    ui,
    html`${main.map((group, index) => [index > 0 && divides(main, index) ? divider(view) : undefined, groupBody(group, main, view, first)])}`,
  )
  return [
    texts,
    main.length > 0 ? mainForm : undefined,
    apart.length > 0 && main.filter(isWay).length < 2 ? divider(view) : undefined,
    apart.map((group) => form(ui, html`${tokens(items)}${groupBody(group, [group], view, undefined)}`)),
  ]
}

/** A line in front of the second way to go on; those that follow it stand below each other. */
const divides = (groups: readonly Group[], index: number): boolean =>
  isWay(groups[index]!) && groups.slice(0, index).filter(isWay).length === 1

const divider = ({ language }: FormView): Html => html`<p class="or"><span>${language.texts.or}</span></p>`

function sections(ui: Ui, items: readonly Item[], view: FormView): Content {
  const common = items.filter((item) => item.node.group === 'default' && isHidden(item))
  const groups = groupsOf(items.filter((item) => !common.includes(item)))
  const isShown = groups.some(({ name }) => name === view.lastGroup)
  return [
    isShown ? undefined : summary(ui.messages, common, view),
    groups.map((group) => {
      const [title, hint] = titleOf(group.name, view.language)
      const id = `section-${group.name}`
      const own = isShown && group.name === view.lastGroup ? ui.messages : []
      const texts = summary(own, group.items, view)
      // What a button showed without saying a word is found all the same.
      const here = group.name === view.lastGroup && !texts ? attributes({ tabindex: -1, autofocus: true }) : undefined
      return html`<section class="card" aria-labelledby="${id}">
<div class="section-head"><h2 id="${id}"${here}>${title}</h2>${hint === '' ? undefined : html`<p class="hint">${hint}</p>`}</div>
<div class="section-body">${texts}${form(ui, html`${common.map((item) => hiddenInput(item))}${groupBody(group, [group], view, undefined)}`)}</div>
</section>`
    }),
  ]
}

const titleOf = (group: string, { texts }: Language): readonly [string, string] =>
  texts.settings.groups[group] ?? [group, '']

const form = ({ action, method }: Ui, body: Html): Html =>
  html`<form action="${action}" method="${method.toLowerCase()}">${body}</form>`

/** The cross-site token, which every form needs. */
const tokens = (items: readonly Item[]): Content =>
  items
    .filter(
      (item) =>
        isHidden(item) && item.node.attributes.node_type === 'input' && item.node.attributes.name === 'csrf_token',
    )
    .map(hiddenInput)

function groupBody(group: Group, all: readonly Group[], view: FormView, focus: string | undefined): Html {
  const first = all.find(isWay)
  const others = all.filter((other) => other !== group && other.name !== 'default' && other.items.some(isButton))
  // A button must not be held up by the fields of another way.
  const isHeldUp = others.some(({ items }) =>
    items.some((item) => isInput(item.node) && asksForInput(item) && item.node.attributes.required),
  )
  const context: ButtonContext = { view, strong: first === group || first === undefined, isHeldUp }
  const [buttons, fields] = [group.items.filter(isButton), group.items.filter((item) => !isButton(item))]
  return html`${fields.map((item) => element(item, view, item.id === focus))}${buttons.length === 0 ? undefined : html`<div class="buttons">${buttons.map((item) => button(item as InputItem, context))}</div>`}`
}

// -- messages ---------------------------------------------------------------------------------------------------------

/**
 * What there is to say, in front of the fields: texts about the form as a whole, and a link to each field that has to be
 * mended. It takes the focus, so that it is read out and scrolled to also without scripts.
 */
function summary(messages: readonly UiText[], items: readonly Item[], { language }: FormView): Html | undefined {
  const broken = items.flatMap((item) => item.node.messages.filter(isProblem).map((text) => ({ item, text })))
  const problems = messages.filter(isProblem)
  const notes = messages.filter((text) => !isProblem(text))
  const noteList = notes.map((text) => html`<p>${language.message(text)}</p>`)
  const success = notes.some(({ type }) => type === 'success')
  const isFocused = success && broken.length + problems.length === 0
  const note =
    notes.length === 0
      ? undefined
      : html`<div class="notice ${success ? 'success' : 'info'}" role="status"${attributes(isFocused ? { tabindex: -1, autofocus: true } : {})}>${noteList}</div>`
  if (broken.length + problems.length === 0) return note
  const alert = html`<div class="notice error" role="alert" tabindex="-1" autofocus>${
    broken.length === 0
      ? problems.map((text) => html`<p>${language.message(text)}</p>`)
      : html`<h2>${language.texts.problemTitle(broken.length + problems.length)}</h2><ul>${problems.map((text) => html`<li>${language.message(text)}</li>`)}${broken.map(
          ({ item, text }) =>
            html`<li>${isHidden(item) ? undefined : html`<a href="#${item.id}">${nodeLabel(item.node, language)}</a>: `}${language.message(text)}</li>`,
        )}</ul>`
  }</div>`
  return html`${note}${alert}`
}

/** Whether the texts take the focus: what went wrong, and what was done. A hint leaves it to the first field. */
const isToldFirst = (messages: readonly UiText[], items: readonly Item[]): boolean =>
  messages.some(({ type }) => type !== 'info') || items.some(({ node }) => node.messages.some(isProblem))

/** The texts of a field, which its element refers to. */
const fieldTexts = ({ node, id }: Item, { language }: FormView): Html | undefined =>
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

// -- nodes ------------------------------------------------------------------------------------------------------------

function element(item: Item, view: FormView, autofocus: boolean): Content {
  const { node, id } = item
  const { language } = view
  const a = node.attributes
  switch (a.node_type) {
    case 'input':
      return input({ node: { ...node, attributes: a }, id }, view, autofocus)
    case 'text':
      return textBlock(item, view)
    case 'img':
      return html`<figure><img${attributes({ src: a.src, width: a.width, height: a.height, alt: nodeLabel(node, language), id: a.id })}>${fieldTexts(item, view)}</figure>`
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
function textBlock({ node, id }: Item, { language }: FormView): Html | undefined {
  const a = node.attributes
  if (a.node_type !== 'text') return undefined
  const secrets = a.text.context?.secrets
  const label = node.meta.label && html`<p class="label" id="${id}-l">${language.message(node.meta.label)}</p>`
  const shown = Array.isArray(secrets)
    ? html`<ul class="codes" id="${a.id}">${secrets.map((secret) => html`<li><code>${language.message(secret as unknown as UiText)}</code></li>`)}</ul>`
    : html`<p class="secret" id="${a.id}"><code>${language.message(a.text)}</code></p>`
  return html`<div class="field">${label}${shown}<button type="button" class="button small" data-copy="${a.id}" data-done="${language.texts.copied}" hidden>${language.texts.copy}</button></div>`
}

const textOf = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

const hiddenInput = ({ node }: Item): Html | undefined => {
  if (!isInput(node)) return undefined
  const { name, value, disabled, onloadTrigger } = node.attributes
  return html`<input${attributes({ type: 'hidden', name, value: textOf(value), disabled, 'data-onload': onloadTrigger })}>`
}

function input(item: InputItem, view: FormView, autofocus: boolean): Content {
  const { node, id } = item
  const { language } = view
  const { type, name, required, disabled, value } = node.attributes
  if (type === 'hidden') return hiddenInput(item)
  const label = nodeLabel(node, language)
  const texts = fieldTexts(item, view)
  const marks =
    required || type === 'checkbox' ? undefined : html` <span class="optional">(${language.texts.optional})</span>`
  const hint =
    type === 'datetime-local' ? html`<p class="hint" id="${id}-h">${language.texts.dateTimeHint}</p>` : undefined
  const described = [hint && `${id}-h`, texts && `${id}-t`].filter(Boolean).join(' ')
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
    return html`<div class="field check">${otherwise}<input${attributes({ ...shared, type, value: 'true', checked: value === true })}><label for="${id}">${label}</label>${texts}</div>`
  }
  const control = node.attributes.options
    ? select(item, shared, language)
    : html`<input${attributes({ ...shared, ...fieldAttributes(node.attributes) })}>`
  const wrapped =
    type === 'password'
      ? html`<div class="with-button">${control}<button${attributes({ type: 'button', class: 'show', 'data-show': id, 'data-hide': language.texts.hide, 'aria-label': language.texts.showPassword, 'aria-controls': id, 'aria-pressed': 'false', hidden: true })}>${language.texts.show}</button></div>`
      : control
  return html`<div class="field"><label for="${id}">${label}${marks}</label>${hint}${wrapped}${texts}</div>`
}

function fieldAttributes({
  type,
  name,
  value,
  required,
  autocomplete,
  pattern,
  maxlength,
}: InputAttributes): Record<string, string | number | boolean | undefined> {
  const isCode = autocomplete === 'one-time-code' || name === 'totp_code'
  const isName = name === 'identifier' || isCode || type === 'email' || type === 'url'
  return {
    // The field of browsers leaves the time zone out, which the server asks for.
    type: type === 'datetime-local' ? 'text' : type,
    value: value === undefined || value === null || type === 'password' ? undefined : textOf(value),
    required: required ?? false,
    pattern,
    maxlength,
    step: type === 'number' ? 'any' : undefined,
    autocomplete: autocomplete ?? (name === 'identifier' ? 'username' : isCode ? 'one-time-code' : undefined),
    inputmode: isCode ? 'numeric' : undefined,
    autocapitalize: isName ? 'none' : undefined,
    spellcheck: isName ? 'false' : undefined,
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

type ButtonContext = { view: FormView; strong: boolean; isHeldUp: boolean }

function button(item: InputItem, { view, strong, isHeldUp }: ButtonContext): Html {
  const { node } = item
  const { type, name, value, disabled, onclickTrigger, onloadTrigger } = node.attributes
  const primary = isPrimary(item)
  const looks = `button${strong && (primary || type === 'button') ? ' primary' : ''}${/remove|unlink|disable/.test(name) ? ' danger' : name === 'screen' ? ' quiet' : ''}`
  const common = { class: looks, name, value: textOf(value), disabled }
  const label = nodeLabel(node, view.language)
  if (type === 'submit')
    return html`<button${attributes({ ...common, type, formnovalidate: !primary || isHeldUp })}>${label}</button>${fieldTexts(item, view)}`
  const triggers = {
    'data-onclick': onclickTrigger,
    'data-onload': onloadTrigger,
    hidden: onclickTrigger !== undefined,
  }
  const without =
    onclickTrigger === undefined
      ? undefined
      : html`<noscript><p class="hint">${label}: ${view.language.texts.needsScript}</p></noscript>`
  return html`<button${attributes({ ...common, ...triggers, type: 'button' })}>${label}</button>${without}${fieldTexts(item, view)}`
}

type ScriptAttributes = Extract<UiNode['attributes'], { node_type: 'script' }>

const scriptElement = ({
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
