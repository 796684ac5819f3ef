import type { Ui } from '../flows/flow.ts'
import type { UiText } from '../ui/messages.ts'
import { isInput, nodeId } from '../ui/node.ts'
import {
  button,
  ceremonyNotice,
  element,
  hiddenInput,
  isHidden,
  isListed,
  isProblem,
  listed,
  nodeLabel,
  scriptElement,
  type InputItem,
  type Item,
} from './form-nodes.ts'
import { attributes, html, type Content, type Html } from './html.ts'
import { isCompletion, isInUse, placeOfWay, sectionState, wayOf } from './known.ts'
import type { Language } from './language.ts'

/**
 * Any form that a flow can hold, as HTML. Nothing here knows a credential method: nodes are told apart by their type, and
 * which of them belong together follows from their groups; what is special about some stands in known.ts. Forms work without
 * scripts; what needs one is marked for the module in assets/page.js by `data-` attributes.
 */

export type FormView = {
  language: Language
  /** One form; a form for each way to go on, of which one will do; or, as for settings, a section and forms for each group. */
  layout: 'single' | 'ways' | 'sections'
  /** The group that the last submission belonged to: its section shows the texts of the whole form. */
  lastGroup?: string | undefined
  /** What else is to be said in a section, by the group of its nodes. */
  notes?: Readonly<Record<string, Content>>
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

type Group = { name: string; items: Item[] }

export function renderForm(ui: Ui, view: FormView): RenderedForm {
  const items = (ui.nodes ?? []).map((node, index): Item => ({ node, id: `n${index}` }))
  const scripts = items.map(({ node: { attributes: a } }) => (a.node_type === 'script' ? scriptElement(a) : undefined))
  const shown = items.filter(({ node }) => node.type !== 'script')
  const hasProblems = [...ui.messages, ...items.flatMap(({ node }) => node.messages)].some(isProblem)
  const isSaved = ui.messages.some(({ type }) => type === 'success')
  const forms = layouts[view.layout](ui, shown, view)
  return {
    body: html`${forms}${scripts}`,
    hasProblems,
    leadsElsewhere: items.some(isProvider),
    saved: isSaved && view.lastGroup !== undefined ? titleOf(view.lastGroup, view.language)[0] : undefined,
  }
}

// -- arrangement ------------------------------------------------------------------------------------------------------

const isButton = ({ node }: Item): boolean => isInput(node) && ['submit', 'button'].includes(node.attributes.type)
/** The button that sends a method's fields. All others do something beside: send a code again, go back, remove a key. */
const isPrimary = ({ node }: Item): boolean =>
  isInput(node) && node.attributes.type === 'submit' && (node.attributes.name === 'method' || isCompletion(node))
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
  // Buttons that lead neither on nor elsewhere, such as the way back, stand at the end.
  const behind = apart.length === 0 ? [] : groups.filter((group) => isBeside(group) && !apart.includes(group))
  const main = groups.filter((group) => !apart.includes(group) && !behind.includes(group))
  const texts = summary(ui.messages, items, view)
  const first =
    view.focusFirst && !isToldFirst(ui.messages, items)
      ? main.flatMap((group) => group.items).find(asksForInput)?.id
      : undefined
  const mainForm = form(
    ui,
    html`${main.map((group, index) => [index > 0 && divides(main, index) ? divider(view) : undefined, groupBody(group, main, view, first)])}`,
    behind.length > 0 ? mainId : undefined,
  )
  return [
    texts,
    main.length > 0 ? mainForm : undefined,
    apart.length > 0 && main.filter(isWay).length < 2 ? divider(view) : undefined,
    apart.map((group) => form(ui, html`${tokens(items)}${groupBody(group, [group], view, undefined)}`)),
    behind.map((group) => groupBody(group, [...main, group], view, undefined, mainId)),
  ]
}

const mainId = 'main-form'

/** Whether a group has nothing but buttons, none of which goes on. */
const isBeside = (group: Group): boolean => group.items.every(isButton) && !isWay(group)

/** A line in front of the second way to go on; those that follow it stand below each other. */
const divides = (groups: readonly Group[], index: number): boolean =>
  isWay(groups[index]!) && groups.slice(0, index).filter(isWay).length === 1

const divider = ({ language }: FormView): Html => html`<p class="or"><span>${language.texts.or}</span></p>`

/** Any of several ways will do: the first one is open, and so is the one that was tried. */
function alternatives(ui: Ui, items: readonly Item[], view: FormView): Content {
  const { texts } = view.language
  const groups = groupsOf(items).toSorted((a, b) => placeOfWay(a.name) - placeOfWay(b.name))
  const ways = groups.filter(({ items: of }) => of.some(isButton))
  if (ways.length < 2) return single(ui, items, view)
  const common = groups.filter((group) => !ways.includes(group)).flatMap((group) => group.items)
  const tried = wayOf(ui.messages) ?? view.lastGroup
  const [first, ...others] = ways.toSorted((a, b) => Number(b.name === tried) - Number(a.name === tried))
  const focus = view.focusFirst && !isToldFirst(ui.messages, items) ? first!.items.find(asksForInput)?.id : undefined
  const formOf = (group: Group) =>
    form(
      ui,
      html`${common.map((item) => element(item, view.language, false))}${groupBody(group, [group], view, focus)}`,
    )
  return [
    summary(ui.messages, items, view),
    formOf(first!),
    html`<div class="ways"><h2>${texts.otherWays}</h2>${others.map((group) => html`<details><summary>${wayTitle(group, view.language)}</summary>${formOf(group)}</details>`)}</div>`,
  ]
}

const wayTitle = ({ name, items }: Group, language: Language): string =>
  Object.hasOwn(language.texts.ways, name)
    ? language.texts.ways[name]!
    : nodeLabel(items.find(isButton)!.node, language)

function sections(ui: Ui, items: readonly Item[], view: FormView): Content {
  const { texts } = view.language
  const common = items.filter((item) => item.node.group === 'default' && isHidden(item))
  const groups = groupsOf(items.filter((item) => !common.includes(item)))
  const isShown = groups.some(({ name }) => name === view.lastGroup)
  return [
    isShown ? undefined : summary(ui.messages, common, view),
    groups.map((group) => {
      const [title, hint] = titleOf(group.name, view.language)
      const id = `section-${group.name}`
      const own = isShown && group.name === view.lastGroup ? ui.messages : []
      const said = summary(own, group.items, view)
      const nodes = group.items.map(({ node }) => node)
      const state = sectionState(nodes)
      // What a button showed without saying a word is found all the same.
      const here = group.name === view.lastGroup && !said ? attributes({ tabindex: -1, autofocus: true }) : undefined
      return html`<section class="card" aria-labelledby="${id}">
<div class="section-head"><h2 id="${id}"${here}>${title}</h2>${isInUse(nodes) && html` <p class="badge">${texts.settings.inUse}</p>`}${hint === '' ? undefined : html`<p class="hint">${hint}</p>`}</div>
<div class="section-body">${said}${state && html`<p${attributes({ class: state === 'codesNew' && 'notice info' })}>${texts.settings.states[state]}</p>`}${view.notes?.[group.name]}${sectionForms(ui, group, common, view)}</div>
</section>`
    }),
  ]
}

/** What is listed has a form of its own: the enter key in a field must not press the button that removes a key. */
function sectionForms(ui: Ui, group: Group, common: readonly Item[], view: FormView): Content {
  const list = group.items.filter(isListed)
  const rest = { ...group, items: group.items.filter((item) => !list.includes(item)) }
  const hidden = common.map(hiddenInput)
  return [
    list.length === 0
      ? undefined
      : form(
          ui,
          html`${hidden}<ul class="things">${list.map((item) => listed(item as InputItem, view.language))}</ul>`,
        ),
    rest.items.length === 0 ? undefined : form(ui, html`${hidden}${groupBody(rest, [rest], view, undefined)}`),
  ]
}

const layouts = { single, ways: alternatives, sections } satisfies Record<
  FormView['layout'],
  (ui: Ui, items: readonly Item[], view: FormView) => Content
>

const titleOf = (group: string, { texts }: Language): readonly [string, string] =>
  texts.settings.groups[group] ?? [group, '']

const form = ({ action, method }: Ui, body: Html, id?: string): Html =>
  html`<form${attributes({ id, action, method: method.toLowerCase() })}>${body}</form>`

/** The cross-site token, which every form needs. */
const tokens = (items: readonly Item[]): Content =>
  items.filter((item) => isHidden(item) && nodeId(item.node) === 'csrf_token').map(hiddenInput)

/** @param of the form that the buttons belong to, when they stand outside of it */
function groupBody(group: Group, all: readonly Group[], view: FormView, focus: string | undefined, of?: string): Html {
  const { language } = view
  const first = all.find(isWay)
  const others = all.filter((other) => other !== group && other.name !== 'default' && other.items.some(isButton))
  // A button must not be held up by the fields of another way.
  const isHeldUp = others.some(({ items }) =>
    items.some((item) => isInput(item.node) && asksForInput(item) && item.node.attributes.required),
  )
  const [buttons, fields] = [group.items.filter(isButton), group.items.filter((item) => !isButton(item))]
  const needs = group.name === 'default' ? [] : fields.filter(asksForInput).map(({ id }) => id)
  const strong = first === group || first === undefined
  return html`${fieldList(fields, language, focus)}${buttons.some(isTrigger) && ceremonyNotice(language)}${buttons.length === 0 ? undefined : html`<div class="buttons">${buttons.map((item) => button(item as InputItem, { language, strong, needs, sends: isPrimary(item) && !isHeldUp, isMain: isPrimary(item), of }))}</div>`}`
}

/** Fields below each other; a picture stands beside the text that says the same. */
function fieldList(fields: readonly Item[], language: Language, focus: string | undefined): Content {
  const at = fields.findIndex(({ node }, index) => node.type === 'img' && fields[index + 1]?.node.type === 'text')
  const shown = fields.map((item) => element(item, language, item.id === focus))
  return at < 0
    ? shown
    : [shown.slice(0, at), html`<div class="scan">${shown[at]}${shown[at + 1]}</div>`, shown.slice(at + 2)]
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
