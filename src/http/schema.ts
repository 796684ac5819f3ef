// What the schemas of the API description are made of. Nobody imports these files at run time but the description itself:
// the server takes their types only, so that TypeBox costs it neither start-up time nor memory.
import Type, { type Static, type TProperties, type TSchema } from 'typebox'

export const uuid = Type.String({ format: 'uuid' })
export const moment = Type.String({ format: 'date-time' })

/** One of several words. */
export const choice = <const Words extends readonly string[]>(words: Words, id?: string) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...(id === undefined ? {} : { $id: id }) })

/** An object with these members and no others, under its public name in the description. */
export const named = <P extends TProperties>(id: string, properties: P, description?: string) =>
  Type.Object(properties, {
    $id: id,
    ...(description === undefined ? {} : { description }),
    additionalProperties: false,
  })

/** What clients send. Members that are not named here are ignored or refused, as each operation has it. */
export const body = <P extends TProperties>(id: string, properties: P, description?: string) =>
  Type.Object(properties, { $id: id, ...(description === undefined ? {} : { description }) })

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])

/** An object whose members are nobody's business here. */
export const openObject = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description })

/** Any JSON, passed through. */
export const anyJson = (description: string) => Type.Unknown({ description })

/** An object whose members are all alike, under names that follow from the data. */
export const mapOf = <S extends TSchema>(schema: S, description?: string) =>
  Type.Unsafe<Record<string, Static<S>>>({
    type: 'object',
    additionalProperties: schema,
    ...(description === undefined ? {} : { description }),
  })

/** A parameter of a query. */
export const text = (description: string) => Type.String({ description })
export const required = (description: string) => Type.String({ description, required: true })
export const flag = (description: string) => Type.Boolean({ description })

/** Pages by number, the older way, and by token, the newer one. */
export const pageQuery = {
  per_page: Type.Integer({ description: 'Entries on a page, when pages are numbered.', deprecated: true }),
  page: Type.Integer({ description: 'Number of the page, from 0.', deprecated: true }),
  page_size: Type.Integer({ description: 'Entries on a page.' }),
  page_token: text('Where the page begins, from the links of the page before.'),
}
export const keysetQuery = { page_size: pageQuery.page_size, page_token: pageQuery.page_token }
export const pageHeaders = { Link: 'The pages around this one.', 'X-Total-Count': 'The number of all entries.' }
