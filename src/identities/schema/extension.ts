import { OrderedObject, type OrderedJson } from '../../lib/ordered-json.ts'
import type { Finding } from './draft.ts'

export const extensionKeyword = 'ory.sh/kratos'

export type Channel = 'email' | 'sms'

/** What a trait is used for, from the keyword `ory.sh/kratos` of its schema. */
export type Extension = {
  /** The value signs in with a password. */
  password: boolean
  /** The value signs in with a security key. */
  webauthn: boolean
  /** The value signs in with a code, sent over `codeVia`. */
  code: boolean
  codeVia: Channel | undefined
  passkeyDisplayName: boolean
  totpAccountName: boolean
  /** The value is an address to verify. */
  verification: Channel | undefined
  /** The value is an address for recovery. */
  recovery: Channel | undefined
}

type Vocabulary = { readonly [name: string]: Vocabulary | 'flag' | readonly string[] }

const channels = ['email', 'sms']
/** TABLE of the keyword's members; there are no others. */
const vocabulary: Vocabulary = {
  credentials: {
    password: { identifier: 'flag' },
    webauthn: { identifier: 'flag' },
    passkey: { display_name: 'flag' },
    totp: { account_name: 'flag' },
    code: { identifier: 'flag', via: channels },
  },
  verification: { via: channels },
  recovery: { via: channels },
  organizations: { matcher: ['email_domain'] },
}

/** What is wrong with the value of the keyword. */
export function checkExtension(
  value: OrderedJson,
  path: readonly string[],
  allowed: Vocabulary = vocabulary,
): Finding[] {
  if (!(value instanceof OrderedObject)) return [{ path, text: 'has to be an object' }]
  return [...value].flatMap(([name, member]) => {
    const inner = [...path, name]
    const rule = Object.hasOwn(allowed, name) ? allowed[name] : undefined
    if (rule === undefined)
      return [{ path: inner, text: `is unknown; ${Object.keys(allowed).join(', ')} may stand here` }]
    if (rule === 'flag') return typeof member === 'boolean' ? [] : [{ path: inner, text: 'has to be true or false' }]
    if (!isWords(rule)) return checkExtension(member, inner, rule)
    return typeof member === 'string' && rule.includes(member)
      ? []
      : [{ path: inner, text: `has to be ${rule.join(' or ')}` }]
  })
}

const isWords = (rule: Vocabulary | readonly string[]): rule is readonly string[] => Array.isArray(rule)

/** Reads the value of the keyword, which must have passed `checkExtension`. */
export function readExtension(value: OrderedJson): Extension {
  const at = (...path: string[]): OrderedJson | undefined =>
    path.reduce<OrderedJson | undefined>(
      (inner, name) => (inner instanceof OrderedObject ? inner.get(name) : undefined),
      value,
    )
  const channel = (...path: string[]) => at(...path) as Channel | undefined
  return {
    password: at('credentials', 'password', 'identifier') === true,
    webauthn: at('credentials', 'webauthn', 'identifier') === true,
    code: at('credentials', 'code', 'identifier') === true,
    codeVia: channel('credentials', 'code', 'via'),
    passkeyDisplayName: at('credentials', 'passkey', 'display_name') === true,
    totpAccountName: at('credentials', 'totp', 'account_name') === true,
    verification: channel('verification', 'via'),
    recovery: channel('recovery', 'via'),
  }
}

/** Whether the value is a phone number that the server uses. */
export const isPhone = (extension: Extension): boolean =>
  (extension.code && extension.codeVia === 'sms') || extension.verification === 'sms' || extension.recovery === 'sms'
