import { isObject } from '../../lib/json.ts'
import type { JsonObject } from '../message.ts'

/** The languages in which the built-in texts exist. */
export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

/**
 * The language for a person: the first text among the traits `locale`, `language` and `lang`, in any of the spellings
 * `de`, `de-AT`, `de_AT`. Where the traits say nothing, or nobody is known, the same members of the `transient_payload`
 * count. English where there are none of these, or for a language that is not spoken here.
 */
export function languageFor({ identity, traits, transient_payload: payload }: JsonObject): Language {
  const person = traits ?? (isObject(identity) && isObject(identity.traits) ? identity.traits : identity)
  const tag = tagOf(person) ?? tagOf(payload)
  return languages.find((each) => each === tag?.toLowerCase().split(/[-_.]/)[0]) ?? 'en'
}

function tagOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined
  return [value.locale, value.language, value.lang].find((each) => typeof each === 'string')
}
