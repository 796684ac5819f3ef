import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { newUuid } from '../lib/uuid.ts'
import type { Clock } from '../lib/clock.ts'
import type { Db } from './db.ts'

export type Migration = { version: string; name: string; sql: string; checksum: string }
export type MigrationStatus = { version: string; name: string; applied: boolean }

const folder = join(import.meta.dirname, 'migrations')

/** The numbered files that fit the dialect, in order: `0001_what.sql`, or `0001_what.postgres.sql` beside `.sqlite.sql`. */
export function migrationsFor(dialect: Db['dialect']): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .filter((file) => !/\.(postgres|sqlite)\.sql$/.test(file) || file.endsWith(`.${dialect}.sql`))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8')
      const [version, name] = /^(\d+)_([^.]+)/.exec(file)!.slice(1) as [string, string]
      return { version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

const setUp = [
  'create table if not exists schema_migrations (version text primary key, name text not null, checksum text not null, applied_at bigint not null)',
  'create table if not exists schema_migration_lock (id text primary key, holder text not null, expires_at bigint not null)',
]

/** What is applied and what is pending, in order. Changes nothing. */
export async function migrationStatus(db: Db): Promise<MigrationStatus[]> {
  const applied = await appliedChecksums(db)
  return migrationsFor(db.dialect).map(({ version, name }) => ({ version, name, applied: applied.has(version) }))
}

export const hasPendingMigrations = async (db: Db): Promise<boolean> =>
  (await migrationStatus(db)).some((m) => !m.applied)

/**
 * Applies what is pending, one process at a time.
 * @throws Error when an applied file was changed afterwards, or another process holds the lock for more than a minute.
 */
export async function migrateUp(db: Db, clock: Clock): Promise<Migration[]> {
  for (const sql of setUp) await db.run(sql)
  const release = await lock(db, clock)
  try {
    const applied = await appliedChecksums(db)
    const all = migrationsFor(db.dialect)
    const changed = all.find((m) => applied.has(m.version) && applied.get(m.version) !== m.checksum)
    if (changed) throw new Error(`migration ${changed.version}_${changed.name} was changed after it had been applied`)
    const todo = all.filter((m) => !applied.has(m.version))
    for (const migration of todo) await apply(db, clock, migration)
    return todo
  } finally {
    await release()
  }
}

async function appliedChecksums(db: Db): Promise<Map<string, string>> {
  const exists =
    db.dialect === 'sqlite'
      ? await db.query(`select 1 as one from sqlite_master where type = 'table' and name = 'schema_migrations'`)
      : await db.query(
          `select 1 as one from information_schema.tables where table_name = 'schema_migrations' and table_schema = current_schema()`,
        )
  if (exists.length === 0) return new Map()
  const rows = await db.query<{ version: string; checksum: string }>('select version, checksum from schema_migrations')
  return new Map(rows.map((r) => [r.version, r.checksum]))
}

async function apply(db: Db, clock: Clock, { version, name, sql, checksum }: Migration): Promise<void> {
  const statements = sql
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((s) => s.trim())
    .filter((s) => s !== '')
  const record = {
    sql: 'insert into schema_migrations (version, name, checksum, applied_at) values ($1, $2, $3, $4)',
    params: [version, name, checksum, clock.now()],
  }
  await db.batch([...statements.map((s) => ({ sql: s })), record])
}

const lockLifetimeMicros = 60_000_000

/** A row in a table is the lock, so that it works on engines without advisory locks; a holder that died is outlived by its expiry. */
async function lock(db: Db, clock: Clock): Promise<() => Promise<void>> {
  const holder = newUuid()
  for (let tries = 0; tries < 1200; tries++) {
    const now = clock.now()
    const taken = await db.run(
      `insert into schema_migration_lock (id, holder, expires_at) values ('migrate', $1, $2)
       on conflict (id) do update set holder = excluded.holder, expires_at = excluded.expires_at where schema_migration_lock.expires_at < $3`,
      [holder, now + lockLifetimeMicros, now],
    )
    if (taken === 1)
      return async () =>
        void (await db.run(`delete from schema_migration_lock where id = 'migrate' and holder = $1`, [holder]))
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('another process has been migrating this database for two minutes')
}
