import type { Position } from './lexer.ts'
import { parseJsonnet, type Name, type Node, type Spec } from './parser.ts'

export type LintFinding = { at: Position; message: string }

type Known = Name & { used: boolean }
type Scope = { names: Map<string, Known>; outer: Scope | undefined; inObject: boolean }

/**
 * What is wrong with a Jsonnet text although it can be read: names that mean nothing or are never used, that are given
 * twice, and what the server does not allow.
 * @throws JsonnetSyntaxError when it cannot be read
 */
export function lintJsonnet(text: string): LintFinding[] {
  const findings: LintFinding[] = []
  const report = (at: Position, message: string) => void findings.push({ at, message })
  const library: Scope = {
    names: new Map([['std', { name: 'std', at: { line: 0, column: 0 }, used: true }]]),
    outer: undefined,
    inObject: false,
  }

  function opened(outer: Scope, names: readonly Name[], what: string): Scope {
    const scope: Scope = { names: new Map(), outer, inObject: outer.inObject }
    for (const { name, at } of names) {
      if (scope.names.has(name)) report(at, `There are two ${what}s ${name}.`)
      scope.names.set(name, { name, at, used: false })
    }
    return scope
  }

  function closed({ names }: Scope): void {
    for (const { name, at, used } of names.values()) if (!used) report(at, `The variable ${name} is never used.`)
  }

  function visit(node: Node, scope: Scope): void {
    switch (node.kind) {
      case 'several':
        for (const part of node.parts) visit(part, scope)
        return
      case 'variable': {
        const known = find(scope, node.name)
        if (known) known.used = true
        else report(node.at, `There is no variable ${node.name}.`)
        return
      }
      case 'object-only':
        if (!scope.inObject) report(node.at, `There is no ${node.word} outside of an object.`)
        return
      case 'import':
        report(node.at, 'Imports are not allowed: a snippet has to hold all that it needs.')
        return
      case 'local': {
        const inner = opened(scope, node.binds, 'variable')
        for (const { value } of node.binds) visit(value, inner)
        visit(node.body, inner)
        closed(inner)
        return
      }
      case 'function': {
        const inner = opened(scope, node.params, 'parameter')
        for (const { byDefault } of node.params) if (byDefault) visit(byDefault, inner)
        visit(node.body, inner)
        return
      }
      case 'comprehension':
        visit(node.body, specified(node.specs, scope))
        return
      case 'object': {
        const outer = specified(node.specs, scope)
        // The names of members are not part of the object; its variables are.
        for (const part of node.outside) visit(part, outer)
        const inner = { ...opened(outer, node.locals, 'variable'), inObject: true }
        opened(outer, node.names, 'member')
        for (const { value } of node.locals) visit(value, inner)
        for (const part of node.inside) visit(part, inner)
        closed(inner)
      }
    }
  }

  function specified(specs: readonly Spec[], scope: Scope): Scope {
    let inner = scope
    for (const spec of specs) {
      if (spec.kind === 'if') visit(spec.condition, inner)
      else {
        visit(spec.list, inner)
        inner = opened(inner, [spec.variable], 'variable')
      }
    }
    return inner
  }

  visit(parseJsonnet(text).root, library)
  return findings.toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
}

function find(scope: Scope, name: string): Known | undefined {
  for (let at: Scope | undefined = scope; at; at = at.outer) {
    const known = at.names.get(name)
    if (known) return known
  }
  return undefined
}
