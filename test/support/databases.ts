import { after, before } from 'node:test'
import { connect } from '../../src/db/connect.ts'
import { migrateUp } from '../../src/db/migrate.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Db } from '../../src/db/db.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

export type TestDatabase = { name: 'SQLite' | 'PostgreSQL'; open(): Promise<Db> }

/** Both engines, for stories that have to hold on each. Every `open` gives a new, migrated database. */
export function testDatabases(): TestDatabase[] {
  const opened: Db[] = []
  let postgres: TestPostgres | undefined
  before(async () => {
    postgres = await startPostgres()
  })
  after(async () => {
    await Promise.all(opened.map((db) => db.close()))
    await postgres?.stop()
  })
  const migrated = async (dsn: string): Promise<Db> => {
    const db = await connect(dsn)
    opened.push(db)
    await migrateUp(db, systemClock())
    return db
  }
  return [
    { name: 'SQLite', open: () => migrated('memory') },
    { name: 'PostgreSQL', open: async () => migrated(await postgres!.createDatabase()) },
  ]
}
