import { globSync, readFileSync } from 'node:fs'
import { JsonnetSyntaxError, type Position } from '../../lib/jsonnet/syntax/lexer.ts'
import { CommandError } from '../problem.ts'

export type JsonnetFile = { name: string; text: string }

/** The files that patterns such as `mappers/*.jsonnet` name, each once, in order. @throws CommandError for unreadable ones */
export function jsonnetFiles(patterns: readonly string[]): JsonnetFile[] {
  return [...new Set(patterns.flatMap((pattern) => globSync(pattern)))].toSorted().map((name) => {
    try {
      return { name, text: readFileSync(name, 'utf8') }
    } catch (error) {
      throw new CommandError(`${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`)
    }
  })
}

/** Says on standard error what is wrong where, with the line that it is in. */
export function report({ name, text }: JsonnetFile, { line, column }: Position, message: string): void {
  const shown = text.split('\n')[line - 1] ?? ''
  process.stderr.write(`${name}:${line}:${column} ${message}\n\n  ${shown}\n  ${' '.repeat(column - 1)}^\n\n`)
}

/**
 * Does something with a file that can be read as Jsonnet, and reports it where it cannot.
 * @returns whether it could
 */
export function readable(file: JsonnetFile, work: () => void): boolean {
  try {
    work()
    return true
  } catch (error) {
    if (!(error instanceof JsonnetSyntaxError)) throw error
    report(file, error.at, error.message)
    return false
  }
}
