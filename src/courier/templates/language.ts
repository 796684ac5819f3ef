import { isObject } from '../../lib/json.ts'
import type { JsonObject } from '../message.ts'

/** The languages in which the built-in texts exist. */
export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

/**
 * The language for a person: the traits `locale`, `language` or `lang`, the first of them that is a text, in any of the
 * spellings `de`, `de-AT`, `de_AT`. English where there is none, or one that is not spoken here.
 */
export function languageFor(model: JsonObject): Language {
  const { identity, traits } = model
  const person = traits ?? (isObject(identity) && isObject(identity.traits) ? identity.traits : identity)
  if (!isObject(person)) return 'en'
  const tag = [person.locale, person.language, person.lang].find((value) => typeof value === 'string')
  const [language] = typeof tag === 'string' ? tag.toLowerCase().split(/[-_.]/) : []
  return languages.find((each) => each === language) ?? 'en'
}
