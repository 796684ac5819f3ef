// bin/node24 scripts/create-database.ts DSN NAME: makes an empty database on the server of the DSN, without psql.
import { createDatabase } from '../test/support/postgres.ts'

const [dsn, name, ...rest] = process.argv.slice(2)
if (dsn === undefined || name === undefined || rest.length > 0) {
  console.error('usage: create-database.ts DSN NAME')
  process.exit(2)
}
console.log(await createDatabase(dsn, name))
