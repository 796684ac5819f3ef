import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { selfSigned } from '../../../test/support/certificate.ts'
import { courierConfig } from '../../../test/support/courier.ts'
import { readMail, startMailServer, type MailServer } from '../../../test/support/mail-server.ts'
import type { StoredMessage } from '../message.ts'
import { DeliveryError, type Channel } from './channel.ts'
import { createSmtpChannel, parseConnectionUri } from './smtp.ts'

const tls = selfSigned()
const folder = mkdtempSync(join(tmpdir(), 'zelos-smtp-'))
const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
writeFileSync(certFile, tls.cert)
writeFileSync(keyFile, tls.key)

const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })]
after(async () => {
  for (const close of closing.toReversed()) await close()
})

const server = async (...settings: Parameters<typeof startMailServer>): Promise<MailServer> => {
  const started = await startMailServer(...settings)
  closing.push(() => started.close())
  return started
}

const warnings: string[] = []
function channel(uri: string, more: Record<string, unknown> = {}, { disallowPrivateRanges = false } = {}): Channel {
  const { smtp } = courierConfig({
    smtp: { connection_uri: uri, from_address: 'no-reply@example.test', ...more },
  })
  const made = createSmtpChannel({
    smtp: { ...smtp, connection_uri: uri },
    disallowPrivateRanges,
    warn: (_, text) => void warnings.push(text),
  })
  closing.push(() => made.close())
  return made
}

const message = (more: Partial<StoredMessage> = {}): StoredMessage => ({
  id: '00000000-0000-4000-8000-000000000000',
  status: 'processing',
  via: 'email',
  recipient: 'ada@example.test',
  subject: 'Grüße – “quoted”',
  body: 'A text with ümläuts,\nand https://id.example.test/a-long-address-that-no-mail-program-should-ever-break?token=abcdefghijklmnopqrstuvwxyz0123456789\n.\nend',
  htmlBody: '<p>Hällo</p>',
  template: 'recovery_valid',
  data: {},
  requestHeaders: {},
  sendCount: 1,
  createdAt: 1,
  updatedAt: 1,
  ...more,
})

const refused = async (sending: Promise<void>, expected: RegExp) =>
  assert.rejects(sending, (error: unknown) => {
    assert.ok(error instanceof DeliveryError)
    assert.match(error.reason ?? error.message, expected)
    return true
  })

test('connection URIs say how safe the connection has to be', () => {
  const rows: Record<string, object> = {
    'smtp://mail.example.test/': { port: 587, secure: false, requireTLS: true, auth: undefined },
    'smtp://mail.example.test:25/?disable_starttls=true': { port: 25, secure: false, requireTLS: false },
    'smtps://mail.example.test': { port: 465, secure: true, requireTLS: false },
    'smtps://mail.example.test:443/': { port: 443 },
    'smtp://mail.example.test:80': { port: 80 },
    'smtp://us%40er:p%3Aw%2Fd@mail.example.test:587/': { auth: { user: 'us@er', pass: 'p:w/d' } },
    'smtp://user:100%@mail.example.test/': { auth: { user: 'user', pass: '100%' }, port: 587 },
    'smtps://[::1]:4465/?skip_ssl_verify=true&server_name=mail.example.test': {
      host: '::1',
      port: 4465,
      skipVerify: true,
      serverName: 'mail.example.test',
    },
  }
  for (const [uri, expected] of Object.entries(rows)) {
    const target = parseConnectionUri(uri)
    assert.deepEqual({ ...target, ...expected }, target, uri)
  }
  for (const uri of ['http://a/', 'smtp://', 'smtp://u:secret@:25/'])
    assert.throws(
      () => parseConnectionUri(uri),
      (error: Error) => !error.message.includes('secret'),
    )
})

test('STARTTLS is insisted on, and the certificate is looked at', async () => {
  const safe = await server({ ...tls, authOptional: true })
  const { port } = safe
  await channel(`smtp://localhost:${port}/?skip_ssl_verify=true`).send(message())
  assert.equal(safe.mails[0]!.secure, true)
  await refused(channel(`smtp://localhost:${port}/`).send(message()), /self.signed/i)

  const unsafe = await server()
  await refused(channel(`smtp://localhost:${unsafe.port}/`).send(message()), /STARTTLS/i)
  assert.equal(unsafe.mails.length, 0)
  await channel(`smtp://localhost:${unsafe.port}/?disable_starttls=true`).send(message())
  assert.equal(unsafe.mails[0]!.secure, false)
})

test('without insisting STARTTLS is still used where it is offered', async () => {
  const safe = await server({ ...tls, authOptional: true })
  await channel(`smtp://localhost:${safe.port}/?disable_starttls=true&skip_ssl_verify=true`).send(message())
  assert.equal(safe.mails[0]!.secure, true)
})

test('implicit TLS, with name and password, a name to greet with and a name that the certificate has to bear', async () => {
  const safe = await server({
    ...tls,
    secure: true,
    authOptional: false,
    onAuth: ({ username, password }, _session, done) =>
      password === 'secret' ? done(null, { user: username! }) : done(new Error('no')),
  })
  await channel(`smtps://us%40er:secret@localhost:${safe.port}/?skip_ssl_verify=true`, {
    local_name: 'mail.example.test',
  }).send(message())
  const [mail] = safe.mails
  assert.deepEqual([mail!.secure, mail!.user, mail!.hello], [true, 'us@er', 'mail.example.test'])
  const wrong = channel(`smtps://user:wrong@localhost:${safe.port}/?skip_ssl_verify=true`).send(message())
  await refused(wrong, /no/)
  await assert.rejects(wrong, { permanent: false })
})

test('the server sees the client certificate and the name that it is called by', async () => {
  let seen: { certificate: boolean; name: string | false | null } | undefined
  const safe = await server({
    ...tls,
    secure: true,
    requestCert: true,
    rejectUnauthorized: false,
    authOptional: true,
    onSecure(socket: Socket, _session, done) {
      const secured = socket as TLSSocket & { servername?: string | false | null }
      const { subject } = secured.getPeerCertificate() as { subject?: { CN: string } }
      seen = { certificate: subject?.CN === 'localhost', name: secured.servername ?? null }
      done()
    },
  })
  await channel(`smtps://127.0.0.1:${safe.port}/?skip_ssl_verify=true&server_name=mail.example.test`, {
    client_cert_path: certFile,
    client_key_path: keyFile,
  }).send(message())
  assert.deepEqual(seen, { certificate: true, name: 'mail.example.test' })

  const missing = { client_cert_path: '/nowhere.pem', client_key_path: '/nowhere.key' }
  await channel(`smtps://127.0.0.1:${safe.port}/?skip_ssl_verify=true`, missing).send(message())
  assert.equal(seen?.certificate, false)
  assert.match(warnings.at(-1)!, /client certificate/)
})

test('a mail arrives as it was written, from the configured sender and with the configured headers', async () => {
  const { port, mails } = await server()
  const headers = {
    'X-Tenant': 'acme',
    'Reply-To': 'support@example.test',
    Bcc: 'archive@example.test',
    Cc: 'copy@example.test',
  }
  await channel(`smtp://127.0.0.1:${port}/?disable_starttls=true`, { from_name: 'Häuser & Söhne', headers }).send(
    message(),
  )
  const [mail] = mails
  assert.deepEqual(mail!.to.toSorted(), ['ada@example.test', 'archive@example.test', 'copy@example.test'])
  const { headers: seen, parts } = readMail(mail!.data)
  const { date, 'message-id': id, 'content-type': type, ...rest } = seen
  assert.ok(date !== undefined && id !== undefined)
  assert.match(type!, /^multipart\/alternative;/)
  assert.deepEqual(rest, {
    cc: 'copy@example.test',
    from: 'Häuser & Söhne <no-reply@example.test>',
    'mime-version': '1.0',
    'reply-to': 'support@example.test',
    subject: 'Grüße – “quoted”',
    to: 'ada@example.test',
    'x-tenant': 'acme',
  })
  assert.deepEqual(
    parts.map(({ type: of, text }) => [of, text.replaceAll('\r\n', '\n')]),
    [
      ['text/plain', message().body],
      ['text/html', message().htmlBody],
    ],
  )
})

test('a mail without HTML is plain text, and a sender without a name an address', async () => {
  const { port, mails } = await server()
  await channel(`smtp://127.0.0.1:${port}/?disable_starttls=true`).send(message({ htmlBody: null }))
  const { headers, parts } = readMail(mails[0]!.data)
  assert.equal(headers.from, 'no-reply@example.test')
  assert.deepEqual(
    parts.map(({ type }) => type),
    ['text/plain'],
  )
})

test('connections are kept and shared', async () => {
  const { port, mails, connections } = await server()
  const pooled = channel(`smtp://127.0.0.1:${port}/?disable_starttls=true`)
  await Promise.all(Array.from({ length: 40 }, (_, i) => pooled.send(message({ recipient: `p${i}@example.test` }))))
  assert.equal(mails.length, 40)
  assert.ok(connections() <= 4, `${connections()} connections`)
})

test('only a refusal of the message itself is for good', async () => {
  const { port } = await server(
    {},
    { refuse: (to) => (to.startsWith('gone') ? '550 gone' : to.startsWith('busy') ? '451 busy' : undefined) },
  )
  const uri = `smtp://127.0.0.1:${port}/?disable_starttls=true`
  await assert.rejects(channel(uri).send(message({ recipient: 'gone@example.test' })), { permanent: true })
  await assert.rejects(channel(uri).send(message({ recipient: 'busy@example.test' })), { permanent: false })
  // An archive that took its copy does not hide that the person got nothing.
  const archived = channel(uri, { headers: { Bcc: 'archive@example.test' } })
  await assert.rejects(archived.send(message({ recipient: 'gone@example.test' })), { permanent: true })
  await assert.rejects(channel('smtp://127.0.0.1:1/?disable_starttls=true').send(message()), { permanent: false })
})

test('private addresses are out of reach where that is configured', async () => {
  const { port, connections } = await server()
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '10.0.0.1'])
    await refused(
      channel(`smtp://${host}:${port}/?disable_starttls=true`, {}, { disallowPrivateRanges: true }).send(message()),
      /not an address to which this server may connect/,
    )
  assert.equal(connections(), 0)
})
