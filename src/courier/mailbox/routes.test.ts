import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { connect } from '../../db/connect.ts'
import { migrateUp } from '../../db/migrate.ts'
import { createAdminPort } from '../../http/ports.ts'
import { systemClock } from '../../lib/clock.ts'
import { courierOn } from '../../../test/support/courier.ts'
import { requestOf } from '../../../test/support/requests.ts'
import { sampleMessage } from '../templates/sample.ts'
import { mailboxRoutes } from './routes.ts'

const db = await connect('memory')
await migrateUp(db, systemClock())
const courier = courierOn(db)
after(async () => {
  await courier.close()
  await db.close()
})

const open = async (host: string) => {
  const [route] = mailboxRoutes({ db })
  const port = createAdminPort({ routes: [{ ...route!, path: '/admin/dev/mail' }], onFailure: () => {} })
  return (await port(requestOf('GET', '/admin/dev/mail', { headers: { host } }))).response
}

test('the mailbox shows what is queued, escaped, with a link to follow', async () => {
  const message = sampleMessage('recovery_valid', 'email') as Extract<
    ReturnType<typeof sampleMessage>,
    { template: 'recovery_valid' }
  >
  const evil = 'https://id.example.test/?a=1&b="><script>alert(1)</script>'
  await courier.post({ ...message, data: { ...message.data, recovery_url: evil } })
  const { status, headers = {}, body } = await open('localhost:4433')
  assert.equal(status, 200)
  assert.match(String(body), /<h2>Recover your account<\/h2>/)
  assert.match(String(body), /<a href="https:\/\/id\.example\.test\/\?a=1&amp;b=&#34;&gt;&lt;script&gt;alert/)
  assert.doesNotMatch(String(body), /<script/)
  const style = /<style>([^]*)<\/style>/.exec(String(body))![1]!
  const hash = createHash('sha256').update(style).digest('base64')
  assert.equal(
    headers['content-security-policy'],
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
})

test('another site whose name leads to this machine does not get to see it', async () => {
  for (const host of ['evil.test', 'localhost.evil.test', '127.0.0.1.evil.test:4433', ''])
    assert.equal((await open(host)).status, 404, host)
  for (const host of ['127.0.0.1:4433', '[::1]:4433', 'localhost']) assert.equal((await open(host)).status, 200, host)
})
