import { randomInt } from 'node:crypto'
import { UnexpectedRowCount, UniqueViolation, type Db } from '../db/db.ts'
import { errors } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { RawJson } from '../lib/json.ts'
import { parseUuid } from '../lib/uuid.ts'
import type { UpdateBody } from './body.ts'
import { checkRegion, fitSchema, rawOrNull, stateOf, type CreateDeps } from './create.ts'
import type { Identity, IdentityWithCredentials } from './identity.ts'
import { prepareImports, withImports, type PreparedImports } from './import.ts'
import { findIdentityWithCredentials, updateIdentity } from './store.ts'

export type Change = { before: IdentityWithCredentials; after: IdentityWithCredentials }

const maxAttempts = 20
/** How long others are let go ahead for each attempt that failed, at most. */
const patienceMs = 20

/** @throws errors.notFound for an id that nobody has, whatever it looks like */
export async function getIdentity(db: Db, id: string): Promise<IdentityWithCredentials> {
  const parsed = parseUuid(id)
  const found = parsed === undefined ? undefined : await findIdentityWithCredentials(db, parsed)
  if (!found) throw errors.notFound()
  return found
}

/**
 * Changes an identity by what it is now. When somebody else writes it in between, `change` is asked again with what they
 * left, so that neither change is lost.
 * @throws errors.notFound, and errors.conflict when a unique value is taken or others are faster again and again
 */
export async function changeIdentity(
  { db }: { db: Db },
  id: string,
  change: (before: IdentityWithCredentials) => IdentityWithCredentials | Promise<IdentityWithCredentials>,
): Promise<Change> {
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const before = await getIdentity(db, id)
    const after = await change(before)
    try {
      await db.batch(updateIdentity(before, after, { unchangedSince: before.updatedAt }))
      return { before, after }
    } catch (error) {
      // compat: without a reason – oryx/sqlcon/error.go
      if (error instanceof UniqueViolation) throw errors.conflict(undefined, { cause: error })
      if (!(error instanceof UnexpectedRowCount)) throw error
      await new Promise((resolve) => setTimeout(resolve, randomInt(patienceMs * attempt)))
    }
  }
  throw errors.conflict('Others keep changing this identity. Try again in a moment.')
}

/** A state, and when it became so. */
export const withState = (
  identity: IdentityWithCredentials,
  state: Identity['state'],
  clock: Clock,
): IdentityWithCredentials =>
  identity.state === state ? identity : { ...identity, state, stateChangedAt: clock.now() }

/**
 * Replaces what a person is: traits, metadata and external id by what the body says or nothing, the rest where it says something.
 * @throws errors.badRequest, errors.notFound, errors.conflict
 */
export async function replaceIdentity(deps: CreateDeps & { db: Db }, id: string, body: UpdateBody): Promise<Change> {
  let prepared: PreparedImports | undefined
  return changeIdentity(deps, id, async (before) => {
    const state = body.state ? stateOf(body.state) : before.state
    checkRegion(body.region)
    // Hashing takes its time; once is enough.
    prepared ??= await prepareImports(deps, body.credentials ?? {})
    const now = deps.clock.now()
    const { externalId: _, ...kept } = withState(before, state, deps.clock)
    const draft: IdentityWithCredentials = {
      ...kept,
      ...(body.external_id ? { externalId: body.external_id } : {}),
      schemaId: body.schema_id || before.schemaId,
      traits: body.traits ?? RawJson.of({}),
      metadataPublic: rawOrNull(body.metadata_public),
      metadataAdmin: rawOrNull(body.metadata_admin),
      credentials: withImports(before, prepared, now),
      updatedAt: now,
    }
    return fitSchema(deps, draft)
  })
}
