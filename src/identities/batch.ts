import { UniqueViolation, type Db, type Statement } from '../db/db.ts'
import { gathered } from '../db/gather.ts'
import { ApiError, errors } from '../errors.ts'
import type { BatchBody, CreateBody } from './body.ts'
import { checkCreate, draftIdentity, fitSchema, type CreateDeps } from './create.ts'
import type { IdentityWithCredentials } from './identity.ts'
import { checkImports, holdsClearPassword } from './import.ts'
import { insertIdentity } from './store.ts'

export type BatchItem = { patchId: string | undefined } & (
  | { kind: 'nothing' }
  | { kind: 'created'; id: string }
  | { kind: 'failed'; error: ApiError }
)

const maxItems = 1000
const maxClearPasswords = 200
const hashedAtOnce = 8

type Fitted = { identity: IdentityWithCredentials } | { error: ApiError } | undefined

/**
 * Creates many identities in one transaction. An item whose traits do not fit or who exists already fails alone; of two
 * that are alike the first is created.
 * @throws errors.badRequest when an item says something that is never right: nothing is created then
 * @throws errors.conflict when the one item that could be created exists already
 */
export async function createMany(
  deps: CreateDeps & { db: Db },
  { identities: items = [] }: BatchBody,
): Promise<BatchItem[]> {
  check(items.map(({ create }) => create))
  const fitted = await inTurns(items, hashedAtOnce, ({ create }) => (create ? fit(deps, create) : undefined))
  const valid = fitted.flatMap((item) => (item && 'identity' in item ? [item.identity] : []))
  const taken = await insertAll(deps, valid)
  // compat: identity/manager.go
  if (valid.length === 1 && taken.size === 1) throw errors.conflict()
  return items.map(({ patch_id: patchId }, index) => {
    const item = fitted[index]
    if (!item) return { patchId, kind: 'nothing' }
    if ('error' in item) return { patchId, kind: 'failed', error: item.error }
    return taken.has(item.identity.id)
      ? { patchId, kind: 'failed', error: errors.conflict() }
      : { patchId, kind: 'created', id: item.identity.id }
  })
}

function check(bodies: readonly (CreateBody | undefined)[]): void {
  if (bodies.length > maxItems) throw errors.badRequest(`A batch may have ${maxItems} items at most.`)
  for (const body of bodies) {
    if (!body) continue
    checkCreate(body)
    checkImports(body.credentials ?? {})
  }
  const clear = bodies.filter((body) => body?.credentials && holdsClearPassword(body.credentials)).length
  if (clear > maxClearPasswords)
    throw errors.badRequest(
      `A batch may have ${maxClearPasswords} passwords in clear at most. Hash them before, or send several batches.`,
    )
}

async function fit(deps: CreateDeps, body: CreateBody): Promise<Fitted> {
  const draft = await draftIdentity(deps, body)
  try {
    return { identity: await fitSchema(deps, draft) }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { error }
  }
}

async function inTurns<T, R>(list: readonly T[], atOnce: number, work: (item: T) => Promise<R> | R): Promise<R[]> {
  const out: R[] = []
  for (let start = 0; start < list.length; start += atOnce)
    out.push(...(await Promise.all(list.slice(start, start + atOnce).map(work))))
  return out
}

/** @returns the ids of those that could not be stored, as they exist already */
async function insertAll({ db }: { db: Db }, identities: readonly IdentityWithCredentials[]): Promise<Set<string>> {
  if (identities.length === 0) return new Set()
  const groups = identities.map((identity) => ({ id: identity.id, statements: insertIdentity(identity) }))
  try {
    // Mostly nobody exists yet, and everything is stored at once. Statements of many parameters are slow on SQLite.
    const statements = groups.flatMap((group) => group.statements)
    await db.batch(db.dialect === 'postgres' ? gathered(statements) : statements)
    return new Set()
  } catch (error) {
    if (!(error instanceof UniqueViolation)) throw error
    return insertEach(db, groups)
  }
}

async function insertEach(
  db: Db,
  groups: readonly { id: string; statements: readonly Statement[] }[],
): Promise<Set<string>> {
  return db.transaction(async (tx) => {
    const taken = new Set<string>()
    for (const { id, statements } of groups) {
      await tx.run('savepoint item')
      // Sent in one go; after the first that fails the others fail too, or are taken back.
      const results = await Promise.allSettled(statements.map(({ sql, params }) => tx.run(sql, params)))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed && !(failed.reason instanceof UniqueViolation)) throw failed.reason
      if (failed) taken.add(id)
      await tx.run(failed ? 'rollback to savepoint item' : 'release savepoint item')
    }
    return taken
  })
}
