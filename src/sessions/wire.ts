import { rfc3339, type Micros } from '../lib/clock.ts'
import { adminIdentity, publicIdentity } from '../identities/wire.ts'
import type { Identity } from '../identities/identity.ts'
import type {
  AdminSessionView,
  SessionDeviceView,
  SessionMethodView,
  SessionView as SessionForOwner,
} from './wire-schema.ts'
import { devicesOf, isActive, type AuthenticationMethod, type Device, type Session } from './session.ts'

export type SessionView = {
  publicBaseUrl: string
  now: Micros
  /** Undefined is shown as `null`: the identity was not asked for, or must not be seen yet. */
  identity?: Identity | undefined
  /** Whether the identity is shown with what only operators see. */
  admin?: boolean
  devices?: readonly Device[] | null
}

export type SessionObject = SessionForOwner | AdminSessionView

/** A session as clients see it. Tokens never appear in it. */
export const sessionObject = (
  session: Session,
  { publicBaseUrl, now, identity, admin = false, devices = null }: SessionView,
): SessionObject => ({
  id: session.id,
  active: isActive(session, identity, now),
  expires_at: rfc3339(session.expiresAt),
  ...(session.authenticatedAt === null ? {} : { authenticated_at: rfc3339(session.authenticatedAt) }),
  authenticator_assurance_level: session.aal,
  authentication_methods:
    session.authenticationMethods.length === 0 ? null : session.authenticationMethods.map(methodObject),
  issued_at: rfc3339(session.issuedAt),
  identity: identity ? (admin ? adminIdentity : publicIdentity)(identity, publicBaseUrl) : null,
  devices: devices === null ? null : devices.map(deviceObject),
})

/**
 * A session in the list of one person's sessions.
 * compat: identities come without addresses and with an empty `schema_url` there – session/persister in ory/kratos.
 */
export function listedSessionObject(session: Session, view: SessionView): SessionObject {
  const identity = view.identity && { ...view.identity, verifiableAddresses: [], recoveryAddresses: [] }
  const object = sessionObject(session, { ...view, identity, devices: devicesOf(session) })
  return object.identity ? { ...object, identity: { ...object.identity, schema_url: '' } } : object
}

const methodObject = (m: AuthenticationMethod): SessionMethodView => ({
  method: m.method,
  aal: m.aal,
  completed_at: rfc3339(m.completedAt),
  ...(m.provider ? { provider: m.provider } : {}),
  ...(m.organization ? { organization: m.organization } : {}),
  ...(m.upstreamAcr ? { upstream_acr: m.upstreamAcr } : {}),
  ...(m.upstreamAmr && m.upstreamAmr.length > 0 ? { upstream_amr: m.upstreamAmr } : {}),
})

const deviceObject = (d: Device): SessionDeviceView => ({
  id: d.id,
  ip_address: d.ipAddress,
  user_agent: d.userAgent,
  location: d.location,
})
