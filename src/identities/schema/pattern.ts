import { RE2JS } from 're2js'

/** A compiled `pattern` of a schema. */
export type Pattern = {
  source: string
  /** Whether the text contains a match, anywhere. */
  matches(text: string): boolean
}

/**
 * Compiles a regular expression in the RE2 dialect: linear time, no look-around, no back-references.
 * @throws an Error that says what is wrong with it.
 */
export function compilePattern(source: string): Pattern {
  const compiled = RE2JS.compile(source)
  return { source, matches: (text) => compiled.test(text) }
}

export function isPattern(source: string): boolean {
  try {
    RE2JS.compile(source)
    return true
  } catch {
    return false
  }
}
