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

/** Which of somebody's keys a text means, and since when they have it. */
type KeyContext = { display_name: string; added_at: string; added_at_unix: number }

/** Every text with its public id. Tests compare the ids with the recorded list. */
export const messages = {
  // Signing in
  loginRefreshButton: info(1010001, 'Sign in'),
  loginWithProvider: info<{ provider: string; provider_id: string }>(1010002, (c) => `Sign in with ${c.provider}`),
  loginRefresh: info(1010003, 'Confirm that it is you by signing in once more.'),
  loginSecondFactor: info(1010004, 'One more step: confirm your sign-in with a second factor.'),
  labelLoginTotp: info(1010006, 'Code from your authenticator app'),
  labelLoginLookupSecret: info(1010007, 'Backup code'),
  loginKeyButton: info(1010008, 'Sign in with a security key'),
  loginTotpButton: info(1010009, 'Use the authenticator app'),
  loginLookupSecretButton: info(1010010, 'Use a backup code'),
  loginKeyReady: info(1010012, 'Have your security key ready, then continue.'),
  loginKeyContinue: info(1010013, 'Continue'),
  loginPasskeyButton: info(1010021, 'Sign in with a passkey'),
  loginCodeSent: info(1010014, 'A code is on its way to you. If nothing arrives, check the spelling of the address.'),
  loginCodeButton: info(1010015, 'Send me a code to sign in'),
  linkPrompt: info<{
    duplicateIdentifier: string
    duplicate_identifier: string
    provider: string
    newLoginUrl: string
    new_login_url: string
    available_credential_types: string[]
    available_providers: string[]
  }>(
    1010016,
    (c) =>
      `There is an account for ${quoted(c.duplicate_identifier)} already. If it is yours, sign in to it here: from then on you can also sign in with ${c.provider}.`,
  ),
  linkConfirm: info(1010017, 'Sign in and connect'),
  linkConfirmWithProvider: info<{ provider: string }>(1010018, (c) => `Confirm with ${c.provider}`),
  loginPasswordButton: info(1010022, 'Sign in with password'),
  loginCodeToAddress: info<{ address: string; channel: string }>(1010023, (c) => `Send a code to ${c.address}`),
  loginCodeSentToYou: info(1010025, 'A code is on its way to the address that you chose.'),

  // Signing up
  registrationButton: info(1040001, 'Sign up'),
  registrationWithProvider: info<{ provider: string; provider_id: string }>(
    1040002,
    (c) => `Sign up with ${c.provider}`,
  ),
  registrationKeyButton: info(1040004, 'Sign up with a security key'),
  registrationPasskeyButton: info(1040007, 'Sign up with a passkey'),
  registrationCodeSent: info(
    1040005,
    'A code is on its way to your address. If nothing arrives, go back and check the spelling.',
  ),
  registrationCodeButton: info(1040006, 'Send me a code to sign up'),
  registrationContinue: info(1040003, 'Continue'),
  registrationBack: info(1040008, 'Back'),
  registrationChooseMethod: info(1040009, 'Choose how you want to sign in from now on.'),

  // Settings
  settingsSaved: success(1050001, 'Your changes are saved.'),
  settingsLink: info<{ provider: string }>(1050002, (c) => `Connect ${c.provider}`),
  settingsUnlink: info<{ provider: string }>(1050003, (c) => `Disconnect ${c.provider}`),
  totpUnlink: info(1050004, 'Remove the authenticator app'),
  labelTotpQr: info(1050005, 'Scan this with your authenticator app'),
  totpSecret: info<{ secret: string }>(1050006, (c) => c.secret),
  lookupReveal: info(1050007, 'Show the backup codes'),
  lookupRegenerate: info(1050008, 'Make new backup codes'),
  lookupSecret: info<{ secret: string }>(1050009, (c) => c.secret),
  labelLookupSecrets: info(1050010, 'Each of these codes lets you in once. Keep them in a safe place.'),
  lookupConfirm: info(1050011, 'I have saved these backup codes'),
  addKeyButton: info(1050012, 'Add a security key'),
  labelKeyName: info(1050013, 'Name of the security key'),
  lookupSecretUsed: info<{ used_at: string; used_at_unix: number }>(
    1050014,
    (c) => `This code was used on ${c.used_at.slice(0, 10)}.`,
  ),
  lookupSecrets: info<{ secrets: UiText[] }>(1050015, (c) =>
    c.secrets.map(({ context }) => context?.['secret'] ?? 'used').join(', '),
  ),
  lookupDisable: info(1050016, 'Do without backup codes'),
  labelTotpSecret: info(1050017, 'If you cannot scan it, type this into your authenticator app'),
  labelRemoveKey: info<KeyContext>(1050018, (c) => `Remove the security key ${quoted(c.display_name)}`),
  addPasskeyButton: info(1050019, 'Add a passkey'),
  labelRemovePasskey: info<KeyContext>(1050020, (c) => `Remove the passkey ${quoted(c.display_name)}`),

  // Recovery
  recovered: success<{
    privilegedSessionExpiresAt: string
    privileged_session_expires_at: string
    privileged_session_expires_at_unix: number
  }>(
    1060001,
    'You are back in your account. Choose a new password or another way to sign in now, before this session needs a new sign-in.',
  ),
  recoveryLinkSent: info(
    1060002,
    'If this address belongs to an account, a link is on its way. If nothing arrives, check the spelling.',
  ),
  recoveryCodeSent: info(
    1060003,
    'If this address belongs to an account, a code is on its way. If nothing arrives, check the spelling.',
  ),
  recoveryCodeSentMasked: info<{ masked_address: string }>(
    1060004,
    (c) => `A code is on its way to ${c.masked_address}, if this address belongs to an account.`,
  ),
  recoveryConfirmAddress: info(1060005, 'To make sure that it is yours, type the whole address.'),
  recoveryChooseAddress: info(1060006, 'Where should the code go?'),
  recoveryBack: info(1060007, 'Back'),

  // Verification
  verificationLinkSent: info(
    1080001,
    'A link is on its way to this address, if it belongs to an account. If nothing arrives, check the spelling.',
  ),
  emailVerified: success(1080002, 'Your e-mail address is verified.'),
  verificationCodeMailed: info(
    1080003,
    'A code is on its way to this address, if it belongs to an account. If nothing arrives, check the spelling.',
  ),
  verificationCodeTexted: info(
    1080004,
    'A code is on its way to this number, if it belongs to an account. If nothing arrives, check the digits.',
  ),
  phoneVerified: success(1080005, 'Your phone number is verified.'),

  // Labels
  labelPassword: info(1070001, 'Password'),
  labelOfTrait: info<{ name: string; title: string }>(1070002, (c) => c.title),
  labelSave: info(1070003, 'Save'),
  labelVerifyCode: info(1070006, 'Code to confirm'),
  labelIdentifier: info(1070004, 'E-mail or user name'),
  labelEmail: info(1070007, 'E-mail'),
  labelResend: info(1070008, 'Send it again'),
  labelContinue: info(1070009, 'Continue'),
  labelRecoveryCode: info(1070010, 'Code'),
  labelVerificationCode: info(1070011, 'Code'),
  labelRegistrationCode: info(1070012, 'Code'),
  labelLoginCode: info(1070013, 'Code'),
  labelRecoveryAddress: info(1070016, 'Your e-mail address or phone number'),
  labelPhone: info(1070017, 'Phone number'),
  labelEmailOrPhone: info(1070018, 'E-mail or phone number'),
  /** Words that stand for themselves; nothing of them goes over the wire twice. */
  labelOfWords: Object.assign((words: string): UiText => ({ id: 1070000, text: words, type: 'info' }), {
    id: 1070000,
  }),

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
  noKey: error(4000013, 'You have not set up a security key.'),
  noLookupSecrets: error(4000014, 'You have not set up backup codes.'),
  keyUserUnknown: error(4000015, 'Nobody here signs in with this key. Check the spelling, or sign in another way.'),
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
  noCodeAccount: error(4000035, 'There is no account for this, or it cannot sign in with a code.'),
  otherTraits: error(4000036, 'This differs from what the code was sent for. Have a new one sent.'),
  accountNotFound: error(4000037, 'There is no account for this, or it has no way to sign in here.'),
  passwordSameAsOld: error(4000039, 'This is the password that you have now. Choose another one.'),
  notAnEmail: error<{ value: string }>(4000040, (c) => `${quoted(c.value)} is no e-mail address.`),
  notAPhone: error<{ value: string }>(
    4000041,
    (c) => `${quoted(c.value)} is no phone number. Begin with + and the code of the country.`,
  ),
  keyAnswerInvalid: error(4000043, 'This answer of the key cannot be accepted. Please try again.'),

  // Flows
  loginExpired: error<Expired>(4010001, 'This sign-in took too long. Please try again.'),
  noLoginMethod: error(4010002, 'This does not say how you want to sign in. Fill in one of the ways above.'),
  noRegistrationMethod: error(4010003, 'This does not say how you want to sign up. Fill in one of the ways above.'),
  noSettingsMethod: error(4010004, 'There is nothing here that could be saved.'),
  noRecoveryMethod: error(4010005, 'This does not say how you want to recover your account. Fill in the form above.'),
  noVerificationMethod: error(
    4010006,
    'This does not say how you want to verify your address. Fill in the form above.',
  ),
  loginCodeWrong: error(4010008, 'This code is wrong, too old or was used already. Try again, or have a new one sent.'),
  addressNotYours: error(4010010, 'This is none of the addresses of your account.'),
  linkMismatch: error(
    4010009,
    'You signed in to another account than the one that this address belongs to. Nothing was connected.',
  ),
  accountDisabled: error(4010011, 'This account is disabled.'),
  registrationExpired: error<Expired>(4040001, 'This sign-up took too long. Please try again.'),
  registrationCodeWrong: error(
    4040003,
    'This code is wrong, too old or was used already. Try again, or have a new one sent.',
  ),
  settingsExpired: error<Expired>(4050001, 'These settings were open for too long. Please try again.'),
  oneAddressAtATime: error(4050002, 'Change one address at a time: each new one has to be verified first.'),
  recoveryDone: error(4060001, 'This recovery is complete already. If you still need it, begin again.'),
  recoveryFailed: error(4060002, 'This recovery cannot go on. Please begin again.'),
  recoveryLinkInvalid: error(4060004, 'This link is not valid, or it was used already. Please ask for a new one.'),
  recoveryExpired: error<Expired>(4060005, 'This recovery took too long. Please begin again.'),
  recoveryCodeWrong: error(4060006, 'This code is wrong, or it was used already. Please try again.'),
  verificationLinkInvalid: error(4070001, 'This link is not valid, or it was used already. Please ask for a new one.'),
  verificationDone: error(4070002, 'This verification is complete already.'),
  verificationFailed: error(4070003, 'This verification cannot go on. Please begin again.'),
  verificationExpired: error<Expired>(4070005, 'This verification took too long. Please begin again.'),
  verificationCodeWrong: error(4070006, 'This code is wrong, or it was used already. Please try again.'),
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
