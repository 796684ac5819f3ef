import { errors } from '../errors.ts'
import type { Micros } from '../lib/clock.ts'
import { encodeJson, type Json } from '../lib/json.ts'
import type { GoMap } from './templates/go-template.ts'

/** By which way a message goes; also the id of the channel that takes it. */
export type Via = 'email' | 'sms'

export type JsonObject = { [key: string]: Json }

/** What is known of the sign-in at an OAuth2 server that a message belongs to. */
export type OAuth2LoginRequest = {
  challenge: string
  client: { client_id: string; client_name?: string; client_uri?: string; logo_uri?: string; metadata?: Json }
}

// Members of the type `object` are what becomes a JSON object: a plain one, `RawJson`, or one with `RawJson` inside.
type Stranger = { request_url: string; transient_payload?: object }
/** `identity` is the API's JSON of it, without credentials and admin metadata. */
type Known = Stranger & { identity: object; expires_in_minutes: number }
type SignIn = { oauth2_login_request?: OAuth2LoginRequest }
type Notice = { identity: object; transient_payload?: object }

/** What each template is filled in with, in the words of the wire; `to` and `request_url_domain` are added. */
export type TemplateData = {
  recovery_invalid: Stranger
  recovery_valid: Known & { recovery_url: string }
  recovery_code_invalid: Stranger
  recovery_code_valid: Known & { recovery_code: string }
  verification_invalid: Stranger
  verification_valid: Known & SignIn & { verification_url: string }
  verification_code_invalid: Stranger
  /** The URL is for mails alone. */
  verification_code_valid: Known & SignIn & { verification_code: string; verification_url?: string }
  login_code_valid: Known & SignIn & { login_code: string }
  registration_code_valid: Omit<Known, 'identity'> & SignIn & { registration_code: string; traits: object }
  /** `changed_at`: RFC 3339 in whole seconds. */
  verifiable_address_changed: Notice & { changed_at: string }
}

export type TemplateName = keyof TemplateData

/** Templates that also exist as text messages. */
export type TextTemplateName =
  | 'recovery_code_valid'
  | 'verification_code_valid'
  | 'login_code_valid'
  | 'registration_code_valid'
  | 'verifiable_address_changed'

/**
 * A message that somebody is to get. `requestHeaders` are those of the request that caused it which gateways may see,
 * canonical name to values; only the templates for codes of recovery, login and registration keep them.
 */
export type Message = {
  [T in TemplateName]: {
    template: T
    via: T extends TextTemplateName ? Via : 'email'
    to: string
    data: TemplateData[T]
    requestHeaders?: Record<string, string[]>
  }
}[TemplateName]

export type MessageStatus = 'queued' | 'processing' | 'sent' | 'abandoned'
export const messageStatuses: readonly MessageStatus[] = ['queued', 'sent', 'processing', 'abandoned']

/** A message as it is stored. `data` is the model that gateways and templates see. */
export type StoredMessage = {
  id: string
  status: MessageStatus
  via: Via
  recipient: string
  subject: string
  body: string
  /** Without one the mail is plain text. */
  htmlBody: string | null
  template: TemplateName
  data: JsonObject
  requestHeaders: Record<string, string[]>
  /** How often it was tried; a try that began counts. */
  sendCount: number
  createdAt: Micros
  updatedAt: Micros
}

/** One try to send a message. `error` is an error object as on the wire. */
export type Dispatch = {
  id: string
  messageId: string
  status: 'success' | 'failed'
  error: JsonObject | null
  createdAt: Micros
}

const keepsRequestHeaders: ReadonlySet<TemplateName> = new Set<TemplateName>([
  'recovery_code_valid',
  'login_code_valid',
  'registration_code_valid',
])

/** The headers that are stored with a message. */
export const storedRequestHeaders = ({ template, requestHeaders }: Message): Record<string, string[]> =>
  keepsRequestHeaders.has(template) ? (requestHeaders ?? {}) : {}

/**
 * The model of a message as JSON: what gateways see as `template_data`.
 * @param site our own address, to whose host a code in a text message is bound: phones offer it on no other site. The
 *   address of the request may name any host.
 */
export function modelOf(message: Message, { site }: { site?: string | undefined } = {}): JsonObject {
  const { template, via, to, data } = message
  const model: Record<string, unknown> = { to, ...data, transient_payload: data.transient_payload ?? {} }
  if (via === 'sms') {
    if ('request_url' in data) model.request_url_domain = domainOf(site ?? data.request_url)
    delete model.verification_url
    // compat: the code of a recovery goes by the name of that of a verification, the traits by that of the identity –
    // courier/template/sms/recovery_code_valid.go, registration_code_valid.go
    if (template === 'recovery_code_valid') rename(model, 'recovery_code', 'verification_code')
    if (template === 'registration_code_valid') rename(model, 'traits', 'identity')
  }
  for (const [key, value] of Object.entries(model)) if (value === undefined) delete model[key]
  // Raw JSON inside, as identities hold it, becomes plain.
  return JSON.parse(encodeJson(model)) as JsonObject
}

function rename(model: Record<string, unknown>, from: string, to: string): void {
  model[to] = model[from]
  delete model[from]
}

/** The host of an address; empty when there is none. */
const domainOf = (url: string): string => URL.parse(url)?.hostname ?? ''

/** The names by which templates know the members of a model. */
const goNames: Record<string, string> = {
  to: 'To',
  request_url: 'RequestURL',
  request_url_domain: 'RequestURLDomain',
  recovery_url: 'RecoveryURL',
  recovery_code: 'RecoveryCode',
  verification_url: 'VerificationURL',
  verification_code: 'VerificationCode',
  login_code: 'LoginCode',
  registration_code: 'RegistrationCode',
  identity: 'Identity',
  traits: 'Traits',
  transient_payload: 'TransientPayload',
  expires_in_minutes: 'ExpiresInMinutes',
  oauth2_login_request: 'OAuth2LoginRequest',
  changed_at: 'ChangedAt',
}

/** Templates with the members that may be missing in a model, but not in a template. */
const optionalFields: Partial<Record<TemplateName, readonly string[]>> = {
  verification_valid: ['OAuth2LoginRequest'],
  verification_code_valid: ['OAuth2LoginRequest'],
  login_code_valid: ['OAuth2LoginRequest'],
  registration_code_valid: ['OAuth2LoginRequest'],
}

/** A model as Go templates see it: exported names at the top, JSON below. */
export function templateFields(template: TemplateName, via: Via, model: JsonObject): GoMap {
  const fields: GoMap = Object.fromEntries((optionalFields[template] ?? []).map((name) => [name, null]))
  if (template === 'verification_code_valid' && via === 'email') fields.VerificationURL = ''
  for (const [key, value] of Object.entries(model)) {
    const name =
      via === 'sms' && template === 'recovery_code_valid' && key === 'verification_code' ? 'RecoveryCode' : goNames[key]
    if (name === undefined) continue
    if (key === 'expires_in_minutes') fields[name] = BigInt(Math.trunc(Number(value)))
    else fields[name] = key === 'oauth2_login_request' ? loginRequestFields(value as JsonObject) : value
  }
  return fields
}

function loginRequestFields({ challenge, client }: JsonObject): GoMap {
  const { client_id, client_name, client_uri, logo_uri, metadata } = (client ?? {}) as JsonObject
  return {
    Challenge: challenge,
    Client: {
      ClientID: client_id,
      ClientName: client_name ?? '',
      ClientURI: client_uri ?? '',
      LogoURI: logo_uri ?? '',
      Metadata: metadata,
    },
  }
}

const atomText = /^[^\s\p{Cc}<>(),;:\\"[\]@]+@[^\s\p{Cc}<>(),;:\\"@]+$/u
const quotedLocal = /^"(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*"@[^\s\p{Cc}<>(),;:\\"@]+$/u

/**
 * Refuses what no mail could be sent to; nothing that passes could add a header or a second recipient.
 * @throws errors.badRequest
 */
export function checkRecipient({ via, to }: Pick<Message, 'via' | 'to'>): void {
  if (via === 'sms' ? /^[^\p{Cc}]{1,320}$/u.test(to) : to.length <= 320 && (atomText.test(to) || quotedLocal.test(to)))
    return
  throw errors.badRequest(
    via === 'sms'
      ? 'This is no number to which a text message can be sent.'
      : 'This is no address to which mail can be sent.',
  )
}
