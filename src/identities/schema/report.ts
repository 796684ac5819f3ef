import { goQuote } from './go-quote.ts'
import { nodeName } from './fields.ts'
import { unescapePointer } from './problem.ts'
import type { SchemaError } from './validate.ts'

/** A message for a form: the id of its text and what the text needs. `node` is undefined for the form as a whole. */
export type Problem = { node: string | undefined; message: { id: number; context?: Readonly<Record<string, unknown>> } }

/** What operators read: one line for each rule that is broken, its causes below it. */
export function operatorReport(errors: readonly SchemaError[]): string {
  return reportLines(errors, '').join('\n')
}

function reportLines(errors: readonly SchemaError[], indent: string): string[] {
  return errors.flatMap(({ instancePointer, schemaPointer, text, causes }) => [
    `${indent}I[${instancePointer}] S[${schemaPointer}] ${text}`,
    ...reportLines(causes, `${indent}  `),
  ])
}

/** The messages that a form shows: one for each innermost cause, on the node of its value. */
export function problemsOf(errors: readonly SchemaError[]): Problem[] {
  const out: Problem[] = []
  const said = new Set<string>()
  for (const error of leaves(errors)) {
    for (const problem of messagesOf(error)) {
      // Several rules may ask for one and the same format; a person is told once.
      if (problem.message.id === ids.email || problem.message.id === ids.tel) {
        const key = `${problem.message.id} ${problem.node}`
        if (said.has(key)) continue
        said.add(key)
      }
      out.push(problem)
    }
  }
  return out
}

function* leaves(errors: readonly SchemaError[]): Generator<SchemaError> {
  for (const error of errors) {
    if (error.causes.length === 0) yield error
    else yield* leaves(error.causes)
  }
}

const ids = {
  generic: 4000001,
  required: 4000002,
  constant: 4000029,
  constantObject: 4000030,
  email: 4000040,
  tel: 4000041,
}

/** TABLE of the keywords whose parameters are the context of their message. */
const plain: Readonly<Record<string, number>> = {
  __proto__: null as never,
  minLength: 4000003,
  pattern: 4000004,
  maxLength: 4000017,
  minimum: 4000018,
  exclusiveMinimum: 4000019,
  maximum: 4000020,
  exclusiveMaximum: 4000021,
  multipleOf: 4000022,
  maxItems: 4000023,
  minItems: 4000024,
  uniqueItems: 4000025,
  type: 4000026,
}

function messagesOf({ path, keyword, params, text }: SchemaError): Problem[] {
  const node = path.length === 0 ? undefined : nodeName(path)
  const one = (id: number, context?: Readonly<Record<string, unknown>>): Problem[] => [
    { node, message: context === undefined ? { id } : { id, context } },
  ]
  const id = plain[keyword]
  if (id !== undefined) return one(id, params)
  switch (keyword) {
    case 'required':
      return (params['missing'] as readonly string[]).map((property) => ({
        node: nodeName([...path, property]),
        message: { id: ids.required, context: { property } },
      }))
    case 'const': {
      const { value, spelling } = params as { value: unknown; spelling: string }
      if (typeof value === 'object' && value !== null) return one(ids.constantObject)
      return one(ids.constant, { expected: goNotation(value, spelling) })
    }
    case 'format': {
      const { format, value } = params
      const isPlainText = typeof value === 'string' && value !== ''
      if (isPlainText && format === 'email') return one(ids.email, { value })
      if (isPlainText && format === 'tel') return one(ids.tel, { value })
      return one(ids.generic, { reason: text })
    }
    default:
      return one(ids.generic, { reason: text })
  }
}

/** A scalar in Go's notation, in which numbers of a schema are texts. */
function goNotation(value: unknown, spelling: string): string {
  if (value === null) return '<nil>'
  if (typeof value === 'boolean') return String(value)
  return goQuote(typeof value === 'number' ? spelling : String(value))
}

/**
 * The node that a pointer means, as web hooks send it: `#/traits/name/first`. Undefined for the form as a whole, also when
 * the pointer is none.
 */
export function nodeOfPointer(pointer: string): string | undefined {
  const [, rest] = /^#?\/(.*)$/s.exec(pointer) ?? []
  if (rest === undefined || rest === '') return undefined
  return nodeName(
    rest.split('/').map((segment) => {
      try {
        return unescapePointer(decodeURIComponent(segment))
      } catch {
        return unescapePointer(segment)
      }
    }),
  )
}
