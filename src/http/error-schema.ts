import Type, { type Static } from 'typebox'
import { moment, named, openObject, uuid } from './schema.ts'

export const genericError = named(
  'genericError',
  {
    id: Type.Optional(Type.String({ description: 'Public name of the error. Most have none.' })),
    code: Type.Integer({ description: 'The HTTP status.' }),
    status: Type.String({ description: 'The HTTP status in words.' }),
    request: Type.Optional(Type.String({ description: 'The X-Request-ID of the request.' })),
    reason: Type.Optional(Type.String({ description: 'A sentence about this very case.' })),
    details: Type.Optional(openObject('More about the case, for programs.')),
    message: Type.String({ description: 'A sentence about the class of error.' }),
  },
  'What went wrong.',
)

/** The error object, alone as it is stored for the error page. */
export type GenericError = Static<typeof genericError>

export const errorGeneric = named('errorGeneric', { error: genericError }, 'The answer to a request that failed.')

const redirectBrowserTo = Type.String({ description: 'Where the browser has to go on.' })

export const errorBrowserLocationChangeRequired = named(
  'errorBrowserLocationChangeRequired',
  { error: genericError, redirect_browser_to: redirectBrowserTo },
  'The browser has to leave the page for the flow to go on.',
)

export const errorAuthenticatorAssuranceLevelNotSatisfied = named(
  'errorAuthenticatorAssuranceLevelNotSatisfied',
  { error: genericError, redirect_browser_to: redirectBrowserTo },
  'The session needs a second factor.',
)

export const needsPrivilegedSessionError = named(
  'needsPrivilegedSessionError',
  { error: genericError, redirect_browser_to: redirectBrowserTo },
  'The person has to sign in again before this change.',
)

export const selfServiceFlowExpiredError = named(
  'selfServiceFlowExpiredError',
  {
    error: genericError,
    expired_at: moment,
    since: Type.Integer({ description: 'Nanoseconds since then.' }),
    use_flow_id: Type.String({ format: 'uuid', description: 'The flow that takes its place.' }),
  },
  'The form was sent after its flow had expired.',
)

export const errorFlowReplaced = named(
  'errorFlowReplaced',
  {
    error: genericError,
    use_flow_id: Type.String({ format: 'uuid', description: 'The flow that takes its place.' }),
  },
  'The form was sent after its flow had come to an end.',
)

export const errorCredentialsMissing = named(
  'errorCredentialsMissing',
  { error: genericError, CredentialsMissing: Type.Boolean() },
  'Nobody is signed in.',
)

export const flowError = named(
  'flowError',
  { id: uuid, error: genericError, created_at: moment, updated_at: moment },
  'Why a browser was sent to the error page.',
)
