import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readMail, startMailServer } from '../support/mail-server.ts'
import { startServer } from '../support/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'zelos-messages-'))
after(() => rmSync(folder, { recursive: true }))
const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`

function zelos(...args: string[]) {
  const launcher = join(import.meta.dirname, '../../bin/zelos')
  const { status, stdout, stderr } = spawnSync(launcher, args, { encoding: 'utf8', cwd: folder })
  return { status, stdout, stderr }
}

const send = async (url: string, body: object) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  })
  return (await response.json()) as Record<string, unknown>
}

test('a code for recovery arrives in the inbox, from the process that was asked for it', async () => {
  const mailServer = await startMailServer()
  const server = await startServer({
    config: {
      'watch-courier': true,
      courier: { smtp: { connection_uri: `smtp://127.0.0.1:${mailServer.port}/?disable_starttls=true` } },
      selfservice: { methods: { code: { enabled: true } }, flows: { recovery: { enabled: true } } },
    },
  })
  await send(`${server.adminUrl}/admin/identities`, { schema_id: 'person', traits: { email: 'ada@example.test' } })
  const flow = (await (await fetch(`${server.publicUrl}/self-service/recovery/api`)).json()) as {
    ui: { action: string }
  }
  await send(flow.ui.action, { method: 'code', email: 'ada@example.test' })
  await mailServer.received(1)

  const [mail] = mailServer.mails
  assert.deepEqual(mail!.to, ['ada@example.test'])
  const { headers, parts } = readMail(mail!.data)
  const code = /^(\d{6}) is your recovery code$/.exec(headers.subject!)?.[1]
  assert.ok(code !== undefined && parts.every(({ text }) => text.includes(code)))
  // Ending waits until what became of the message is noted.
  await server.stop()
  await mailServer.close()
})

test('a template with a mistake keeps the server from starting and is told with its line', async () => {
  const subject = base64('Hello\n{{ now }}')
  await assert.rejects(
    startServer({ config: { courier: { templates: { login_code: { valid: { email: { subject } } } } } } }),
    /courier\.templates\.login_code\.valid\.email\.subject:2: There is no function "now" here/,
  )
})

test("with a configuration of one's own there is no mailbox for everybody", async () => {
  const server = await startServer()
  assert.equal((await fetch(`${server.publicUrl}/dev/mail`)).status, 404)
  await server.stop()
})

test("a preview shows a message with sample data and templates of one's own", () => {
  const listed = zelos('courier', 'preview')
  assert.equal(listed.status, 0)
  assert.match(listed.stdout, /^ {2}recovery_code_valid$/m)
  assert.match(listed.stdout, /^ {2}recovery_code_valid --via sms$/m)

  assert.match(
    zelos('courier', 'preview', 'login_code_valid', '--language', 'de').stdout,
    /^Subject: 246810 ist Ihr Anmeldecode\n\nGuten Tag,/,
  )
  assert.match(
    zelos('courier', 'preview', 'login_code_valid', '--via', 'sms').stdout,
    /\n@id\.example\.test #246810\n$/,
  )

  const config = join(folder, 'zelos.yaml')
  writeFileSync(
    config,
    `courier: { templates: { login_code: { valid: { email: { body: { html: '${base64('<b>{{ .LoginCode }}</b>')}' } } } } } }`,
  )
  const page = join(folder, 'mail.html')
  assert.deepEqual(zelos('courier', 'preview', 'login_code_valid', '-c', config, '-o', page), {
    status: 0,
    stdout: '',
    stderr: '',
  })
  assert.equal(readFileSync(page, 'utf8'), '<b>246810</b>')

  for (const args of [['nonsense'], ['recovery_valid', '--via', 'sms'], ['recovery_valid', '--language', 'tlh']]) {
    const { status, stderr } = zelos('courier', 'preview', ...args)
    assert.equal(status, 1, args.join(' '))
    assert.match(stderr, /^Error: There /)
  }
})

test('courier watch says what keeps it from sending', () => {
  const config = join(folder, 'watch.json')
  const base = {
    identity: { schemas: [{ id: 'person', url: 'base64://e30=' }], default_schema_id: 'person' },
    selfservice: { default_browser_return_url: 'http://127.0.0.1:4455/' },
  }
  const said = (more: object) => {
    writeFileSync(config, JSON.stringify({ ...base, ...more }))
    const { status, stderr } = zelos('courier', 'watch', '-c', config)
    assert.equal(status, 1)
    return stderr
  }
  assert.match(said({}), /^dsn/m)
  assert.match(said({ dsn: 'memory' }), /Use zelos serve --watch-courier/)
  assert.match(said({ dsn: `sqlite://${folder}/new.sqlite` }), /Run zelos migrate sql/)
})
