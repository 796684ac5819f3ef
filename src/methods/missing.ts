import type { RegistrationMethod } from '../flows/registration/method.ts'
import type { SettingsMethod } from '../flows/settings/method.ts'

const given = (value: unknown): boolean => typeof value === 'string' && value !== ''

/**
 * Settings methods that this server knows by their fields but does not have: whoever addresses one is told so, exactly
 * as if it were switched off.
 */
export const missingSettingsMethods = {
  oidc: row('oidc', ['link', 'unlink'], ({ link, unlink }) => given(link) || given(unlink)),
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

/** The same for registrations. */
export const missingRegistrationMethods: readonly RegistrationMethod[] = [
  registrationRow(
    'oidc',
    ['provider'],
    ({ method, provider }) => given(provider) && (!given(method) || method === 'oidc'),
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
