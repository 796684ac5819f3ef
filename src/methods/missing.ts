import type { RegistrationMethod } from '../flows/registration/method.ts'
import type { SettingsMethod } from '../flows/settings/method.ts'

const given = (value: unknown): boolean => typeof value === 'string' && value !== ''

/**
 * Settings methods that this server knows by their fields but does not have: whoever addresses one is told so, exactly
 * as if it were switched off.
 */
export const missingSettingsMethods = {
  oidc: row('oidc', ['link', 'unlink'], ({ link, unlink }) => given(link) || given(unlink)),
  passkey: row(
    'passkey',
    ['passkey_settings_register', 'passkey_remove'],
    (f) => given(f.passkey_settings_register) || given(f.passkey_remove),
  ),
  webauthn: row(
    'webauthn',
    ['webauthn_register', 'webauthn_remove'],
    (f, type) => type === 'browser' && (given(f.webauthn_register) || given(f.webauthn_remove)),
  ),
}

function row(
  name: string,
  texts: readonly string[],
  claims: (fields: Record<string, unknown>, flowType: string) => boolean,
): SettingsMethod {
  return {
    name,
    enabled: false,
    fields: texts.map((field) => ({ name: field, type: 'string' as const })),
    allowsGet: true,
    claims: (fields, flow) => claims(fields, flow.type),
    draw: () => ({ nodes: [] }),
    submit: () => Promise.reject(new Error(`${name} is switched off`)),
  }
}

/**
 * The same for registrations.
 * @param webauthnPasswordless whether security keys would count as a first factor; otherwise nobody registers with one
 */
export const missingRegistrationMethods = ({
  webauthnPasswordless,
}: {
  webauthnPasswordless: boolean
}): RegistrationMethod[] => [
  registrationRow(
    'oidc',
    ['provider'],
    ({ method, provider }) => given(provider) && (!given(method) || method === 'oidc'),
  ),
  // Pages fill the field with `true` before the key has answered.
  registrationRow('passkey', ['passkey_register'], (f) => given(f.passkey_register) && f.passkey_register !== 'true'),
  registrationRow(
    'webauthn',
    ['webauthn_register'],
    (f, type) => webauthnPasswordless && type === 'browser' && given(f.webauthn_register),
  ),
]

function registrationRow(
  name: string,
  texts: readonly string[],
  claims: (fields: Record<string, unknown>, flowType: string) => boolean,
): RegistrationMethod {
  return {
    name,
    enabled: false,
    fields: texts.map((field) => ({ name: field, type: 'string' as const })),
    claims: (fields, { flow }) => claims(fields, flow.type),
    nodes: () => [],
    submit: () => Promise.reject(new Error(`${name} is switched off`)),
  }
}
