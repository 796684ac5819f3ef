/**
 * What a value of the configuration may be: JSON Schema keywords, a few of our own, and the TypeScript type that follows.
 * It is plain data, because the schema is built on every start and a schema library alone would cost a tenth of it.
 */
export type Keywords = {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: Format
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly items?: Keywords
  readonly properties?: Readonly<Record<string, Keywords>>
  /** Whether keys beside `properties` are allowed, or what each of them has to be. */
  readonly additionalProperties?: boolean | Keywords
  /** Objects of several kinds, told apart by the member `by`. */
  readonly either?: { readonly by: string; readonly kinds: readonly Keywords[] }
  /** May be missing; an object that may not is made of its members' defaults. */
  readonly optional?: true
  /** May be missing in the file; the loader computes it from other keys or the machine. */
  readonly derived?: true
  readonly nullable?: true
  /** What the keywords cannot say. Runs once the value itself is in order. */
  readonly rule?: (value: never) => Finding[]
}

export type Format = 'uri' | 'uri-reference' | 'uri-if-schemed' | 'origin' | 'email' | 'hostname' | 'duration' | 'size'

/** A broken rule: the member it is about (empty: the value itself), what is wrong, and what to do. */
export type Finding = { at: readonly string[]; reason: string; remedy: string }

declare const meaning: unique symbol
/** A shape whose values have the type `T` once defaults are filled in. */
export type Shape<T> = Keywords & { readonly [meaning]?: T }
export type Optional<T> = Shape<T> & { readonly optional: true }

/** The type of a shape's values. */
export type Static<S> = S extends { readonly [meaning]?: infer T } ? Exclude<T, undefined> : never

type Properties = Readonly<Record<string, Shape<unknown>>>
type OptionalKeys<P> = { [K in keyof P]: P[K] extends { readonly optional: true } ? K : never }[keyof P]
type Members<P> = { [K in Exclude<keyof P, OptionalKeys<P>>]: Static<P[K]> } & { [K in OptionalKeys<P>]?: Static<P[K]> }
type Flat<T> = { [K in keyof T]: T[K] }

type Rule<T> = { readonly rule?: (value: T) => Finding[] }
type TextOptions = Pick<Keywords, 'default' | 'pattern' | 'format' | 'minLength' | 'maxLength'> & Rule<string>

export const text = (options: TextOptions = {}): Shape<string> => ({ type: 'string', ...options })
export const integer = (options: Pick<Keywords, 'default' | 'minimum' | 'maximum'> = {}): Shape<number> => ({
  type: 'integer',
  ...options,
})
export const number = (): Shape<number> => ({ type: 'number' })
export const flag = (byDefault?: boolean): Shape<boolean> => ({
  type: 'boolean',
  ...(byDefault === undefined ? {} : { default: byDefault }),
})
export const choice = <const V extends string>(values: readonly V[], byDefault?: V): Shape<V> => ({
  type: 'string',
  enum: values,
  ...(byDefault === undefined ? {} : { default: byDefault }),
})
export const list = <T>(
  items: Shape<T>,
  options: { default?: readonly T[]; minItems?: number; uniqueItems?: boolean } = {},
): Shape<T[]> => ({ type: 'array', items, ...options })

/** An object with these members and no others, unless it is `open`. */
export const object = <P extends Properties>(
  properties: P,
  { open = false, rule }: { open?: boolean } & Rule<Flat<Members<P>>> = {},
): Shape<Flat<Members<P>>> => ({ type: 'object', properties, additionalProperties: open, ...(rule ? { rule } : {}) })

/** An object whose members are all of one shape under names of the operator's choice. */
export const map = <T>(values: Shape<T>): Shape<Record<string, T>> => ({ type: 'object', additionalProperties: values })

/** An object of one of several kinds, which differ in the value of the member `by`. */
export const either = <const K extends readonly Shape<unknown>[]>(by: string, kinds: K): Shape<Static<K[number]>> => ({
  type: 'object',
  either: { by, kinds },
})
export const anything = (): Shape<unknown> => ({})
export const nullable = <T>(shape: Shape<T>): Shape<T | null> => ({ ...shape, nullable: true })

export const optional = <T>(shape: Shape<T>): Optional<T> => ({ ...shape, optional: true })
export const derived = <T>(shape: Shape<T>): Shape<T> => ({ ...shape, derived: true })

/** Go's notation without signs and fractions: `1h30m`. */
export const duration = (byDefault?: string): Shape<string> =>
  text({ format: 'duration', ...(byDefault === undefined ? {} : { default: byDefault }) })
/** An absolute URL; `base64://` and `file://` count. */
export const uri = (): Shape<string> => text({ format: 'uri' })
/** An absolute or relative URL. */
export const uriReference = (byDefault?: string): Shape<string> =>
  text({ format: 'uri-reference', ...(byDefault === undefined ? {} : { default: byDefault }) })
