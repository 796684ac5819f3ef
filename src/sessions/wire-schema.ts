import Type, { type Static } from 'typebox'
import { body, choice, moment, named, nullable, uuid } from '../http/schema.ts'
import { credentialType, identity, publicIdentity } from '../identities/wire-schema.ts'

const authenticatorAssuranceLevel = choice(['aal0', 'aal1', 'aal2'], 'authenticatorAssuranceLevel')

export const sessionAuthenticationMethod = named('sessionAuthenticationMethod', {
  method: credentialType,
  aal: authenticatorAssuranceLevel,
  completed_at: moment,
  provider: Type.Optional(Type.String()),
  organization: Type.Optional(Type.String()),
  upstream_acr: Type.Optional(Type.String()),
  upstream_amr: Type.Optional(Type.Array(Type.String())),
})

export const sessionDevice = named('sessionDevice', {
  id: uuid,
  ip_address: Type.String(),
  user_agent: nullable(Type.String()),
  location: Type.String(),
})

const members = {
  id: uuid,
  active: Type.Boolean({ description: 'Whether it still opens doors.' }),
  expires_at: moment,
  authenticated_at: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the last factor was completed.' }),
  ),
  authenticator_assurance_level: authenticatorAssuranceLevel,
  authentication_methods: nullable(Type.Array(sessionAuthenticationMethod)),
  issued_at: moment,
  devices: Type.Union([Type.Array(sessionDevice), Type.Null()], { description: 'Null where they were not asked for.' }),
}
const tokenized = Type.Optional(Type.String({ description: 'The session as a JWT, where that was asked for.' }))
const mayBeNull = 'Null where it was not asked for, or must not be seen yet.'

export const session = named(
  'session',
  { ...members, identity: Type.Union([publicIdentity, Type.Null()], { description: mayBeNull }), tokenized },
  'A session as its owner sees it. Its token never appears in it.',
)

export const adminSession = named(
  'adminSession',
  { ...members, identity: Type.Union([identity, Type.Null()], { description: mayBeNull }) },
  'A session as operators see it.',
)

export const deleteMySessionsCount = named('deleteMySessionsCount', {
  count: Type.Integer({ description: 'How many sessions were ended.' }),
})

export const manageSessionsBody = body('manageSessionsBody', {
  action: choice(['disable', 'delete']),
  identities: Type.Optional(
    Type.Array(Type.String(), { description: 'Ids of identities, or "*" alone for everybody.' }),
  ),
  sessions: Type.Optional(Type.Array(uuid)),
})

export const manageSessionsResponse = named('manageSessionsResponse', {
  processed: Type.Integer(),
  more: Type.Boolean({ description: 'Whether there is more to do for the same request.' }),
})

export const successfulCodeExchangeResponse = named('successfulCodeExchangeResponse', {
  session_token: Type.String(),
  session,
})

export type SessionView = Static<typeof session>
export type SessionMethodView = Static<typeof sessionAuthenticationMethod>
export type SessionDeviceView = Static<typeof sessionDevice>
export type AdminSessionView = Static<typeof adminSession>
