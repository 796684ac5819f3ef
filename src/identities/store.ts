import type { Micros } from '../lib/clock.ts'
import { RawJson, type Json } from '../lib/json.ts'
import { placeholders, type Db, type Param, type Queryable, type Row, type Statement } from '../db/db.ts'
import {
  credentialsOf,
  type Aal,
  type Credential,
  type CredentialType,
  type Credentials,
  type Identity,
  type IdentityWithCredentials,
  type RecoveryAddress,
  type VerifiableAddress,
  type Via,
} from './identity.ts'

type Dialect = Db['dialect']

/** Both engines can gather rows of another table into one JSON list; their functions have different names. */
const listOf = (dialect: Dialect, columns: string): string =>
  dialect === 'postgres' ? `json_agg(json_build_array(${columns}))` : `json_group_array(json_array(${columns}))`

/** The columns of an identity `i` without its addresses, to be read by `identityFrom`. */
export const identityOwnColumns = `
  i.id as i_id, i.external_id as i_external_id, i.schema_id as i_schema_id, i.state as i_state, i.state_changed_at as i_state_changed_at,
  i.traits as i_traits, i.metadata_public as i_metadata_public, i.metadata_admin as i_metadata_admin, i.organization_id as i_organization_id,
  i.available_aal as i_available_aal, i.created_at as i_created_at, i.updated_at as i_updated_at`

/** The columns of an identity `i` and its addresses, to be read by `identityFrom`. */
export const identityColumns = (dialect: Dialect): string => `${identityOwnColumns},
  (select ${listOf(dialect, 'v.id, v.via, v.value, v.verified, v.status, v.verified_at, v.created_at, v.updated_at')}
     from verifiable_addresses v where v.identity_id = i.id) as i_verifiable,
  (select ${listOf(dialect, 'r.id, r.via, r.value, r.break_glass_for_organization, r.created_at, r.updated_at')}
     from recovery_addresses r where r.identity_id = i.id) as i_recovery`

const credentialColumns = (dialect: Dialect): string => `
  (select ${listOf(
    dialect,
    `c.type, c.config, c.version, c.created_at, c.updated_at,
      (select ${dialect === 'postgres' ? 'json_agg(n.identifier)' : 'json_group_array(n.identifier)'}
         from identity_credential_identifiers n where n.identity_id = c.identity_id and n.type = c.type)`,
  )} from identity_credentials c where c.identity_id = i.id) as i_credentials`

export function identityFrom(row: Row): Identity {
  return {
    id: row.i_id as string,
    ...(row.i_external_id ? { externalId: row.i_external_id as string } : {}),
    schemaId: row.i_schema_id as string,
    state: row.i_state as Identity['state'],
    ...(row.i_state_changed_at === null ? {} : { stateChangedAt: row.i_state_changed_at as number }),
    traits: new RawJson(row.i_traits as string),
    metadataPublic: rawOrNull(row.i_metadata_public),
    metadataAdmin: rawOrNull(row.i_metadata_admin),
    organizationId: row.i_organization_id as string | null,
    availableAal: row.i_available_aal as Aal | null,
    verifiableAddresses: listFrom(row.i_verifiable).map(verifiableFrom),
    recoveryAddresses: listFrom(row.i_recovery).map(recoveryFrom),
    createdAt: row.i_created_at as number,
    updatedAt: row.i_updated_at as number,
  }
}

const withCredentialsFrom = (row: Row): IdentityWithCredentials => ({
  ...identityFrom(row),
  credentials: credentialsFrom(listFrom(row.i_credentials)),
})

const rawOrNull = (text: unknown): RawJson | null => (text === null ? null : new RawJson(text as string))

/** Gathered rows, in the order of their first column: the engines gather them in any. */
function listFrom(value: unknown): Json[][] {
  if (value === null || value === undefined) return []
  const list = (typeof value === 'string' ? JSON.parse(value) : value) as Json[][]
  return list.length < 2 ? list : list.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1))
}

const verifiableFrom = ([
  id,
  via,
  value,
  verified,
  status,
  verifiedAt,
  createdAt,
  updatedAt,
]: Json[]): VerifiableAddress => ({
  id: id as string,
  via: via as Via,
  value: value as string,
  verified: Boolean(verified),
  status: status as VerifiableAddress['status'],
  ...(verifiedAt === null ? {} : { verifiedAt: verifiedAt as number }),
  createdAt: createdAt as number,
  updatedAt: updatedAt as number,
})

const recoveryFrom = ([id, via, value, breakGlass, createdAt, updatedAt]: Json[]): RecoveryAddress => ({
  id: id as string,
  via: via as Via,
  value: value as string,
  ...(breakGlass === null ? {} : { breakGlassForOrganization: breakGlass as string }),
  createdAt: createdAt as number,
  updatedAt: updatedAt as number,
})

function credentialsFrom(rows: Json[][]): Credentials {
  const out: Credentials = {}
  for (const [type, config, version, createdAt, updatedAt, identifiers] of rows) {
    out[type as CredentialType] = {
      type: type as CredentialType,
      config: JSON.parse(config as string) as Record<string, Json>,
      version: version as number,
      createdAt: createdAt as number,
      updatedAt: updatedAt as number,
      identifiers: (typeof identifiers === 'string'
        ? (JSON.parse(identifiers) as string[])
        : ((identifiers ?? []) as string[])
      ).toSorted(),
    }
  }
  return out
}

export async function findIdentity(db: Db, id: string): Promise<Identity | undefined> {
  const [row] = await db.query(`select ${identityColumns(db.dialect)} from identities i where i.id = $1`, [id])
  return row && identityFrom(row)
}

export async function findIdentityWithCredentials(db: Db, id: string): Promise<IdentityWithCredentials | undefined> {
  const [row] = await db.query(
    `select ${identityColumns(db.dialect)}, ${credentialColumns(db.dialect)} from identities i where i.id = $1`,
    [id],
  )
  return row && withCredentialsFrom(row)
}

export async function findIdentityByExternalId(
  db: Db,
  externalId: string,
): Promise<IdentityWithCredentials | undefined> {
  const [row] = await db.query(
    `select ${identityColumns(db.dialect)}, ${credentialColumns(db.dialect)} from identities i where i.external_id = $1`,
    [externalId],
  )
  return row && withCredentialsFrom(row)
}

/**
 * The identity that signs in with one of `identifiers` and a credential of one of `types`.
 * An identifier that stands earlier in the list wins, so the literal spelling can go before the normalised one.
 */
export async function findIdentityByIdentifier(
  db: Db,
  types: readonly CredentialType[],
  identifiers: readonly string[],
): Promise<IdentityWithCredentials | undefined> {
  const rows = await db.query(
    `select n.identifier as n_identifier, ${identityColumns(db.dialect)}, ${credentialColumns(db.dialect)}
       from identity_credential_identifiers n join identities i on i.id = n.identity_id
      where n.type in (${placeholders(types.length)}) and n.identifier in (${placeholders(identifiers.length, types.length + 1)})`,
    [...types, ...identifiers],
  )
  const best = rows.toSorted(
    (a, b) => identifiers.indexOf(a.n_identifier as string) - identifiers.indexOf(b.n_identifier as string),
  )[0]
  return best && withCredentialsFrom(best)
}

export type IdentityFilter =
  | { kind: 'ids'; ids: readonly string[] }
  | { kind: 'organization'; organizationId: string }
  | { kind: 'identifier'; identifiers: readonly string[]; literal: string; match: 'exact' | 'prefix' }

export type IdentityPage = { limit: number; afterId?: string; offset?: number; credentials?: boolean }

/** Identities in the order of their ids. Without `credentials` they seem to have none. */
export async function listIdentities(
  db: Db,
  filter: IdentityFilter | undefined,
  { limit, afterId, offset, credentials = true }: IdentityPage,
): Promise<IdentityWithCredentials[]> {
  const params: Param[] = []
  const add = (value: Param): string => `$${params.push(value)}`
  const conditions: string[] = []
  if (afterId !== undefined) conditions.push(`i.id > ${add(afterId)}`)
  if (filter?.kind === 'ids') conditions.push(`i.id in (${filter.ids.map(add).join(', ')})`)
  if (filter?.kind === 'organization') conditions.push(`i.organization_id = ${add(filter.organizationId)}`)
  if (filter?.kind === 'identifier') {
    const test = (value: string) =>
      filter.match === 'exact' ? `= ${add(value)}` : `like ${add(`${escapeLike(value)}%`)} escape '\\'`
    const normalised = filter.identifiers.map((value) => `n.identifier ${test(value)}`).join(' or ')
    conditions.push(`i.id in (select n.identity_id from identity_credential_identifiers n
      where (n.type in ('password', 'webauthn', 'code') and (${normalised})) or (n.type in ('oidc', 'saml') and n.identifier ${test(filter.literal)}))`)
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
  const rows = await db.query(
    `select ${identityColumns(db.dialect)}, ${credentials ? credentialColumns(db.dialect) : 'null as i_credentials'} from identities i ${where}
      order by i.id limit ${add(limit)}${offset === undefined ? '' : ` offset ${add(offset)}`}`,
    params,
  )
  return rows.map(withCredentialsFrom)
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

export async function countIdentities(db: Db): Promise<number> {
  const [row] = await db.query<{ n: number }>('select count(*) as n from identities')
  return Number(row!.n)
}

/** Statements that store a new identity with everything that belongs to it. */
export function insertIdentity(identity: IdentityWithCredentials): Statement[] {
  const { id } = identity
  return [
    {
      sql: `insert into identities (id, external_id, schema_id, state, state_changed_at, traits, metadata_public, metadata_admin, organization_id, available_aal, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      params: [id, ...identityParams(identity), identity.createdAt, identity.updatedAt],
    },
    ...credentialsOf(identity).flatMap((credential) => insertCredential(id, credential)),
    ...identity.verifiableAddresses.map((address) => insertVerifiable(id, address)),
    ...identity.recoveryAddresses.map((address) => insertRecovery(id, address)),
  ]
}

const identityParams = (identity: Identity): Param[] => [
  identity.externalId ?? null,
  identity.schemaId,
  identity.state,
  identity.stateChangedAt ?? null,
  identity.traits.text,
  identity.metadataPublic?.text ?? null,
  identity.metadataAdmin?.text ?? null,
  identity.organizationId,
  identity.availableAal,
]

const insertCredential = (identityId: string, credential: Credential): Statement[] => [
  {
    sql: 'insert into identity_credentials (identity_id, type, config, version, created_at, updated_at) values ($1, $2, $3, $4, $5, $6)',
    params: [
      identityId,
      credential.type,
      JSON.stringify(credential.config),
      credential.version,
      credential.createdAt,
      credential.updatedAt,
    ],
  },
  ...credential.identifiers.map((identifier) => insertIdentifier(identityId, credential.type, identifier)),
]

const insertIdentifier = (identityId: string, type: CredentialType, identifier: string): Statement => ({
  sql: 'insert into identity_credential_identifiers (type, identifier, identity_id) values ($1, $2, $3)',
  params: [type, identifier, identityId],
})

const insertVerifiable = (identityId: string, a: VerifiableAddress): Statement => ({
  sql: `insert into verifiable_addresses (id, identity_id, via, value, verified, status, verified_at, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  params: [a.id, identityId, a.via, a.value, a.verified, a.status, a.verifiedAt ?? null, a.createdAt, a.updatedAt],
})

const insertRecovery = (identityId: string, a: RecoveryAddress): Statement => ({
  sql: `insert into recovery_addresses (id, identity_id, via, value, break_glass_for_organization, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7)`,
  params: [a.id, identityId, a.via, a.value, a.breakGlassForOrganization ?? null, a.createdAt, a.updatedAt],
})

/**
 * Statements that turn what is stored for `before` into `after`, touching only what differs. What gives up a unique
 * value comes before what may take it. The first statement expects its row: an identity deleted meanwhile fails the batch,
 * and one that was written since `unchangedSince`, its `updatedAt` when it was read.
 */
export function updateIdentity(
  before: IdentityWithCredentials,
  after: IdentityWithCredentials,
  { unchangedSince }: { unchangedSince?: Micros } = {},
): Statement[] {
  const { id } = after
  const removed: Statement[] = []
  const added: Statement[] = []

  for (const old of credentialsOf(before)) {
    const kept = after.credentials[old.type]
    for (const identifier of old.identifiers) {
      if (!kept?.identifiers.includes(identifier))
        removed.push({
          sql: 'delete from identity_credential_identifiers where type = $1 and identifier = $2 and identity_id = $3',
          params: [old.type, identifier, id],
        })
    }
    if (!kept)
      removed.push({
        sql: 'delete from identity_credentials where identity_id = $1 and type = $2',
        params: [id, old.type],
      })
  }
  for (const credential of credentialsOf(after)) {
    const old = before.credentials[credential.type]
    if (!old) {
      added.push(...insertCredential(id, credential))
      continue
    }
    for (const identifier of credential.identifiers)
      if (!old.identifiers.includes(identifier)) added.push(insertIdentifier(id, credential.type, identifier))
    const config = JSON.stringify(credential.config)
    if (
      config !== JSON.stringify(old.config) ||
      credential.version !== old.version ||
      credential.updatedAt !== old.updatedAt
    )
      // A login may have changed it since – used a backup code up, renewed a hash – without a trace on the identity.
      added.push({
        sql: `update identity_credentials set config = $3, version = $4, updated_at = $5
               where identity_id = $1 and type = $2 and config = $6`,
        params: [id, credential.type, config, credential.version, credential.updatedAt, JSON.stringify(old.config)],
        expect: 1,
      })
  }

  const [verifiable, recovery] = [byId(after.verifiableAddresses), byId(after.recoveryAddresses)]
  for (const old of before.verifiableAddresses)
    if (!verifiable.has(old.id))
      removed.push({ sql: 'delete from verifiable_addresses where id = $1', params: [old.id] })
  for (const old of before.recoveryAddresses)
    if (!recovery.has(old.id)) removed.push({ sql: 'delete from recovery_addresses where id = $1', params: [old.id] })
  const [verifiableBefore, recoveryBefore] = [byId(before.verifiableAddresses), byId(before.recoveryAddresses)]
  for (const a of after.verifiableAddresses) {
    const old = verifiableBefore.get(a.id)
    if (!old) added.push(insertVerifiable(id, a))
    else if (JSON.stringify(old) !== JSON.stringify(a))
      added.push({
        sql: 'update verifiable_addresses set verified = $2, status = $3, verified_at = $4, updated_at = $5 where id = $1',
        params: [a.id, a.verified, a.status, a.verifiedAt ?? null, a.updatedAt],
      })
  }
  for (const a of after.recoveryAddresses) if (!recoveryBefore.has(a.id)) added.push(insertRecovery(id, a))

  return [
    {
      sql: `update identities set external_id = $2, schema_id = $3, state = $4, state_changed_at = $5, traits = $6, metadata_public = $7,
              metadata_admin = $8, organization_id = $9, available_aal = $10, updated_at = $11
            where id = $1${unchangedSince === undefined ? '' : ' and updated_at = $12'}`,
      params: [
        id,
        ...identityParams(after),
        after.updatedAt,
        ...(unchangedSince === undefined ? [] : [unchangedSince]),
      ],
      expect: 1,
    },
    ...removed,
    ...added,
  ]
}

const byId = <T extends { id: string }>(list: readonly T[]): Map<string, T> =>
  new Map(list.map((item) => [item.id, item]))

/** @returns whether there was one */
export async function deleteIdentity(db: Queryable, id: string): Promise<boolean> {
  return (await db.run('delete from identities where id = $1', [id])) === 1
}

/** Replaces one credential's config, and nothing else; for hash upgrades at login. Only if it still holds what was read. */
export const replaceCredentialConfig = (
  identityId: string,
  before: Credential,
  config: Record<string, Json>,
  updatedAt: number,
): Statement => ({
  sql: 'update identity_credentials set config = $3, updated_at = $5 where identity_id = $1 and type = $2 and config = $4',
  params: [identityId, before.type, JSON.stringify(config), JSON.stringify(before.config), updatedAt],
})

/**
 * Fails unless a credential is still what it was when it was read, and keeps it so until the batch is over.
 * @param change whether the same batch changes it, so that others have to wait for that
 */
export const expectCredential = (
  dialect: Dialect,
  identityId: string,
  { type, updatedAt }: Credential,
  { change = false } = {},
): Statement => ({
  // One connection writes to SQLite, and nobody in between.
  sql: `select 1 as one from identity_credentials where identity_id = $1 and type = $2 and updated_at = $3${
    dialect === 'postgres' ? (change ? ' for update' : ' for share') : ''
  }`,
  params: [identityId, type, updatedAt],
  expect: 1,
})

/** Notes the highest level that was computed from what was read; an identity that was written since has a fresher one. */
export const setAvailableAal = ({ id, updatedAt }: Pick<Identity, 'id' | 'updatedAt'>, aal: Aal): Statement => ({
  sql: 'update identities set available_aal = $2 where id = $1 and updated_at = $3',
  params: [id, aal, updatedAt],
})

/** Fails a batch, of which it has to be the first, when the identity was written since it was read. */
export const expectUnchanged = ({ id, updatedAt }: Pick<Identity, 'id' | 'updatedAt'>): Statement => ({
  sql: 'update identities set updated_at = updated_at where id = $1 and updated_at = $2',
  params: [id, updatedAt],
  expect: 1,
})
