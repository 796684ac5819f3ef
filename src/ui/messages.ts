import type { Json } from '../lib/json.ts'
import { rfc3339, type Micros } from '../lib/clock.ts'
import type { UiText } from './wire-schema.ts'

export type { UiText }

type Context = Record<string, Json>
type Row<C extends Context | void> = (C extends void ? () => UiText : (context: C) => UiText) & { id: number }

/** A row of the table: a fixed text, or one that is made from its context, which also goes over the wire. */
const row =
  (type: UiText['type']) =>
  <C extends Context | void = void>(id: number, text: string | ((context: C) => string)): Row<C> =>
    Object.assign(
      (context: C) => {
        const words = typeof text === 'string' ? text : text(context)
        return context === undefined
          ? { id, text: words, type }
          : { id, text: words, type, context: context as Context }
      },
      { id },
    ) as unknown as Row<C>

const info = row('info')
const error = row('error')
const success = row('success')

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

/** Context of the texts that say that a flow has expired. */
export const expiredContext = (expiredAt: Micros) => ({
  expired_at: rfc3339(expiredAt),
  expired_at_unix: Math.floor(expiredAt / 1_000_000),
})
type Expired = { expired_at: string; expired_at_unix: number }

/** Every text with its public id. Tests compare the ids with the recorded list. */
export const messages = {
  // Signing in
  loginRefreshButton: info(1010001, 'Sign in'),
  loginWithProvider: info<{ provider: string; provider_id: string }>(1010002, (c) => `Sign in with ${c.provider}`),
  loginRefresh: info(1010003, 'Confirm that it is you by signing in once more.'),
  loginSecondFactor: info(1010004, 'One more step: confirm your sign-in with a second factor.'),
  labelLoginTotp: info(1010006, 'Code from your authenticator app'),
  labelLoginLookupSecret: info(1010007, 'Backup code'),
  loginTotpButton: info(1010009, 'Use the authenticator app'),
  loginLookupSecretButton: info(1010010, 'Use a backup code'),
  loginPasswordButton: info(1010022, 'Sign in with password'),

  // Signing up
  registrationButton: info(1040001, 'Sign up'),
  registrationWithProvider: info<{ provider: string; provider_id: string }>(
    1040002,
    (c) => `Sign up with ${c.provider}`,
  ),
  registrationBack: info(1040008, 'Back'),
  registrationChooseMethod: info(1040009, 'Choose how you want to sign in from now on.'),

  // Settings
  settingsSaved: success(1050001, 'Your changes are saved.'),
  totpUnlink: info(1050004, 'Remove the authenticator app'),
  labelTotpQr: info(1050005, 'Scan this with your authenticator app'),
  totpSecret: info<{ secret: string }>(1050006, (c) => c.secret),
  lookupReveal: info(1050007, 'Show the backup codes'),
  lookupRegenerate: info(1050008, 'Make new backup codes'),
  lookupSecret: info<{ secret: string }>(1050009, (c) => c.secret),
  labelLookupSecrets: info(1050010, 'Each of these codes lets you in once. Keep them in a safe place.'),
  lookupConfirm: info(1050011, 'I have saved these backup codes'),
  lookupSecretUsed: info<{ used_at: string; used_at_unix: number }>(
    1050014,
    (c) => `This code was used on ${c.used_at.slice(0, 10)}.`,
  ),
  lookupSecrets: info<{ secrets: UiText[] }>(1050015, (c) =>
    c.secrets.map(({ context }) => context?.['secret'] ?? 'used').join(', '),
  ),
  lookupDisable: info(1050016, 'Do without backup codes'),
  labelTotpSecret: info(1050017, 'If you cannot scan it, type this into your authenticator app'),

  // Labels
  labelPassword: info(1070001, 'Password'),
  labelOfTrait: info<{ name: string; title: string }>(1070002, (c) => c.title),
  labelSave: info(1070003, 'Save'),
  labelVerifyCode: info(1070006, 'Code to confirm'),
  labelIdentifier: info(1070004, 'E-mail or user name'),
  labelContinue: info(1070009, 'Continue'),

  // What a person can mend
  generic: error<{ reason: string }>(4000001, (c) => c.reason),
  required: error<{ property: string }>(4000002, (c) => `${c.property} is missing.`),
  tooShort: error<{ min_length: number; actual_length: number }>(
    4000003,
    (c) => `Use ${plural(c.min_length, 'character', 'characters')} or more, not ${c.actual_length}.`,
  ),
  patternMismatch: error<{ pattern: string }>(4000004, (c) => `This does not match the pattern ${c.pattern}`),
  passwordRefused: error<{ reason: string }>(4000005, (c) => `This password cannot be used: ${c.reason}`),
  invalidCredentials: error(4000006, 'The identifier or the password is wrong. Check the spelling of both.'),
  identifierTaken: error(4000007, 'Somebody with this identifier (e-mail, user name …) exists already.'),
  totpWrong: error(4000008, 'This code is wrong or was used already. Wait for the next one and type that in.'),
  noIdentifier: error(4000009, 'There is nothing in this form that could identify you when you sign in.'),
  addressNotVerified: error(4000010, 'Your address is not verified yet. Look for our message in your mailbox.'),
  noTotp: error(4000011, 'You have not set up an authenticator app.'),
  lookupUsed: error(4000012, 'This backup code was used already. Try another one.'),
  noLookupSecrets: error(4000014, 'You have not set up backup codes.'),
  lookupWrong: error(4000016, 'This is none of your backup codes.'),
  tooLong: error<{ max_length: number; actual_length: number }>(
    4000017,
    (c) => `Use ${plural(c.max_length, 'character', 'characters')} or fewer, not ${c.actual_length}.`,
  ),
  belowMinimum: error<{ minimum: Json; actual: Json }>(
    4000018,
    (c) => `Give a number of ${String(c.minimum)} or more, not ${String(c.actual)}.`,
  ),
  belowExclusiveMinimum: error<{ minimum: Json; actual: Json }>(
    4000019,
    (c) => `Give a number above ${String(c.minimum)}, not ${String(c.actual)}.`,
  ),
  aboveMaximum: error<{ maximum: Json; actual: Json }>(
    4000020,
    (c) => `Give a number of ${String(c.maximum)} or less, not ${String(c.actual)}.`,
  ),
  aboveExclusiveMaximum: error<{ maximum: Json; actual: Json }>(
    4000021,
    (c) => `Give a number below ${String(c.maximum)}, not ${String(c.actual)}.`,
  ),
  notMultiple: error<{ base: Json; actual: Json }>(
    4000022,
    (c) => `Give a multiple of ${String(c.base)}, not ${String(c.actual)}.`,
  ),
  tooManyItems: error<{ max_items: number; actual_items: number }>(
    4000023,
    (c) => `Give ${plural(c.max_items, 'entry', 'entries')} at most, not ${c.actual_items}.`,
  ),
  tooFewItems: error<{ min_items: number; actual_items: number }>(
    4000024,
    (c) => `Give ${plural(c.min_items, 'entry', 'entries')} at least, not ${c.actual_items}.`,
  ),
  repeatedItems: error<{ index_a: number; index_b: number }>(
    4000025,
    (c) => `The entries ${c.index_a} and ${c.index_b} are equal; each may stand here once.`,
  ),
  wrongType: error<{ allowed_types: Json; actual_type: string }>(
    4000026,
    (c) => `This has to be ${[c.allowed_types].flat().map(String).join(' or ')}, not ${c.actual_type}.`,
  ),
  identifierTakenWithHints: error<{
    available_credential_types: string[]
    available_oidc_providers: string[]
    credential_identifier_hint: string
  }>(4000028, (c) => takenWithHints(c)),
  notTheConstant: error<{ expected: string }>(4000029, (c) => `This has to be ${c.expected}.`),
  notTheConstantObject: error(4000030, 'This differs from the one value that is allowed here.'),
  passwordTooSimilar: error(4000031, 'This password is too similar to your identifier.'),
  passwordTooShort: error<{ min_length: number; actual_length: number }>(
    4000032,
    (c) => `Use a password of ${plural(c.min_length, 'character', 'characters')} or more, not ${c.actual_length}.`,
  ),
  passwordTooLong: error<{ max_length: number; actual_length: number }>(
    4000033,
    (c) => `Use a password of ${plural(c.max_length, 'character', 'characters')} or fewer, not ${c.actual_length}.`,
  ),
  passwordBreached: error<{ breaches: number }>(
    4000034,
    (c) =>
      `This password was found in ${plural(c.breaches, 'data breach', 'data breaches')}. Choose one that nobody else knows.`,
  ),
  accountNotFound: error(4000037, 'There is no account for this, or it has no way to sign in here.'),
  passwordSameAsOld: error(4000039, 'This is the password that you have now. Choose another one.'),
  notAnEmail: error<{ value: string }>(4000040, (c) => `${quoted(c.value)} is no e-mail address.`),
  notAPhone: error<{ value: string }>(
    4000041,
    (c) => `${quoted(c.value)} is no phone number. Begin with + and the code of the country.`,
  ),

  // Flows
  loginExpired: error<Expired>(4010001, 'This sign-in took too long. Please try again.'),
  noLoginMethod: error(4010002, 'This does not say how you want to sign in. Fill in one of the ways above.'),
  noRegistrationMethod: error(4010003, 'This does not say how you want to sign up. Fill in one of the ways above.'),
  noSettingsMethod: error(4010004, 'There is nothing here that could be saved.'),
  accountDisabled: error(4010011, 'This account is disabled.'),
  registrationExpired: error<Expired>(4040001, 'This sign-up took too long. Please try again.'),
  settingsExpired: error<Expired>(4050001, 'These settings were open for too long. Please try again.'),
}

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)

const methodNames: Record<string, string> = {
  password: 'your password',
  code: 'a code that we send',
  webauthn: 'your security key',
  passkey: 'your passkey',
}

function takenWithHints({
  available_credential_types,
  available_oidc_providers,
  credential_identifier_hint,
}: {
  available_credential_types: string[]
  available_oidc_providers: string[]
  credential_identifier_hint: string
}): string {
  const ways = [...available_credential_types.flatMap((t) => methodNames[t] ?? []), ...available_oidc_providers]
  const who =
    credential_identifier_hint === ''
      ? 'Somebody with this identifier'
      : `Somebody with the identifier ${quoted(credential_identifier_hint)}`
  return ways.length === 0
    ? `${who} exists already.`
    : `${who} exists already. If that is you, sign in with ${ways.join(' or ')}.`
}

/** The rows by their public ids, for what is made from an id and a context. */
const byId = new Map(Object.values(messages).map((make) => [make.id, make as (context?: Context) => UiText]))

/** The text with a public id. @throws Error when there is none: ids come from our own code only */
export function messageById(id: number, context?: Context): UiText {
  const make = byId.get(id)
  if (!make) throw new Error(`there is no message ${id}`)
  return make(context)
}
