import type { Message, TemplateName, TextTemplateName, Via } from '../message.ts'
import type { Language } from './language.ts'

const known = (language: Language) => ({
  request_url: 'https://id.example.test/self-service/recovery/browser',
  transient_payload: { note: 'sample', ...(language === 'en' ? {} : { locale: language }) },
  expires_in_minutes: 60,
  identity: {
    id: '9f425a8d-7efc-4768-8f23-7647a74fdf13',
    schema_id: 'person',
    schema_url: 'https://id.example.test/schemas/cGVyc29u',
    state: 'active',
    traits: { email: 'ada@example.test', name: { first: 'Ada', last: 'Lovelace' }, locale: language },
    metadata_public: null,
    organization_id: null,
    created_at: '2026-07-01T10:00:00Z',
    updated_at: '2026-07-01T10:00:00Z',
  },
})

/** A message with everything that one of its kind can hold, for previews and to check templates with. */
export function sampleMessage(template: TemplateName, via: Via, language: Language = 'en'): Message {
  const { identity, ...rest } = known(language)
  const { transient_payload, request_url } = rest
  const whole = { ...rest, identity }
  const stranger = { request_url, transient_payload }
  const code = '246810'
  const url = (flow: string, secret: string) =>
    `https://id.example.test/self-service/${flow}?flow=1f5c9c3e-2f0b-4f6e-9d0a-0d6f6f5b7a11&${secret}`
  const to = via === 'sms' ? '+4930901820021' : 'ada@example.test'
  const text = { via, to }
  const mail = { via: 'email', to } as const
  const samples = {
    recovery_invalid: { ...mail, template: 'recovery_invalid', data: stranger },
    recovery_valid: {
      ...mail,
      template: 'recovery_valid',
      data: { ...whole, recovery_url: url('recovery', 'token=sample') },
    },
    recovery_code_invalid: { ...mail, template: 'recovery_code_invalid', data: stranger },
    recovery_code_valid: { ...text, template: 'recovery_code_valid', data: { ...whole, recovery_code: code } },
    verification_invalid: { ...mail, template: 'verification_invalid', data: stranger },
    verification_valid: {
      ...mail,
      template: 'verification_valid',
      data: { ...whole, verification_url: url('verification', 'token=sample') },
    },
    verification_code_invalid: { ...mail, template: 'verification_code_invalid', data: stranger },
    verification_code_valid: {
      ...text,
      template: 'verification_code_valid',
      data: { ...whole, verification_code: code, verification_url: url('verification', `code=${code}`) },
    },
    login_code_valid: { ...text, template: 'login_code_valid', data: { ...whole, login_code: code } },
    registration_code_valid: {
      ...text,
      template: 'registration_code_valid',
      data: { ...rest, traits: identity.traits, registration_code: code },
    },
    verifiable_address_changed: {
      ...text,
      template: 'verifiable_address_changed',
      data: { identity, transient_payload, changed_at: '2026-07-01T10:00:00Z' },
    },
  } satisfies { [T in TemplateName]: Extract<Message, { template: T }> }
  return samples[template]
}

export const textTemplates: readonly TextTemplateName[] = [
  'recovery_code_valid',
  'verification_code_valid',
  'login_code_valid',
  'registration_code_valid',
  'verifiable_address_changed',
]

/** Every template with the ways that it goes. */
export const templateKinds: readonly { template: TemplateName; via: Via }[] = [
  ...(
    [
      'recovery_invalid',
      'recovery_valid',
      'recovery_code_invalid',
      'recovery_code_valid',
      'verification_invalid',
      'verification_valid',
      'verification_code_invalid',
      'verification_code_valid',
      'login_code_valid',
      'registration_code_valid',
      'verifiable_address_changed',
    ] as const
  ).map((template) => ({ template, via: 'email' as const })),
  ...textTemplates.map((template) => ({ template, via: 'sms' as const })),
]
