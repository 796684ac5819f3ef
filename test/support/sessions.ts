import { newUuid } from '../../src/lib/uuid.ts'
import { RawJson } from '../../src/lib/json.ts'
import type { Micros } from '../../src/lib/clock.ts'
import type { Db } from '../../src/db/db.ts'
import type { Credential, CredentialType, IdentityWithCredentials } from '../../src/identities/identity.ts'
import { insertIdentity } from '../../src/identities/store.ts'
import { openSession, type OpenedSession } from '../../src/sessions/issue.ts'
import { requestOf } from './requests.ts'

export const hour: Micros = 3_600_000_000

/** A clock that a test sets; every look at it moves it on by a microsecond, so that no two moments are the same. */
export function testClock(start: Micros = 1_800_000_000_000_000) {
  let now = start
  return {
    now: () => ++now,
    pass(micros: Micros) {
      now += micros
    },
  }
}

export const credential = (
  type: CredentialType,
  config: Credential['config'],
  identifiers: string[] = ['ada@example.test'],
): Credential => ({ type, identifiers, config, version: 0, createdAt: 0, updatedAt: 0 })

export const identityOf = (overrides: Partial<IdentityWithCredentials> = {}): IdentityWithCredentials => ({
  id: newUuid(),
  schemaId: 'person',
  state: 'active',
  traits: RawJson.of({ email: 'ada@example.test' }),
  metadataPublic: null,
  metadataAdmin: RawJson.of({ note: 1 }),
  organizationId: null,
  availableAal: 'aal1',
  verifiableAddresses: [],
  recoveryAddresses: [],
  createdAt: 1,
  updatedAt: 1,
  credentials: {},
  ...overrides,
})

export async function storedIdentity(
  db: Db,
  overrides: Partial<IdentityWithCredentials> = {},
): Promise<IdentityWithCredentials> {
  const identity = identityOf(overrides)
  await db.batch(insertIdentity(identity))
  return identity
}

/** Signs somebody in by password, for a day unless said otherwise. */
export async function signIn(
  { db, clock, lifespan = 24 * hour }: { db: Db; clock: { now(): Micros }; lifespan?: Micros },
  identity: IdentityWithCredentials,
): Promise<OpenedSession> {
  const opened = openSession(
    { clock, lifespanOf: () => lifespan },
    { identity, methods: [{ method: 'password', aal: 'aal1' }], request: requestOf('POST', '/self-service/login') },
  )
  await db.batch(opened.statements)
  return opened
}
