import { isRawNumber } from '../lib/decode.ts'
import { setOwn } from '../lib/ordered-json.ts'

export type PatchOperation = { op: 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string }

/** Why an operation cannot be applied. */
export class PatchError extends Error {}

const maxOperations = 1000
const maxSegments = 100

type Tree = Record<string, unknown>

/**
 * Reads a patch as far as it is supported: `add`, `remove` and `replace`.
 * @throws PatchError
 */
export function readPatch(value: unknown): PatchOperation[] {
  if (value === null) return []
  if (!Array.isArray(value)) throw new PatchError('A patch has to be a list of operations.')
  if (value.length > maxOperations) throw new PatchError(`A patch may have ${maxOperations} operations at most.`)
  return value.map(readOperation)
}

function readOperation(operation: unknown): PatchOperation {
  if (!isTree(operation)) throw new PatchError('An operation of a patch has to be an object.')
  const { op, path } = operation
  if (op !== 'add' && op !== 'remove' && op !== 'replace') {
    throw new PatchError(`The operation ${quote(op)} is not supported. There are "add", "remove" and "replace".`)
  }
  if (typeof path !== 'string') throw new PatchError(`The operation "${op}" needs a path.`)
  if (op === 'remove') return { op, path }
  if (!Object.hasOwn(operation, 'value')) throw new PatchError(`The operation "${op}" on ${quote(path)} needs a value.`)
  return { op, path, value: operation.value }
}

/**
 * Applies a patch to a document. Replacing a member that is missing adds it; objects on the way to what is added are made.
 * @param document is changed
 * @throws PatchError; the document is then half changed
 * @see https://datatracker.ietf.org/doc/html/rfc6902 of which this is a part
 */
export function applyPatch(document: Tree, operations: readonly PatchOperation[]): void {
  for (const operation of operations) applyOperation(document, operation)
}

function applyOperation(document: Tree, operation: PatchOperation): void {
  const segments = readPointer(operation.path)
  const last = segments.pop()!
  const parent = walk(document, segments, { path: operation.path, makes: operation.op === 'remove' ? undefined : last })
  if (Array.isArray(parent)) changeList(parent, last, operation)
  else changeObject(parent, last, operation)
}

function changeObject(object: Tree, key: string, operation: PatchOperation): void {
  // compat: what may be a place of a list is replaced only if it is there – oryx/jsonx/patch.go
  const strict = operation.op === 'remove' || (operation.op === 'replace' && /^(?:-|\d+)$/.test(key))
  if (strict && !Object.hasOwn(object, key)) throw missing(operation.path)
  if (operation.op === 'remove') delete object[key]
  else setOwn(object, key, operation.value)
}

/** The members that a pointer names, one at least. */
export function readPointer(path: string): string[] {
  const [start, ...segments] = path.split('/')
  if (start !== '' || segments.length === 0)
    throw new PatchError(`The path ${quote(path)} has to begin with a slash and name something.`)
  if (segments.length > maxSegments) throw new PatchError(`A path may have ${maxSegments} segments at most.`)
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

// What is missing on the way becomes an object, or a list where the next segment is a place of one.
function walk(
  document: Tree,
  segments: readonly string[],
  { path, makes }: { path: string; makes: string | undefined },
): Tree | unknown[] {
  let at: Tree | unknown[] = document
  segments.forEach((segment, index) => {
    const held: unknown = Array.isArray(at)
      ? at[placeIn(at, segment, path)]
      : Object.hasOwn(at, segment)
        ? at[segment]
        : undefined
    if (isTree(held) || Array.isArray(held)) {
      at = held
      return
    }
    if (makes === undefined || (held !== undefined && held !== null)) throw missing(path)
    const next = segments[index + 1] ?? makes
    const made: Tree | unknown[] = next === '-' || next === '0' ? [] : {}
    if (Array.isArray(at)) at[placeIn(at, segment, path)] = made
    else setOwn(at, segment, made)
    at = made
  })
  return at
}

function changeList(list: unknown[], segment: string, operation: PatchOperation): void {
  if (operation.op === 'add') {
    if (segment === '-') list.push(operation.value)
    else if (place(segment) === list.length) list.push(operation.value)
    else list.splice(placeIn(list, segment, operation.path), 0, operation.value)
  } else if (operation.op === 'remove') list.splice(placeIn(list, segment, operation.path), 1)
  else list[placeIn(list, segment, operation.path)] = operation.value
}

const place = (segment: string): number => (/^(?:0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : Number.NaN)

function placeIn(list: readonly unknown[], segment: string, path: string): number {
  const index = place(segment)
  if (!(index < list.length)) throw missing(path)
  return index
}

const missing = (path: string): PatchError => new PatchError(`There is nothing at the path ${quote(path)}.`)

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)

const quote = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'without a name'
  return text.length > 200 ? `${text.slice(0, 197)}…` : text
}
