import { createInterface } from 'node:readline/promises'
import { CommandError } from './commands/problem.ts'
import { connect } from './db/connect.ts'
import type { Db } from './db/db.ts'
import { type MigrationStatus, migrateUp, migrationStatus, migrationsFor } from './db/migrate.ts'
import { readConfigFile } from './config/files.ts'
import { merge } from './config/merge.ts'
import { describe } from './config/problem.ts'
import { systemClock } from './lib/clock.ts'
import { isObject } from './lib/json.ts'

export type Target = { dsn: string | undefined; readFromEnv: boolean; files: string[]; env: NodeJS.ProcessEnv }

/**
 * The database that a command is about: the argument, or with `readFromEnv` the variable `DSN`, else the key of the files.
 * The rest of the configuration is not looked at: a migration must be possible before it is complete.
 */
export async function dsnOf({ dsn, readFromEnv, files, env }: Target): Promise<string | undefined> {
  if (!readFromEnv) return dsn
  if (env.DSN) return env.DSN
  let merged: unknown = {}
  for (const file of files) {
    const parsed = await readConfigFile(file)
    if ('problem' in parsed) throw new CommandError(describe([parsed.problem]))
    merged = merge(merged, parsed.value)
  }
  const found = isObject(merged) ? merged.dsn : undefined
  if (typeof found === 'string' && found !== '') return found
  throw new CommandError(
    'No database is named: set the variable DSN, or name a file with --config that has the key dsn.',
  )
}

/** Shows the plan, asks unless `yes`, and applies what is pending. */
export async function migrateSqlUp(dsn: string, { yes }: { yes: boolean }): Promise<number> {
  return withDatabase(dsn, async (db) => {
    const plan = await migrationStatus(db)
    const pending = new Set(plan.filter((step) => !step.applied).map((step) => step.version))
    process.stdout.write(`The migration plan:\n\n${table(plan)}\n`)
    if (pending.size === 0) {
      process.stdout.write('Nothing is pending: the database is up to date.\n')
      return 0
    }
    for (const { version, name, sql } of migrationsFor(db.dialect)) {
      if (pending.has(version)) process.stdout.write(`------------ ${version} ${name} ------------\n${sql}\n`)
    }
    if (!yes) {
      const answer = await confirmed('Do you wish to execute this migration plan? [y/n]: ')
      if (answer === undefined)
        throw new CommandError('There was no answer, so nothing was changed. Use --yes where nobody can answer.')
      if (!answer) {
        process.stdout.write('Nothing was changed.\n')
        return 0
      }
    }
    await migrateUp(db, systemClock())
    process.stdout.write('Successfully applied migrations!\n')
    return 0
  })
}

type StatusOptions = { block: boolean; format: string }

/** Prints each migration and whether it is applied; with `block` waits until all are. */
export async function migrateSqlStatus(dsn: string, { block, format }: StatusOptions): Promise<number> {
  return withDatabase(dsn, async (db) => {
    for (;;) {
      const status = await migrationStatus(db)
      process.stdout.write(await rendered(status, migrationsFor(db.dialect), format))
      if (!block || status.every((step) => step.applied)) return 0
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  })
}

async function rendered(
  status: MigrationStatus[],
  all: { version: string; sql: string }[],
  format: string,
): Promise<string> {
  if (!['json', 'json-pretty', 'yaml'].includes(format)) return table(status)
  const entries = status.map(({ version, name, applied }) => ({
    state: stateOf(applied),
    version,
    name,
    content: all.find((migration) => migration.version === version)?.sql ?? '',
    content_down: '',
  }))
  if (format === 'yaml') return (await import('yaml')).stringify(entries)
  return `${JSON.stringify(entries, null, format === 'json' ? undefined : 2)}\n`
}

const stateOf = (applied: boolean): string => (applied ? 'Applied' : 'Pending')

function table(status: MigrationStatus[]): string {
  const rows = [
    ['Version', 'Name', 'Status'],
    ...status.map(({ version, name, applied }) => [version, name, stateOf(applied)]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

async function withDatabase<T>(dsn: string, use: (db: Db) => Promise<T>): Promise<T> {
  const db = await connect(dsn, { answerWithinMs: 0 })
  try {
    return await use(db)
  } finally {
    await db.close()
  }
}

/** Undefined when the input ended before there was an answer. */
async function confirmed(question: string): Promise<boolean | undefined> {
  process.stdout.write(question)
  const lines = createInterface({ input: process.stdin })
  try {
    for await (const line of lines) {
      const answer = line.trim().toLowerCase()
      if (['y', 'yes'].includes(answer)) return true
      if (['n', 'no'].includes(answer)) return false
      process.stdout.write(question)
    }
    return undefined
  } finally {
    lines.close()
  }
}
