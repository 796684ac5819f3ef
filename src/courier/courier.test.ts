import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { connect } from '../db/connect.ts'
import type { Db } from '../db/db.ts'
import { migrateUp } from '../db/migrate.ts'
import { createSealer } from '../crypto/cipher.ts'
import { createAdminPort } from '../http/ports.ts'
import { parseRfc3339, systemClock } from '../lib/clock.ts'
import { RawJson } from '../lib/json.ts'
import { courierOn, type TestCourier } from '../../test/support/courier.ts'
import { testDatabases } from '../../test/support/databases.ts'
import { startHttpStub } from '../../test/support/http-stub.ts'
import { readMail, startMailServer } from '../../test/support/mail-server.ts'
import { requestOf } from '../../test/support/requests.ts'
import { testClock } from '../../test/support/sessions.ts'
import type { Message } from './message.ts'
import { courierRoutes } from './routes.ts'
import { findMessage, listMessages } from './store.ts'
import { sampleMessage } from './templates/sample.ts'

const base64 = (text: string) => `base64://${Buffer.from(text).toString('base64')}`
const whole = base64('function(ctx) ctx')

const recovery = (to: string, more: object = {}): Message => {
  const { data } = sampleMessage('recovery_code_valid', 'email') as Extract<
    Message,
    { template: 'recovery_code_valid' }
  >
  return { template: 'recovery_code_valid', via: 'email', to, data: { ...data, ...more } }
}

const closing: (() => unknown)[] = []
after(async () => {
  for (const close of closing.toReversed()) await close()
})
const kept = <T extends { close(): unknown }>(each: T): T => {
  closing.push(() => each.close())
  return each
}
const running = (db: Db, config: Record<string, unknown>, options = {}): TestCourier => {
  const courier = kept(courierOn(db, config, options))
  courier.start()
  return courier
}
const smtp = (port: number) => ({
  smtp: { connection_uri: `smtp://127.0.0.1:${port}/?disable_starttls=true`, from_address: 'no-reply@example.test' },
})
const http = (url: string, more = {}) => ({
  delivery_strategy: 'http',
  http: { request_config: { url, body: whole, ...more } },
})
const quick = { worker: { pull_wait: '10ms' } }

async function settled(db: Db, recipient: string, status: string) {
  for (;;) {
    const [message] = await listMessages(db, { recipient }, { limit: 1, after: undefined })
    if (message?.status === status) return (await findMessage(db, message.id))!
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const admin = async (db: Db, path: string, { dev = false, clock = systemClock() } = {}) => {
  const routes = courierRoutes({ db, clock, dev, sealer: createSealer(['a secret for pages'], 'page of messages') })
  const port = createAdminPort({ routes, onFailure: () => {} })
  const { response } = await port(requestOf('GET', path))
  return { status: response.status, link: response.headers?.link ?? '', body: JSON.parse(String(response.body)) }
}

for (const { name, open } of testDatabases()) {
  describe(`on ${name}`, () => {
    test('a message leaves at once and is noted as sent', async () => {
      const [db, server] = [await open(), kept(await startMailServer())]
      const courier = running(db, smtp(server.port))
      // The connection is there, so that only the queue is measured.
      await courier.post(recovery('first@example.test'))
      await server.received(1)
      const began = performance.now()
      await courier.post(recovery('ada@example.test'))
      await server.received(2)
      assert.ok(performance.now() - began < 200, `${performance.now() - began} ms`)

      const { message, dispatches } = await settled(db, 'ada@example.test', 'sent')
      assert.equal(message.sendCount, 1)
      assert.deepEqual(
        dispatches.map(({ status, error }) => [status, error]),
        [['success', null]],
      )
      const mail = readMail(server.mails[1]!.data)
      assert.deepEqual(server.mails[1]!.to, ['ada@example.test'])
      assert.equal(mail.headers.subject, '246810 is your recovery code')
      assert.deepEqual(
        mail.parts.map(({ type, text }) => [type, /\b246810\b/.test(text)]),
        [
          ['text/plain', true],
          ['text/html', true],
        ],
      )
      assert.equal(mail.parts[0]!.text.replaceAll('\r\n', '\n'), message.body)
    })

    test('a message whose transaction fails does not exist', async () => {
      const db = await open()
      const courier = kept(courierOn(db))
      const statements = await courier.enqueue(recovery('ada@example.test'))
      await assert.rejects(db.batch([...statements, { sql: 'insert into nowhere values (1)' }]))
      assert.deepEqual(await listMessages(db, {}, { limit: 9, after: undefined }), [])
    })

    test('a message that another process queued is found by looking', async () => {
      const [db, server] = [await open(), kept(await startMailServer())]
      running(db, { ...smtp(server.port), ...quick })
      const other = kept(courierOn(db))
      await db.batch(await other.enqueue(recovery('ada@example.test')))
      await server.received(1)
      await settled(db, 'ada@example.test', 'sent')
    })

    test('with a long pause messages rest until the next look', async () => {
      const [db, server] = [await open(), kept(await startMailServer())]
      const courier = running(db, { ...smtp(server.port), worker: { pull_wait: '1h' } })
      await new Promise((resolve) => setTimeout(resolve, 50))
      await courier.post(recovery('ada@example.test'))
      await new Promise((resolve) => setTimeout(resolve, 50))
      const [message] = await listMessages(db, { status: 'queued' }, { limit: 9, after: undefined })
      assert.equal(message?.sendCount, 0)
      assert.deepEqual(server.mails, [])
    })

    test('a gateway that fails twice gets the message a third time', async () => {
      const [db, gateway] = [await open(), kept(await startHttpStub())]
      gateway.script({ status: 503 }, { status: 400 }, { status: 204 })
      const courier = running(db, { ...http(`${gateway.origin}/send`), ...quick, message_retries: 3 })
      await courier.post(recovery('ada@example.test'))
      const { message, dispatches } = await settled(db, 'ada@example.test', 'sent')
      assert.equal(message.sendCount, 3)
      assert.deepEqual(
        dispatches.map(({ status }) => status),
        ['success', 'failed', 'failed'],
      )
      assert.deepEqual(
        dispatches.map(({ error }) => error && Object.keys(error).sort()),
        [null, ['code', 'message', 'status'], ['code', 'message', 'status']],
      )
      assert.equal(gateway.requests.length, 3)
    })

    test('what never succeeds is abandoned after the configured tries and holds up nobody', async () => {
      const [db, gateway] = [await open(), kept(await startHttpStub())]
      gateway.otherwise(({ body }) => ({ status: body.includes('bad@example.test') ? 400 : 200 }))
      const courier = running(db, { ...http(`${gateway.origin}/send`), ...quick, message_retries: 2 })
      await courier.post(recovery('bad@example.test'))
      await courier.post(recovery('good@example.test'))
      await settled(db, 'good@example.test', 'sent')
      const { message, dispatches } = await settled(db, 'bad@example.test', 'abandoned')
      assert.equal(message.sendCount, 3)
      assert.deepEqual(
        dispatches.map(({ status, error }) => [status, error?.code]),
        [
          ['failed', 500],
          ['failed', 500],
          ['failed', 500],
        ],
      )
    })

    test('a mail server out of reach, and a way without a channel', async () => {
      const db = await open()
      const courier = running(db, {
        smtp: { connection_uri: 'smtp://127.0.0.1:1/?disable_starttls=true' },
        message_retries: 0,
      })
      await courier.post(recovery('ada@example.test'))
      const mail = await settled(db, 'ada@example.test', 'abandoned')
      assert.deepEqual(Object.keys(mail.dispatches[0]!.error!).sort(), ['code', 'message', 'reason', 'status'])
      await courier.post({ ...sampleMessage('login_code_valid', 'sms'), to: '+4930901820021' } as Message)
      const text = await settled(db, '+4930901820021', 'abandoned')
      assert.deepEqual(text.dispatches[0]!.error, {
        code: 500,
        status: 'Internal Server Error',
        message: 'No channel for sms is configured.',
      })
    })

    test('a recipient that the mail server refuses for good is not tried again', async () => {
      const server = kept(
        await startMailServer(
          {},
          {
            refuse: (to) =>
              to.startsWith('gone@') ? '550 nobody here' : to.startsWith('later@') ? '450 come back' : undefined,
          },
        ),
      )
      const db = await open()
      const courier = running(db, { ...smtp(server.port), ...quick, message_retries: 1 })
      await courier.post(recovery('gone@example.test'))
      const gone = await settled(db, 'gone@example.test', 'abandoned')
      assert.equal(gone.message.sendCount, 1)
      assert.match(String(gone.dispatches[0]!.error?.reason), /550 nobody here/)
      await courier.post(recovery('later@example.test'))
      assert.equal((await settled(db, 'later@example.test', 'abandoned')).message.sendCount, 2)
    })

    test('a claim that its dispatcher left behind passes on, but not without end', async () => {
      const [db, server] = [await open(), kept(await startMailServer())]
      const courier = kept(courierOn(db, { ...smtp(server.port), ...quick, message_retries: 1 }))
      for (const [to, tries] of [
        ['once@example.test', 1],
        ['often@example.test', 2],
      ] as const) {
        await db.batch(await courier.enqueue(recovery(to)))
        await db.run(
          `update courier_messages set status = 'processing', claim = $1, send_count = $2 where recipient = $3`,
          ['00000000-0000-4000-8000-000000000000', tries, to],
        )
      }
      courier.start()
      assert.equal((await settled(db, 'once@example.test', 'sent')).message.sendCount, 2)
      assert.match(
        String((await settled(db, 'often@example.test', 'abandoned')).dispatches[0]!.error?.message),
        /without a result/,
      )
      assert.deepEqual(
        server.mails.map(({ to }) => to),
        [['once@example.test']],
      )
    })

    test('operators list messages with filters and pages', async () => {
      const db = await open()
      const courier = kept(courierOn(db))
      for (let i = 0; i < 5; i++)
        await db.batch(await courier.enqueue(recovery(i === 4 ? 'bob@example.test' : 'ada@example.test')))

      const first = await admin(db, '/admin/courier/messages?recipient=ada%40example.test&page_size=3')
      assert.equal(first.status, 200)
      assert.equal(first.body.length, 3)
      const links = [...first.link.matchAll(/<([^>]+)>; rel="(\w+)"/g)].map(([, url, rel]) => [rel, url!])
      assert.deepEqual(
        links.map(([rel]) => rel),
        ['first', 'next'],
      )
      assert.match(
        links[1]![1]!,
        /^\/admin\/courier\/messages\?page_size=3&page_token=[\w-]+&recipient=ada%40example\.test$/,
      )
      const next = await admin(db, links[1]![1]!)
      assert.equal(next.body.length, 1)
      assert.doesNotMatch(next.link, /rel="next"/)
      // Not by their spelling: zeros at the end of a second's fraction are left out.
      const moments = [...first.body, ...next.body].map(({ created_at }) => parseRfc3339(created_at)!)
      assert.deepEqual(
        moments,
        moments.toSorted((a, b) => b - a),
      )
      assert.equal((await admin(db, links[0]![1]!)).body.length, 3)

      assert.equal((await admin(db, '/admin/courier/messages?recipient=ADA%40example.test')).body.length, 0)
      assert.equal((await admin(db, '/admin/courier/messages?status=queued')).body.length, 5)
      assert.equal((await admin(db, '/admin/courier/messages?status=sent')).body.length, 0)
      for (const query of ['status=flying', 'status=', 'status=SENT', 'page_token=nonsense', 'recipient=%00'])
        assert.equal((await admin(db, `/admin/courier/messages?${query}`)).status, 400, query)
      const notANumber = await admin(db, '/admin/courier/messages?page_size=ten')
      assert.deepEqual([notANumber.status, notANumber.body.error.code], [400, 500])
      for (const [size, taken] of [
        ['', 10],
        ['0', 10],
        ['-1', 10],
        ['501', 500],
      ])
        assert.match(
          (await admin(db, `/admin/courier/messages?page_size=${size}`)).link,
          new RegExp(`page_size=${taken}&`),
        )
    })

    test('page tokens end after an hour', async () => {
      const db = await open()
      const clock = testClock()
      const { link } = await admin(db, '/admin/courier/messages', { clock })
      const url = /<([^>]+)>/.exec(link)![1]!
      assert.equal((await admin(db, url, { clock })).status, 200)
      clock.pass(3_600_000_000)
      assert.equal((await admin(db, url, { clock })).status, 400)
    })

    test('operators see what a message says in development only', async () => {
      const [db, gateway] = [await open(), kept(await startHttpStub())]
      gateway.script({ status: 500 })
      const courier = running(db, { ...http(gateway.origin), message_retries: 0 })
      await courier.post(recovery('ada@example.test'))
      const { message } = await settled(db, 'ada@example.test', 'abandoned')
      const one = await admin(db, `/admin/courier/messages/${message.id}`)
      assert.deepEqual(Object.keys(one.body), [
        'id',
        'status',
        'type',
        'recipient',
        'body',
        'subject',
        'template_type',
        'channel',
        'send_count',
        'dispatches',
        'created_at',
        'updated_at',
      ])
      assert.equal(one.body.body, '<redacted-unless-dev-mode>')
      assert.equal(one.body.subject, '<redacted-unless-dev-mode>')
      assert.deepEqual(Object.keys(one.body.dispatches[0]), [
        'id',
        'message_id',
        'status',
        'error',
        'created_at',
        'updated_at',
      ])
      const [listed] = (await admin(db, '/admin/courier/messages', { dev: true })).body
      assert.match(listed.body, /246810/)
      assert.equal('dispatches' in listed, false)
      assert.equal((await admin(db, '/admin/courier/messages/x')).status, 400)
      assert.equal((await admin(db, '/admin/courier/messages/00000000-0000-4000-8000-000000000000')).status, 404)
    })
  })
}

const [sqlite] = testDatabases()

test('a message leaves only after what caused it could be answered', async () => {
  const [db, server] = [kept(await connect('memory')), kept(await startMailServer())]
  await migrateUp(db, systemClock())
  const courier = running(db, smtp(server.port))
  await courier.post(recovery('ada@example.test'))
  // By now, an answer that has nothing else to wait for has been written.
  await new Promise((resolve) => setImmediate(resolve))
  const [message] = await listMessages(db, {}, { limit: 1, after: undefined })
  assert.deepEqual([message?.status, message?.sendCount], ['queued', 0])
  await settled(db, 'ada@example.test', 'sent')
})

test('a gateway sees the whole of a message, with the credentials that it wants', async () => {
  const [db, gateway] = [await sqlite!.open(), kept(await startHttpStub())]
  gateway.otherwise(() => ({ status: 200 }))
  const courier = running(
    db,
    http(`${gateway.origin}/send`, {
      headers: { 'X-Tenant': 'acme' },
      auth: { type: 'basic_auth', config: { user: 'mailer', password: 'secret' } },
    }),
  )
  await courier.post({
    ...recovery('ada@example.test', { identity: { id: '1', traits: new RawJson('{"email":"ada@example.test"}') } }),
    requestHeaders: { 'User-Agent': ['test'] },
  } as Message)
  await courier.post({
    template: 'verification_code_invalid',
    via: 'email',
    to: 'bob@example.test',
    data: { request_url: 'https://id.example.test/' },
    requestHeaders: { 'User-Agent': ['test'] },
  })
  await gateway.received(2)
  const [{ method, headers, body }, other] = gateway.requests as [
    (typeof gateway.requests)[0],
    (typeof gateway.requests)[0],
  ]
  assert.deepEqual(
    [method, headers['content-type'], headers['x-tenant'], headers.authorization],
    ['POST', 'application/json', 'acme', 'Basic bWFpbGVyOnNlY3JldA=='],
  )
  const { html_body, body: text, subject, ...rest } = JSON.parse(body)
  assert.match(html_body, /<!DOCTYPE html>/)
  assert.match(text, /246810/)
  assert.equal(subject, '246810 is your recovery code')
  assert.deepEqual(rest, {
    message_type: 'email',
    recipient: 'ada@example.test',
    request_headers: { 'User-Agent': ['test'] },
    template_type: 'recovery_code_valid',
    template_data: {
      to: 'ada@example.test',
      recovery_code: '246810',
      identity: { id: '1', traits: { email: 'ada@example.test' } },
      request_url: 'https://id.example.test/self-service/recovery/browser',
      transient_payload: { note: 'sample' },
      expires_in_minutes: 60,
    },
  })
  assert.deepEqual(JSON.parse(other.body).template_data, {
    to: 'bob@example.test',
    request_url: 'https://id.example.test/',
    transient_payload: {},
  })
  assert.deepEqual(JSON.parse(other.body).request_headers, {})
})

test('a text message has no subject and ends with the line that binds its code', async () => {
  const [db, gateway] = [await sqlite!.open(), kept(await startHttpStub())]
  gateway.otherwise(() => ({ status: 200 }))
  const channel = { id: 'sms', type: 'http', request_config: { url: `${gateway.origin}/sms`, body: whole } }
  const courier = running(db, { channels: [channel] })
  for (const template of ['recovery_code_valid', 'registration_code_valid'] as const)
    await courier.post(sampleMessage(template, 'sms'))
  await gateway.received(2)
  const sent = new Map(gateway.requests.map(({ body }) => JSON.parse(body)).map((each) => [each.template_type, each]))
  const recovered = sent.get('recovery_code_valid')
  assert.equal(recovered.subject, '')
  assert.equal('html_body' in recovered, false)
  assert.equal(recovered.body.split('\n').at(-1), '@id.example.test #246810')
  assert.equal(recovered.template_data.verification_code, '246810')
  assert.equal('recovery_code' in recovered.template_data, false)
  assert.equal(sent.get('registration_code_valid').template_data.identity.email, 'ada@example.test')
  assert.equal('traits' in sent.get('registration_code_valid').template_data, false)
})

test('a gateway can take forms, and the key can be a cookie', async () => {
  const [db, gateway] = [await sqlite!.open(), kept(await startHttpStub())]
  gateway.otherwise(() => ({ status: 200 }))
  const form = base64('function(ctx) { To: ctx.recipient, From: "Acme & Co" }')
  const courier = running(
    db,
    http(gateway.origin, {
      method: 'PUT',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
      auth: { type: 'api_key', config: { name: 'key', value: 'secret', in: 'cookie' } },
    }),
  )
  await courier.post(recovery('ada@example.test'))
  await gateway.received(1)
  const [request] = gateway.requests
  assert.deepEqual(
    [request!.method, request!.headers.cookie, request!.body],
    ['PUT', 'key=secret', 'From=Acme+%26+Co&To=ada%40example.test'],
  )
})

test('nothing is queued for an address that is none', async () => {
  const courier = kept(courierOn(await sqlite!.open()))
  for (const to of [
    '',
    'ada',
    'a@b@c',
    'a b@example.test',
    'ada@example.test\r\nBcc: x@example.test',
    'ada@example.test, eve@example.test',
    '<ada@example.test>',
    `${'a'.repeat(320)}@example.test`,
  ])
    await assert.rejects(courier.enqueue(recovery(to)), /no address/, JSON.stringify(to))
  for (const to of ['ada@localhost', 'ünï@exämple.test', '"a b"@example.test', "o'neill+x@example.test"])
    assert.equal((await courier.enqueue(recovery(to))).length, 1)
})
