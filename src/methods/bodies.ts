import Type from 'typebox'
import { anyJson, body, choice, openObject } from '../http/schema.ts'

// What the methods take, for the description of the API. They are read by `flows/decode.ts`, at its place in the order of
// checks, and what they hold is judged there.

const csrf = Type.Optional(Type.String({ description: 'The value of the form field of that name; browsers need it.' }))
const beside = {
  csrf_token: csrf,
  transient_payload: Type.Optional(openObject('Passed on to web hooks, never stored.')),
}
const method = <const Name extends string>(name: Name) => ({ method: Type.Literal(name) })
const traits = anyJson('What is known about the person, in the shape of the identity schema.')

const upstream = openObject('Passed on to the provider: prompt, hd, auth_type, acr_values.')
/** What somebody sends who comes by way of a provider. */
const byProvider = {
  ...method('oidc'),
  provider: Type.String({ description: 'The id of the provider.' }),
  id_token: Type.Optional(Type.String({ description: 'An ID token that an app got from the provider by itself.' })),
  id_token_nonce: Type.Optional(Type.String({ description: 'The nonce that the ID token was asked for with.' })),
  traits: Type.Optional(traits),
  upstream_parameters: Type.Optional(upstream),
  ...beside,
}

export const loginBodies = [
  body('updateLoginFlowWithPasswordMethod', {
    ...method('password'),
    identifier: Type.String({ description: 'An e-mail address, user name …' }),
    password_identifier: Type.Optional(Type.String({ deprecated: true, description: 'The older name of identifier.' })),
    password: Type.String(),
    ...beside,
  }),
  body('updateLoginFlowWithOidcMethod', byProvider),
  body('updateLoginFlowWithCodeMethod', {
    ...method('code'),
    identifier: Type.Optional(
      Type.String({ description: 'Whose addresses the code goes to; repeated with the code.' }),
    ),
    address: Type.Optional(Type.String({ description: 'The button of the address that the code goes to.' })),
    code: Type.Optional(Type.String({ description: 'The code that came; without one a code is sent.' })),
    resend: Type.Optional(choice(['code'])),
    ...beside,
  }),
  body('updateLoginFlowWithIdentifierFirstMethod', {
    ...method('identifier_first'),
    identifier: Type.String(),
    ...beside,
  }),
  body('updateLoginFlowWithTotpMethod', {
    ...method('totp'),
    totp_code: Type.String({ description: 'What the authenticator app shows; each code is accepted once.' }),
    ...beside,
  }),
  body('updateLoginFlowWithLookupSecretMethod', {
    ...method('lookup_secret'),
    lookup_secret: Type.String({ description: 'A backup code; each is good once.' }),
    csrf_token: csrf,
  }),
  body('updateLoginFlowWithWebAuthnMethod', {
    method: Type.Optional(Type.Literal('webauthn')),
    identifier: Type.String({ description: 'Whose keys are asked for.' }),
    webauthn_login: Type.Optional(Type.String({ description: 'What the security key answered, as JSON.' })),
    ...beside,
  }),
  body('updateLoginFlowWithPasskeyMethod', {
    method: Type.Optional(Type.Literal('passkey')),
    passkey_login: Type.Optional(Type.String({ description: 'What the authenticator answered, as JSON.' })),
    csrf_token: csrf,
  }),
]

export const registrationBodies = [
  body('updateRegistrationFlowWithOidcMethod', byProvider),
  body('updateRegistrationFlowWithPasswordMethod', {
    ...method('password'),
    password: Type.String(),
    traits,
    ...beside,
  }),
  body('updateRegistrationFlowWithCodeMethod', {
    ...method('code'),
    traits,
    code: Type.Optional(Type.String({ description: 'The code that came; without one a code is sent.' })),
    resend: Type.Optional(choice(['code'])),
    ...beside,
  }),
  body('updateRegistrationFlowWithProfileMethod', {
    ...method('profile'),
    traits,
    screen: Type.Optional(choice(['credential-selection', 'previous'])),
    ...beside,
  }),
  body('updateRegistrationFlowWithWebAuthnMethod', {
    method: Type.Optional(Type.Literal('webauthn')),
    webauthn_register: Type.String({ description: 'What the security key answered, as JSON.' }),
    webauthn_register_displayname: Type.Optional(Type.String({ description: 'How the key is called.' })),
    traits,
    ...beside,
  }),
  body('updateRegistrationFlowWithPasskeyMethod', {
    method: Type.Optional(Type.Literal('passkey')),
    passkey_register: Type.String({ description: 'What the authenticator answered, as JSON.' }),
    traits,
    ...beside,
  }),
]

export const settingsBodies = [
  body('updateSettingsFlowWithOidcMethod', {
    flow: Type.Optional(Type.String({ description: 'The id of the flow; the one in the address counts.' })),
    ...method('oidc'),
    link: Type.Optional(Type.String({ description: 'The id of the provider to connect.' })),
    unlink: Type.Optional(Type.String({ description: 'The id of the provider to disconnect.' })),
    traits: Type.Optional(traits),
    upstream_parameters: Type.Optional(upstream),
    transient_payload: beside.transient_payload,
  }),
  body('updateSettingsFlowWithPasswordMethod', { ...method('password'), password: Type.String(), ...beside }),
  body('updateSettingsFlowWithProfileMethod', { ...method('profile'), traits, ...beside }),
  body('updateSettingsFlowWithTotpMethod', {
    ...method('totp'),
    totp_code: Type.Optional(Type.String({ description: 'Proves that the app was set up.' })),
    totp_unlink: Type.Optional(Type.Boolean({ description: 'Whether the app is removed.' })),
    ...beside,
  }),
  body('updateSettingsFlowWithLookupMethod', {
    method: Type.Optional(Type.Literal('lookup_secret')),
    lookup_secret_reveal: Type.Optional(Type.Boolean({ description: 'Shows the codes.' })),
    lookup_secret_regenerate: Type.Optional(Type.Boolean({ description: 'Makes new codes, which do not count yet.' })),
    lookup_secret_confirm: Type.Optional(Type.Boolean({ description: 'Puts the new codes in the place of the old.' })),
    lookup_secret_disable: Type.Optional(Type.Boolean({ description: 'Removes the codes.' })),
    ...beside,
  }),
  body('updateSettingsFlowWithWebAuthnMethod', {
    method: Type.Optional(Type.Literal('webauthn')),
    webauthn_register: Type.Optional(Type.String({ description: 'What a new security key answered, as JSON.' })),
    webauthn_register_displayname: Type.Optional(Type.String({ description: 'How the new key is called.' })),
    webauthn_remove: Type.Optional(Type.String({ description: 'The key that is removed, as its button names it.' })),
    ...beside,
  }),
  body('updateSettingsFlowWithPasskeyMethod', {
    method: Type.Optional(Type.Literal('passkey')),
    passkey_settings_register: Type.Optional(Type.String({ description: 'What a new passkey answered, as JSON.' })),
    passkey_remove: Type.Optional(Type.String({ description: 'The passkey that is removed, as its button names it.' })),
    ...beside,
  }),
]

const codeBody = {
  ...method('code'),
  code: Type.Optional(Type.String({ description: 'What was sent to the address.' })),
  email: Type.Optional(Type.String({ description: 'Where to send a code.' })),
  ...beside,
}
const linkBody = { ...method('link'), email: Type.String({ description: 'Where to send a link.' }), ...beside }

export const recoveryBodies = [
  body('updateRecoveryFlowWithCodeMethod', {
    ...codeBody,
    recovery_address: Type.Optional(Type.String({ description: 'Any address of the account.' })),
    recovery_select_address: Type.Optional(Type.String({ description: 'One of the choices of the form.' })),
    recovery_confirm_address: Type.Optional(Type.String({ description: 'The chosen address in full.' })),
    screen: Type.Optional(choice(['previous'])),
  }),
  body('updateRecoveryFlowWithLinkMethod', linkBody),
]

export const verificationBodies = [
  body('updateVerificationFlowWithCodeMethod', codeBody),
  body('updateVerificationFlowWithLinkMethod', linkBody),
]
