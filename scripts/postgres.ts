// npm run postgres [-- --port PORT] [--data DIR] [--fast]
// A PostgreSQL for development: its DSN is the first line; Ctrl-C ends it.
import { parseArgs } from 'node:util'
import { startPostgresServer } from '../test/support/postgres-server.ts'

const { values } = parseArgs({
  options: { port: { type: 'string' }, data: { type: 'string' }, fast: { type: 'boolean', default: false } },
})
const port = values.port === undefined ? undefined : Number(values.port)
if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
  console.error(`--port takes a number from 1 to 65535, not "${values.port}".`)
  process.exit(2)
}

const server = await startPostgresServer({
  fast: values.fast,
  ...(port === undefined ? {} : { port }),
  ...(values.data === undefined ? {} : { dataDir: values.data }),
}).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
console.log(server.dsn)

let asked = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    asked = true
    void server.stop()
  })
}
const log = await server.ended
if (!asked) {
  console.error(`PostgreSQL ended by itself:\n${log}`)
  process.exitCode = 1
}
