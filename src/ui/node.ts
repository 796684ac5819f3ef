import type { Json } from '../lib/json.ts'
import type { UiText } from './messages.ts'
import type { InputAttributes, NodeGroup, UiNode } from './wire-schema.ts'

export type { InputAttributes, NodeGroup, UiNode }

type InputOptions = Omit<InputAttributes, 'node_type' | 'disabled' | 'required'> & {
  group: NodeGroup
  label?: UiText | undefined
  required?: boolean
  disabled?: boolean
}

export function inputNode({
  group,
  label,
  required,
  disabled = false,
  name,
  type,
  value,
  ...rest
}: InputOptions): UiNode {
  return {
    type: 'input',
    group,
    attributes: {
      name,
      type,
      ...(value === undefined || value === null ? {} : { value }),
      ...(required ? { required: true } : {}),
      ...rest,
      disabled,
      node_type: 'input',
    },
    messages: [],
    meta: label ? { label } : {},
  }
}

/** The hidden field that carries the cross-site token; it stands in native flows too, then empty. */
export const csrfNode = (token: string): UiNode =>
  inputNode({ group: 'default', name: 'csrf_token', type: 'hidden', value: token, required: true })

/** The button that submits a method. Several of them may stand in one form. */
export const methodNode = (group: NodeGroup, value: string, label: UiText): UiNode =>
  inputNode({ group, name: 'method', type: 'submit', value, label })

/** What tells nodes apart: `name` for inputs, `id` for the others. */
export const nodeId = ({ attributes }: UiNode): string =>
  attributes.node_type === 'input' ? attributes.name : attributes.id

export const nodeValue = ({ attributes }: UiNode): Json | undefined =>
  attributes.node_type === 'input' ? attributes.value : undefined

export const isInput = (node: UiNode): node is UiNode & { attributes: InputAttributes } =>
  node.attributes.node_type === 'input'

/** An input with another value; undefined takes it away. */
export function withValue(node: UiNode, value: Json | undefined): UiNode {
  if (!isInput(node)) return node
  const { value: _old, ...rest } = node.attributes
  return { ...node, attributes: value === undefined || value === null ? rest : { ...rest, value } }
}

/** The node as a hidden input. */
export const asHidden = (node: UiNode): UiNode =>
  isInput(node) ? { ...node, attributes: { ...node.attributes, type: 'hidden' } } : node

export type SortOrder = {
  /** Groups in order; those that are missing come first. */
  groups: readonly string[]
  /** Prefixes of ids in order; ids without one come after, `method` last. */
  keys: readonly string[]
}

/**
 * Two stable sorts: by group, then, only between nodes of one group or between `default` and `password`, by key. The
 * second comparison is not transitive, so the algorithm is the reference's: insertion sort on runs of 20, merged in place.
 */
export function sortNodes(nodes: readonly UiNode[], { groups, keys }: SortOrder): UiNode[] {
  const position = (id: string) => {
    if (id === 'method') return keys.length + 1
    const found = keys.findIndex((key) => id.startsWith(key))
    return found < 0 ? keys.length : found
  }
  const places = nodes.map((node) => ({
    node,
    group: groups.indexOf(node.group),
    isNear: near.has(node.group),
    position: position(nodeId(node)),
  }))
  stableSort(places, (a, b) => a.group < b.group)
  stableSort(places, (a, b) => {
    if (a.node.group !== b.node.group && !(a.isNear && b.isNear)) return false
    if (a.position !== b.position) return a.position < b.position
    return byteOrder(printed(sortValue(a.node)), printed(sortValue(b.node))) < 0
  })
  return places.map(({ node }) => node)
}

const near = new Set<string>(['default', 'password'])

/** What nodes of one key are ordered by: their value, or what they load. */
const sortValue = (node: UiNode): Json | undefined => {
  const { attributes } = node
  return 'src' in attributes ? attributes.src : 'href' in attributes ? attributes.href : nodeValue(node)
}

/** A value as Go prints it. */
function printed(value: Json | undefined): string {
  if (value === undefined || value === null) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`
  if (typeof value === 'object')
    return `map[${Object.entries(value)
      .map(([k, v]) => `${k}:${printed(v)}`)
      .join(' ')}]`
  return String(value)
}

const byteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

function stableSort<T>(data: T[], less: (a: T, b: T) => boolean): T[] {
  const insertion = (from: number, to: number) => {
    for (let i = from + 1; i < to; i++) for (let j = i; j > from && less(data[j]!, data[j - 1]!); j--) swap(j, j - 1)
  }
  const swap = (i: number, j: number) => ([data[i], data[j]] = [data[j]!, data[i]!])
  const rotate = (a: number, m: number, b: number) => data.splice(a, b - a, ...data.slice(m, b), ...data.slice(a, m))

  // Merges the sorted runs [a, m) and [m, b) without further memory, as "SymMerge" does.
  const merge = (a: number, m: number, b: number): void => {
    if (m - a === 1) {
      let [i, j] = [m, b]
      while (i < j) {
        const h = (i + j) >> 1
        if (less(data[h]!, data[a]!)) i = h + 1
        else j = h
      }
      for (let k = a; k < i - 1; k++) swap(k, k + 1)
      return
    }
    if (b - m === 1) {
      let [i, j] = [a, m]
      while (i < j) {
        const h = (i + j) >> 1
        if (!less(data[m]!, data[h]!)) i = h + 1
        else j = h
      }
      for (let k = m; k > i; k--) swap(k, k - 1)
      return
    }
    const mid = (a + b) >> 1
    const n = mid + m
    let [start, r] = m > mid ? [n - b, mid] : [a, m]
    const p = n - 1
    while (start < r) {
      const c = (start + r) >> 1
      if (!less(data[p - c]!, data[c]!)) start = c + 1
      else r = c
    }
    const end = n - start
    if (start < m && m < end) rotate(start, m, end)
    if (a < start && start < mid) merge(a, start, mid)
    if (mid < end && end < b) merge(mid, end, b)
  }

  const run = 20
  for (let from = 0; from < data.length; from += run) insertion(from, Math.min(from + run, data.length))
  for (let width = run; width < data.length; width *= 2)
    for (let a = 0; a + width < data.length; a += 2 * width) merge(a, a + width, Math.min(a + 2 * width, data.length))
  return data
}
