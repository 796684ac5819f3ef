import { newUuid } from '../lib/uuid.ts'
import type { Micros } from '../lib/clock.ts'
import type { Aal, CredentialType, Identity } from '../identities/identity.ts'
import type { Request } from '../http/types.ts'
import { sessionAal } from './assurance.ts'

/** One completed factor. Appended on every login, refresh and step-up; never de-duplicated. */
export type AuthenticationMethod = {
  method: CredentialType
  aal: Aal
  completedAt: Micros
  provider?: string
  organization?: string
  upstreamAcr?: string
  upstreamAmr?: string[]
}

export type Device = { id: string; ipAddress: string; userAgent: string | null; location: string }

export type Session = {
  id: string
  identityId: string
  /** SHA-256 of the session token; the token itself is only with its owner. */
  tokenHash: string
  active: boolean
  aal: Aal
  authenticationMethods: AuthenticationMethod[]
  issuedAt: Micros
  /** When the last factor was completed. */
  authenticatedAt: Micros | null
  expiresAt: Micros
  device: Device | null
  createdAt: Micros
  updatedAt: Micros
}

/** Whether a session still opens doors: revoked, expired and disabled people's sessions do not. */
export const isActive = (session: Session, identity: Pick<Identity, 'state'> | undefined, now: Micros): boolean =>
  session.active && session.expiresAt > now && (identity === undefined || identity.state === 'active')

/** Whether the last login is recent enough for protected changes; an age of 0 or less means always. */
export const isPrivileged = (session: Session, maxAgeMicros: Micros, now: Micros): boolean =>
  session.authenticatedAt !== null && (maxAgeMicros <= 0 || session.authenticatedAt + maxAgeMicros > now)

export type NewSession = {
  identityId: string
  tokenHash: string
  methods: AuthenticationMethod[]
  lifespanMicros: Micros
  device: Device
  now: Micros
}

export const newSession = ({ identityId, tokenHash, methods, lifespanMicros, device, now }: NewSession): Session => ({
  id: newUuid(),
  identityId,
  tokenHash,
  active: true,
  aal: sessionAal(methods),
  authenticationMethods: methods,
  issuedAt: now,
  authenticatedAt: now,
  expiresAt: now + lifespanMicros,
  device,
  createdAt: now,
  updatedAt: now,
})

/** A session after its owner completed another factor: same id and token, whole lifespan again. */
export function continuedSession(
  session: Session,
  methods: AuthenticationMethod[],
  lifespanMicros: Micros,
  now: Micros,
): Session {
  const all = [...session.authenticationMethods, ...methods]
  return {
    ...session,
    authenticationMethods: all,
    aal: sessionAal(all),
    authenticatedAt: now,
    expiresAt: now + lifespanMicros,
    updatedAt: now,
  }
}

/** The devices of a stored session as a list: one, or none where it is not known. */
export const devicesOf = ({ device }: Session): Device[] => (device === null ? [] : [device])

const maxDeviceBytes = 512

/** Where a request comes from, as far as its headers tell. They are not checked. */
export function deviceOf(request: Request): Device {
  const agents = request.headerLines('user-agent')
  const place = [request.headers['cf-ipcity'], request.headers['cf-ipcountry']].filter(Boolean).join(', ')
  return {
    id: newUuid(),
    ipAddress: cut(clientAddress(request)),
    userAgent: agents.length === 0 ? null : cut(agents.join(' ')),
    location: cut(place),
  }
}

function clientAddress(request: Request): string {
  for (const name of ['true-client-ip', 'cf-connecting-ip', 'x-real-ip']) {
    const value = request.headers[name]
    if (typeof value === 'string' && value !== '') return value
  }
  const forwarded = request.headers['x-forwarded-for']
  if (typeof forwarded !== 'string' || forwarded === '') return request.peer
  const candidates = forwarded.split(',').map((entry) => entry.trim())
  return candidates.findLast((entry) => !isPrivateAddress(entry)) ?? ''
}

// 10/8, 172.16/12, 192.168/16 and fc00::/7; what cannot be parsed counts as public.
const isPrivateAddress = (address: string): boolean =>
  /^(10\.\d+\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|192\.168\.\d+\.\d+)$/.test(address) ||
  /^f[cd][0-9a-f]{2}:[0-9a-f:.]*$/i.test(address)

const cut = (text: string): string => {
  const bytes = Buffer.from(text)
  return bytes.length <= maxDeviceBytes ? text : bytes.subarray(0, maxDeviceBytes).toString('utf8')
}
