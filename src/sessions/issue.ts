import { newSessionToken, tokenHash } from '../crypto/tokens.ts'
import type { Secret } from '../crypto/secret.ts'
import { nilUuid } from '../lib/uuid.ts'
import type { Clock, Micros } from '../lib/clock.ts'
import type { Statement } from '../db/db.ts'
import type { Identity } from '../identities/identity.ts'
import type { Request } from '../http/types.ts'
import type { Authenticated } from './authenticate.ts'
import {
  continuedSession,
  deviceOf,
  devicesOf,
  newSession,
  type AuthenticationMethod,
  type Device,
  type Session,
} from './session.ts'
import { insertSession, updateContinuedSession } from './store.ts'

/** How long the sessions of an identity last: its organization may have a lifespan of its own. */
export type LifespanOf = (identity: Pick<Identity, 'organizationId'>) => Micros

/** A factor that was completed just now, or at the moment that it names. */
export type CompletedFactor = Omit<AuthenticationMethod, 'completedAt'> & { completedAt?: Micros }

export type OpenedSession = {
  /** As it is stored. */
  session: Session
  token: Secret
  /** What stores it. For a continued session it fails with `UnexpectedRowCount` when that was revoked meanwhile. */
  statements: Statement[]
  /** As the answer to the sign-in shows it: always issued just now. */
  shown: Session
  /** The devices that this answer shows. */
  devices: Device[]
  /** Whether the person's earlier session goes on. */
  continued: boolean
}

/**
 * The session that a completed factor leads to. Who holds a session of the same identity goes on with it, under the
 * same id and token and for a whole lifespan; for everybody else a new one begins.
 * @param current the session of the request; leave it out where a new one is wanted, as social sign-in does.
 */
export function openSession(
  { clock, lifespanOf }: { clock: Clock; lifespanOf: LifespanOf },
  opening: {
    identity: Identity
    methods: readonly CompletedFactor[]
    request: Request
    current?: Authenticated | undefined
  },
): OpenedSession {
  const { identity, request, current } = opening
  const now = clock.now()
  const lifespanMicros = lifespanOf(identity)
  const methods = opening.methods.map((method) => ({ ...method, completedAt: method.completedAt ?? now }))
  const device = deviceOf(request)

  if (current && current.session.identityId === identity.id) {
    const session = continuedSession(current.session, methods, lifespanMicros, now)
    return {
      session,
      token: current.token,
      statements: [updateContinuedSession(session)],
      // compat: the answer shows a later start and one device more than are stored – selfservice/flow/login/hook.go
      shown: { ...session, issuedAt: now },
      devices: [...devicesOf(session), { ...device, id: nilUuid }],
      continued: true,
    }
  }

  const token = newSessionToken()
  const session = newSession({
    identityId: identity.id,
    tokenHash: tokenHash(token),
    methods,
    lifespanMicros,
    device,
    now,
  })
  return { session, token, statements: [insertSession(session)], shown: session, devices: [device], continued: false }
}
