/** A schema that cannot be used: a mistake of the operator, whom only a 500 can tell. `message` names no secrets. */
export class SchemaProblem extends Error {
  /** Where in the document, as a JSON pointer. */
  readonly pointer: string
  constructor(message: string, { pointer = '#', cause }: { pointer?: string; cause?: unknown } = {}) {
    super(`${pointer}: ${message}`, cause === undefined ? undefined : { cause })
    this.pointer = pointer
  }
}

export const escapePointer = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1')
export const unescapePointer = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~')
export const toPointer = (path: readonly string[]): string => ['#', ...path.map(escapePointer)].join('/')

/** A text as it stands inside of a message, cut to a length that a person reads. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}
