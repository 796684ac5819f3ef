import { isObject, type Json } from '../../lib/json.ts'

/** What a provider says about a person, as mappers see it. Whatever is empty, zero or false is not there. */
export type Claims = {
  iss?: string
  sub?: string
  oid?: string
  name?: string
  given_name?: string
  family_name?: string
  last_name?: string
  middle_name?: string
  nickname?: string
  preferred_username?: string
  profile?: string
  picture?: string
  website?: string
  email?: string
  email_verified?: boolean
  gender?: string
  birthdate?: string
  zoneinfo?: string
  /** A language tag. */
  locale?: string
  phone_number?: string
  phone_number_verified?: boolean
  /** Seconds since 1970. */
  updated_at?: number
  hd?: string
  team?: string
  nonce?: string
  nonce_supported?: boolean
  /** The authentication context class that the provider reached. */
  acr?: string
  /** The authentication methods that the provider used. */
  amr?: string[]
  /** Everything that was received, whatever its kind. */
  raw_claims?: Record<string, Json>
}

/** A claim has another type than it may have. */
export class ClaimsError extends Error {}

type Read = (value: Json, name: string) => Json | undefined

const wrong = (name: string, what: string) => new ClaimsError(`The claim ${name} has to be ${what}.`)

const text: Read = (value, name) => {
  if (typeof value !== 'string') throw wrong(name, 'a text')
  return value === '' ? undefined : value
}
const flag: Read = (value, name) => {
  if (typeof value !== 'boolean') throw wrong(name, 'true or false')
  return value || undefined
}
/** Some providers quote it. */
const quotedFlag: Read = (value, name) => flag(value === 'true' ? true : value === 'false' ? false : value, name)
const wholeNumber: Read = (value, name) => {
  if (!Number.isSafeInteger(value)) throw wrong(name, 'a whole number')
  return value === 0 ? undefined : value
}
const texts: Read = (value, name) => {
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw wrong(name, 'a list of texts')
  return value.length === 0 ? undefined : value
}
/** LinkedIn sends language and country apart. */
const languageTag: Read = (value, name) => {
  if (!isObject(value)) return text(value, name)
  return (
    [value['language'], value['country']].filter((part) => typeof part === 'string' && part !== '').join('-') ||
    undefined
  )
}

const readers = {
  iss: text,
  sub: text,
  oid: text,
  name: text,
  given_name: text,
  family_name: text,
  last_name: text,
  middle_name: text,
  nickname: text,
  preferred_username: text,
  profile: text,
  picture: text,
  website: text,
  email: text,
  email_verified: quotedFlag,
  gender: text,
  birthdate: text,
  zoneinfo: text,
  locale: languageTag,
  phone_number: text,
  phone_number_verified: flag,
  updated_at: wholeNumber,
  hd: text,
  team: text,
  nonce: text,
  nonce_supported: flag,
  acr: text,
  amr: texts,
} satisfies Record<Exclude<keyof Claims, 'raw_claims'>, Read>

/**
 * The claims among the members of an object; others are left out.
 * @param keepRaw adds the whole object as `raw_claims`
 * @throws ClaimsError
 */
export function readClaims(raw: Readonly<Record<string, Json>>, { keepRaw = false } = {}): Claims {
  const claims: Record<string, Json> = {}
  for (const [name, read] of Object.entries(readers)) {
    const value = Object.hasOwn(raw, name) ? raw[name] : undefined
    const claim = value === undefined || value === null ? undefined : read(value, name)
    if (claim !== undefined) claims[name] = claim
  }
  if (keepRaw) claims['raw_claims'] = { ...raw }
  return claims as Claims
}

/** Whether claims say who somebody is, and who says so. Databases keep no NUL, nor does anybody's name need one. */
export const namesSomebody = ({ iss, sub }: Claims): boolean => Boolean(iss) && Boolean(sub) && !sub!.includes('\0')
