import { functions, isFunctionName, type TemplateFunction } from './go-functions.ts'
import { parseTemplate, TemplateError, type Command, type Node, type Operand, type Pipe } from './go-syntax.ts'
import {
  formatted,
  GoStruct,
  isMap,
  isNil,
  member,
  printed,
  sortedKeys,
  truth,
  typeName,
  type GoValue,
} from './go-value.ts'
import { createHtmlWriter, HtmlContextError } from './html-writer.ts'

export { TemplateError } from './go-syntax.ts'
export { GoStruct, type GoMap, type GoValue } from './go-value.ts'

/** A file that belongs to a template: the text itself, or another one that it may use by name. */
export type TemplateFile = { name: string; source: string }

/** A template that is ready to be filled in. Throws `TemplateError`. */
export type Template = (data: GoStruct) => string

/** Where the result goes: texts of the template as they are, values as the place asks for it. */
export type Writer = { text(text: string): void; value(value: GoValue): void; result(): string }

const maxSteps = 100_000
const maxOutputLength = 1024 * 1024
const maxCallDepth = 50

/**
 * Parses a template in a subset of Go's template language: everything but methods, functions of the caller and complex
 * numbers, with the functions in `go-functions.ts`. Filling it in is bounded in steps and length.
 * @param mode `html` escapes every value for the place where it stands, as `html/template` does
 * @param companions further files; they and what they define can be used by name
 * @param fields the fields of the data, where they are known beforehand
 * @throws TemplateError for what is no template, an unknown function or field, and a name that nothing defines
 */
export function compileTemplate(
  mode: 'text' | 'html',
  main: TemplateFile,
  companions: readonly TemplateFile[] = [],
  fields?: ReadonlySet<string>,
): Template {
  const named = new Map<string, { body: Node[]; file: string }>()
  const parse = ({ name, source }: TemplateFile): Node[] => {
    const { body, defines } = parseTemplate(name, source, isFunctionName)
    for (const [defined, nodes] of defines) named.set(defined, { body: nodes, file: name })
    return body
  }
  for (const file of companions) named.set(file.name, { body: parse(file), file: file.name })
  const body = parse(main)
  checkNames(main.name, body, named)
  if (fields) checkFields(main.name, body, fields)
  for (const { body: nodes, file } of named.values()) checkNames(file, nodes, named)

  return (data) => {
    const writer = mode === 'html' ? createHtmlWriter() : createTextWriter()
    execute({ named, writer, html: mode === 'html' }, main.name, body, data)
    return writer.result()
  }
}

function checkNames(file: string, nodes: readonly Node[], named: ReadonlyMap<string, unknown>): void {
  for (const node of nodes) {
    if (node.kind === 'template' && !named.has(node.name))
      throw new TemplateError(file, node.line, `There is no template ${JSON.stringify(node.name.slice(0, 40))}.`)
    if ('body' in node) {
      checkNames(file, node.body, named)
      checkNames(file, node.otherwise, named)
    }
  }
}

/** Finds fields of the data that do not exist, wherever it is sure that the data are meant. */
function checkFields(file: string, nodes: readonly Node[], fields: ReadonlySet<string>, dotIsData = true): void {
  const pipe = ({ commands }: Pipe): void => commands.flat().forEach(operand)
  const operand = (each: Operand): void => {
    if (each.kind === 'pipe') pipe(each.pipe)
    const isOfData = (each.kind === 'field' && dotIsData) || (each.kind === 'variable' && each.name === '$')
    const [name] = isOfData ? each.names : []
    if (name !== undefined && !fields.has(name))
      throw new TemplateError(
        file,
        each.line,
        `There is no field .${name} here, but ${[...fields].map((known) => `.${known}`).join(', ')}.`,
      )
  }
  for (const node of nodes) {
    if ('pipe' in node && node.pipe) pipe(node.pipe)
    if (!('body' in node)) continue
    checkFields(file, node.body, fields, dotIsData && node.kind === 'if')
    checkFields(file, node.otherwise, fields, dotIsData)
  }
}

function createTextWriter(): Writer {
  let out = ''
  return {
    text: (text) => void (out += text),
    value: (value) => void (out += printed(value)),
    result: () => out,
  }
}

type Environment = { named: ReadonlyMap<string, { body: Node[]; file: string }>; writer: Writer; html: boolean }
type Scope = { name: string; value: GoValue }[]
type Ending = 'break' | 'continue' | undefined

function execute({ named, writer, html }: Environment, mainFile: string, main: readonly Node[], data: GoStruct): void {
  let steps = 0
  let length = 0
  let calls = 0
  let file = mainFile

  const fail = (line: number, problem: string): never => {
    throw new TemplateError(file, line, problem)
  }
  const spend = (line: number): void => {
    if (++steps > maxSteps) fail(line, 'Filling in the template takes too many steps.')
  }
  const written = (line: number, more: number): void => {
    length += more
    if (length > maxOutputLength) fail(line, 'The result is too long.')
  }

  function run(nodes: readonly Node[], dot: GoValue, scope: Scope): Ending {
    for (const node of nodes) {
      if (node.kind === 'text') {
        written(0, node.text.length)
        writer.text(node.text)
        continue
      }
      spend(node.line)
      const ending = step(node, dot, scope)
      if (ending) return ending
    }
    return undefined
  }

  function step(node: Exclude<Node, { kind: 'text' }>, dot: GoValue, scope: Scope): Ending {
    switch (node.kind) {
      case 'action': {
        const value = evaluate(node.pipe, dot, scope)
        if (node.pipe.declares.length === 0) write(value, node.line)
        return undefined
      }
      case 'if':
      case 'with': {
        const inner = [...scope]
        const value = evaluate(node.pipe, dot, inner)
        if (truth(value)) return run(node.body, node.kind === 'with' ? value : dot, inner)
        return run(node.otherwise, dot, inner)
      }
      case 'range':
        return range(node, dot, scope)
      case 'template': {
        const { body, file: definedIn } = named.get(node.name)!
        const argument = node.pipe ? evaluate(node.pipe, dot, [...scope]) : undefined
        if (++calls > maxCallDepth) fail(node.line, 'Templates call each other too deeply.')
        const before = file
        file = definedIn
        run(body, argument, [{ name: '$', value: argument }])
        file = before
        calls--
        return undefined
      }
      default:
        return node.kind
    }
  }

  function range(
    node: Extract<Node, { kind: 'if' | 'with' | 'range' }>,
    dot: GoValue,
    scope: Scope,
  ): undefined | Ending {
    const { pipe, body, otherwise, line } = node
    const value = commands(pipe, dot, scope)
    const items = itemsOf(value, line)
    if (items.length === 0) return run(otherwise, dot, [...scope])
    const [first, second] = pipe.declares
    for (const [key, item] of items) {
      spend(line)
      const inner = pipe.assigns ? scope : [...scope]
      const set = (name: string, to: GoValue) =>
        pipe.assigns ? assign(inner, name, to) : inner.push({ name, value: to })
      if (first !== undefined && second !== undefined) set(first, key)
      if (first !== undefined) set(second ?? first, item)
      // `break` and `continue` end here, whichever block inside they stand in.
      if (run(body, item, [...inner]) === 'break') break
    }
    return undefined
  }

  function itemsOf(value: GoValue, line: number): [GoValue, GoValue][] {
    if (isNil(value)) return []
    if (Array.isArray(value)) return value.map((item, index) => [BigInt(index), item])
    if (isMap(value)) return sortedKeys(value).map((key) => [key, value[key]])
    if (typeof value === 'bigint') {
      if (value > BigInt(maxSteps)) fail(line, 'Filling in the template takes too many steps.')
      return Array.from({ length: Math.max(0, Number(value)) }, (_, index) => [BigInt(index), BigInt(index)])
    }
    return fail(line, `It is not possible to go through a ${typeName(value)}.`)
  }

  function write(value: GoValue, line: number): void {
    try {
      writer.value(value)
    } catch (error) {
      if (error instanceof HtmlContextError) fail(line, error.message)
      throw error
    }
    written(line, typeof value === 'string' ? value.length : isNil(value) ? 10 : formatted(value).length)
  }

  /** The value of a pipeline, its variables declared or set. */
  function evaluate(pipe: Pipe, dot: GoValue, scope: Scope): GoValue {
    const value = commands(pipe, dot, scope)
    for (const name of pipe.declares) {
      if (pipe.assigns) assign(scope, name, value)
      else scope.push({ name, value })
    }
    return value
  }

  function commands(pipe: Pipe, dot: GoValue, scope: Scope): GoValue {
    let value: GoValue
    pipe.commands.forEach((each, index) => {
      value = command(each, dot, scope, index === 0 ? [] : [value])
    })
    return value
  }

  function command(operands: Command, dot: GoValue, scope: Scope, piped: GoValue[]): GoValue {
    const [first, ...rest] = operands as [Operand, ...Operand[]]
    spend(first.line)
    if (first.kind === 'function') return call(first, rest, dot, scope, piped)
    if (rest.length > 0 || piped.length > 0) fail(first.line, 'Only a function can be given arguments.')
    return operand(first, dot, scope)
  }

  function call(
    { name, line }: Extract<Operand, { kind: 'function' }>,
    rest: Operand[],
    dot: GoValue,
    scope: Scope,
    piped: GoValue[],
  ): GoValue {
    // These two look at no more than they need.
    if (name === 'and' || name === 'or') {
      const lazily = [...rest.map((each) => () => operand(each, dot, scope)), ...piped.map((each) => () => each)]
      if (lazily.length === 0) fail(line, `"${name}" needs a value.`)
      let value: GoValue
      for (const each of lazily) {
        value = each()
        if (truth(value) === (name === 'or')) break
      }
      return value
    }
    // Values in HTML are escaped for their place anyway; doing it twice would show the escapes.
    if (html && name === 'html' && rest.length + piped.length === 1)
      return rest[0] ? operand(rest[0], dot, scope) : piped[0]
    const { from, to = Infinity, run: perform } = functions[name] as TemplateFunction
    const values = [...rest.map((each) => operand(each, dot, scope)), ...piped]
    if (values.length < from || values.length > to)
      fail(line, `"${name}" cannot be called with ${values.length} values.`)
    try {
      return perform(...values)
    } catch (error) {
      if (error instanceof TemplateError) throw error
      return fail(line, `"${name}": ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  function operand(each: Operand, dot: GoValue, scope: Scope): GoValue {
    switch (each.kind) {
      case 'literal':
        return each.value
      case 'field':
        return follow(dot, each.names, each.line)
      case 'variable':
        return follow(scope.findLast(({ name }) => name === each.name)?.value, each.names, each.line)
      case 'function':
        return call(each, [], dot, scope, [])
      case 'pipe':
        return follow(evaluate(each.pipe, dot, [...scope]), each.names, each.line)
    }
  }

  function follow(from: GoValue, names: readonly string[], line: number): GoValue {
    let value = from
    for (const name of names) {
      if (isNil(value)) return fail(line, `.${name} is asked of something that is not there.`)
      if (value instanceof GoStruct) {
        if (!Object.hasOwn(value.fields, name)) fail(line, `There is no field .${name} here.`)
        value = value.fields[name]
      } else if (isMap(value)) value = member(value, name)
      else fail(line, `.${name} is asked of a ${typeName(value)}, which has no fields.`)
    }
    return value
  }

  const assign = (scope: Scope, name: string, value: GoValue): void => {
    const variable = scope.findLast((each) => each.name === name)
    if (variable) variable.value = value
  }

  run(main, data, [{ name: '$', value: data }])
}
