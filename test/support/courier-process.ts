// Sends messages until it is ended: node courier-process.ts DSN SMTP-PORT LEASE-MS
import { connect } from '../../src/db/connect.ts'
import { courierOn } from './courier.ts'

const [dsn = '', port = '', leaseMs = ''] = process.argv.slice(2)
const db = await connect(dsn)
const uri = `smtp://127.0.0.1:${port}/?disable_starttls=true`
const courier = courierOn(
  db,
  { smtp: { connection_uri: uri }, worker: { pull_wait: '50ms' } },
  { leaseMs: Number(leaseMs) },
)
courier.start()
process.stdout.write('started\n')
