import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createSealer } from '../crypto/cipher.ts'
import { errors } from '../errors.ts'
import { newFlow } from '../flows/flow.ts'
import { registrationFlow } from '../flows/wire.ts'
import { createAdminPort, createPublicPort } from '../http/ports.ts'
import { newUuid, nilUuid } from '../lib/uuid.ts'
import type { Db } from '../db/db.ts'
import { checkedPort } from '../../test/support/checked-port.ts'
import { testDatabases } from '../../test/support/databases.ts'
import { requestOf, type RequestOptions } from '../../test/support/requests.ts'
import { credential, hour, signIn, storedIdentity, testClock } from '../../test/support/sessions.ts'
import { adminSessionRoutes } from './admin-routes.ts'
import { createAuthenticate } from './authenticate.ts'
import { createSessionCookies } from './cookie.ts'
import { answerExchange, handOnExchange, openExchange } from './exchange/exchange.ts'
import type { OpenedSession } from './issue.ts'
import { sessionRoutes, type AdminSessionRouteDeps, type SessionRouteDeps } from './routes.ts'

type Body = {
  id: string
  active: boolean
  expires_at: string
  issued_at: string
  devices: unknown[] | null
  identity: Record<string, unknown> | null
  tokenized?: string
}

type Answer<T> = { status: number; headers: Record<string, string>; cookies: string[]; body: T }

/** Both ports with nothing but the routes for sessions. */
function serverWith(db: Db, options: Partial<SessionRouteDeps & AdminSessionRouteDeps> = {}) {
  const clock = testClock()
  const cookies = createSessionCookies({
    settings: {
      name: 'ory_kratos_session',
      path: '/',
      domain: undefined,
      secure: false,
      sameSite: 'Lax',
      persistent: true,
      lifespanMicros: 24 * hour,
    },
    sealer: createSealer(['a secret for cookies'], 'session cookie'),
    clock,
  })
  const flows = new Map<string, Record<string, unknown>>()
  const deps: SessionRouteDeps & AdminSessionRouteDeps = {
    db,
    clock,
    cookies,
    authenticate: createAuthenticate({ db, clock, cookies }),
    tokenizer: { tokenize: () => Promise.reject(errors.badRequest('There is no such template.')) },
    publicBaseUrl: 'https://id.example.test/',
    rules: { codePasswordless: false, codeMfa: false, migrationHook: false },
    requiredAal: 'highest_available',
    cacheable: { enabled: false, maxAgeMicros: undefined },
    showFlow: (id) => Promise.resolve(flows.get(id)),
    lifespanOf: () => 24 * hour,
    earliestPossibleExtendMicros: 24 * hour,
    fasterExtend: false,
    ...options,
  }
  const onFailure = (_request: unknown, error: unknown) => {
    throw error
  }
  const publicPort = checkedPort(
    'public',
    createPublicPort({
      routes: sessionRoutes(deps),
      basePath: '',
      cors: undefined,
      csrf: { name: 'csrf', path: '/', secure: false, sameSite: 'Lax' },
      onFailure,
    }),
  )
  const adminPort = checkedPort('admin', createAdminPort({ routes: adminSessionRoutes(deps), onFailure }))
  const ask = async <T = Body>(
    port: typeof publicPort,
    method: string,
    target: string,
    options?: RequestOptions,
  ): Promise<Answer<T>> => {
    const { response } = await port(requestOf(method, target, options))
    const text = response.body?.toString() ?? ''
    const body = (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text) as T
    return { status: response.status, headers: response.headers ?? {}, cookies: response.cookies ?? [], body }
  }
  return {
    db,
    clock,
    cookies,
    flows,
    deps,
    public: <T = Body>(method: string, target: string, options?: RequestOptions) =>
      ask<T>(publicPort, method, target, options),
    admin: <T = Body>(method: string, target: string, options?: RequestOptions) =>
      ask<T>(adminPort, method, target, options),
  }
}

const by = ({ token }: OpenedSession): RequestOptions => ({ headers: { 'x-session-token': token.reveal() } })
const cookieOf = (line: string) => line.split(';', 1)[0]!
const bare = (body: unknown) => {
  const { error } = body as { error: Record<string, unknown> }
  return Object.keys(error)
}
const linksOf = (header: string | undefined): Record<string, string> =>
  Object.fromEntries([...(header ?? '').matchAll(/<([^>]*)>; rel="(\w+)"/g)].map(([, url, rel]) => [rel, url!]))
const totp = credential('totp', { totp_url: 'otpauth://totp/x:ada?secret=JBSWY3DPEHPK3PXP' }, ['ada'])

for (const { name, open } of testDatabases()) {
  describe(name, () => {
    test('whoami answers every method with the session, its device and its identity', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const opened = await signIn(server, ada)
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']) {
        const { status, headers, cookies, body } = await server.public(method, '/sessions/whoami', by(opened))
        assert.equal(status, 200, method)
        assert.equal(headers['x-kratos-authenticated-identity-id'], ada.id)
        assert.deepEqual(cookies, [])
        assert.equal(body.id, opened.session.id)
        assert.equal(body.devices?.length, 1)
        assert.equal(body.identity?.id, ada.id)
        assert.equal(body.identity?.metadata_admin, undefined)
        assert.equal(body.identity?.schema_url, 'https://id.example.test/schemas/cGVyc29u')
      }
    })

    test('whoami knows nobody without a session, after it ended or expired, and when its person is disabled', async () => {
      const server = serverWith(await open())
      const refused = async (options?: RequestOptions) => {
        const { status, body } = await server.public('GET', '/sessions/whoami', options)
        assert.equal(status, 401)
        assert.deepEqual(bare(body), ['code', 'status', 'reason', 'message'])
      }
      await refused()
      await refused({ headers: { 'x-session-token': `ory_st_${'x'.repeat(32)}` } })

      const [ada, bob] = [await storedIdentity(server.db), await storedIdentity(server.db, { state: 'inactive' })]
      const [revoked, disabled, expired] = [
        await signIn(server, ada),
        await signIn(server, bob),
        await signIn(server, ada),
      ]
      await server.admin('DELETE', `/sessions/${revoked.session.id}`)
      await refused(by(revoked))
      await refused(by(disabled))
      server.clock.pass(25 * hour)
      await refused(by(expired))
    })

    test('a cookie that ends before its session is renewed, and no other one', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const [mine, other] = [await signIn(server, ada), await signIn(server, ada)]
      const cookie = cookieOf(server.cookies.write(mine.token, mine.session.expiresAt))
      const byCookie = (value: string, more = {}) =>
        server.public('GET', '/sessions/whoami', { headers: { cookie: value, ...more } })
      assert.deepEqual((await byCookie(cookie)).cookies, [])

      server.clock.pass(hour)
      await server.admin('PATCH', `/sessions/${mine.session.id}/extend`)
      await server.admin('PATCH', `/sessions/${other.session.id}/extend`)
      // Somebody else's token beside the cookie: the browser must not change hands.
      const besides = await byCookie(cookie, { 'x-session-token': other.token.reveal() })
      assert.equal(besides.body.id, other.session.id)
      assert.deepEqual(besides.cookies, [])

      const {
        cookies: [renewed],
        body,
      } = await byCookie(cookie)
      assert.equal(body.id, mine.session.id)
      assert.match(
        renewed!,
        /^ory_kratos_session=\S+; Path=\/; Expires=[^;]+; Max-Age=86\d{3}; HttpOnly; SameSite=Lax$/,
      )
      assert.deepEqual((await byCookie(cookieOf(renewed!))).cookies, [])
    })

    test('whoami and the list ask for the second factor that a person has, revoking does not', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db, { availableAal: 'aal2', credentials: { totp } })
      const opened = await signIn(server, ada)
      const to = 'https://id.example.test/self-service/login/browser?aal=aal2'
      for (const path of ['/sessions/whoami', '/sessions', '/sessions/whoami?tokenize_as=unknown']) {
        const { status, body } = await server.public<Record<string, unknown>>('GET', path, by(opened))
        assert.equal(status, 403)
        assert.equal(body.redirect_browser_to, to)
        assert.deepEqual((body.error as Record<string, unknown>).details, { redirect_browser_to: to })
      }
      assert.equal((await server.public('DELETE', '/sessions', by(opened))).status, 200)
      assert.equal((await server.public('DELETE', `/sessions/${nilUuid}`, by(opened))).status, 204)
      const relaxed = serverWith(server.db, { requiredAal: 'aal1' })
      assert.equal((await relaxed.public('GET', '/sessions/whoami', by(opened))).status, 200)
    })

    test('where answers may be kept, whoami says for how long', async () => {
      const cacheFor = (header: Record<string, string>) => header['ory-session-cache-for']
      const db = await open()
      const server = serverWith(db, { cacheable: { enabled: true, maxAgeMicros: undefined } })
      const opened = await signIn(server, await storedIdentity(db))
      const whoami = async (s: typeof server, options?: RequestOptions) =>
        cacheFor((await s.public('GET', '/sessions/whoami', options)).headers)
      assert.equal(await whoami(server, by(opened)), '86399')
      assert.equal(await whoami(server), '60')
      assert.equal(await whoami(server, { headers: { cookie: 'ory_kratos_session=garbage' } }), '60')
      assert.equal(await whoami(server, { headers: { authorization: 'Basic dTpw' } }), '60')
      assert.equal(await whoami(server, { headers: { 'x-session-token': 'ory_st_garbage' } }), undefined)
      assert.equal(cacheFor((await server.public('GET', '/sessions', by(opened))).headers), undefined)
      const capped = serverWith(db, { cacheable: { enabled: true, maxAgeMicros: hour / 12 } })
      assert.equal(await whoami(capped, by(opened)), '300')
      assert.equal(await whoami(serverWith(db), by(opened)), undefined)
    })

    test('a session is shown as a token on request, to the tokenizer as plain data', async () => {
      const db = await open()
      const given: unknown[] = []
      const server = serverWith(db, {
        cacheable: { enabled: true, maxAgeMicros: undefined },
        tokenizer: {
          tokenize(template, session, identity) {
            given.push(template, session, identity)
            return Promise.resolve('a.b.c')
          },
        },
      })
      const ada = await storedIdentity(db, { externalId: 'customer-1' })
      const opened = await signIn(server, ada)
      const { body, headers } = await server.public(
        'GET',
        '/sessions/whoami?tokenize_as=first&tokenize_as=second',
        by(opened),
      )
      const { tokenized, ...session } = body
      assert.equal(tokenized, 'a.b.c')
      assert.equal(headers['ory-session-cache-for'], undefined)
      assert.deepEqual(given, ['first', session, { id: ada.id, external_id: 'customer-1' }])
      assert.deepEqual(session.identity?.traits, { email: 'ada@example.test' })

      const plain = await server.public('GET', '/sessions/whoami?tokenize_as=', by(opened))
      assert.equal(plain.body.tokenized, undefined)
      assert.equal((await serverWith(db).public('GET', '/sessions/whoami?tokenize_as=x', by(opened))).status, 400)
    })

    test('people see their other active sessions, newest first', async () => {
      const server = serverWith(await open())
      const [ada, bob] = [await storedIdentity(server.db), await storedIdentity(server.db)]
      const short = await signIn({ ...server, lifespan: hour }, ada)
      const [first, second, revoked, mine] = [
        await signIn(server, ada),
        await signIn(server, ada),
        await signIn(server, ada),
        await signIn(server, ada),
      ]
      await signIn(server, bob)
      await server.public('DELETE', `/sessions/${revoked.session.id}`, by(mine))
      server.clock.pass(2 * hour)
      const { status, headers, body } = await server.public<Body[]>('GET', '/sessions', by(mine))
      assert.equal(status, 200)
      assert.deepEqual(
        body.map((s) => s.id),
        [second.session.id, first.session.id],
      )
      assert.ok(!body.some((s) => s.id === short.session.id))
      assert.equal(headers['x-total-count'], '2')
      assert.deepEqual(Object.keys(body[0]!.identity!).includes('verifiable_addresses'), false)
      assert.equal(body[0]!.identity!.schema_url, '')
      assert.equal(body[0]!.devices?.length, 1)
    })

    test('the links of a list lead to every row once', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const others: OpenedSession[] = []
      for (let i = 0; i < 5; i++) others.push(await signIn(server, ada))
      const mine = await signIn(server, ada)
      const pages: string[][] = []
      for (let url: string | undefined = '/sessions?per_page=2'; url;) {
        const { headers, body } = await server.public<Body[]>('GET', url, by(mine))
        pages.push(body.map((s) => s.id))
        const links = linksOf(headers.link)
        assert.ok(pages.length < 4)
        url = links.next ?? (pages.length === 2 ? links.last : undefined)
      }
      const ids = others.map((s) => s.session.id).toReversed()
      assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)])
    })

    test('a person ends one other session, or all of them, but not the one in use and nobody else’s', async () => {
      const server = serverWith(await open())
      const [ada, bob] = [await storedIdentity(server.db), await storedIdentity(server.db)]
      const [one, two, mine, foreign] = [
        await signIn(server, ada),
        await signIn(server, ada),
        await signIn(server, ada),
        await signIn(server, bob),
      ]
      const works = async (s: OpenedSession) => (await server.public('GET', '/sessions/whoami', by(s))).status === 200
      const end = (id: string) => server.public('DELETE', `/sessions/${id}`, by(mine))

      const gone = await end(`urn:uuid:${one.session.id}`)
      assert.deepEqual([gone.status, gone.headers['content-type']], [204, 'application/json; charset=utf-8'])
      assert.deepEqual([await works(one), await works(two)], [false, true])

      assert.equal((await end(foreign.session.id)).status, 204)
      assert.equal((await end(nilUuid)).status, 204)
      assert.equal(await works(foreign), true)

      for (const id of [mine.session.id, `urn:uuid:${mine.session.id}`, 'not-a-uuid', 'token-exchange']) {
        const { status, body } = await end(id)
        assert.equal(status, 400)
        assert.deepEqual(bare(body), ['code', 'status', 'message'])
      }

      // Those that were ended before count as well.
      assert.deepEqual((await server.public('DELETE', '/sessions', by(mine))).body, { count: 2 })
      assert.deepEqual([await works(two), await works(mine), await works(foreign)], [false, true, true])
      for (const path of ['/sessions', '/sessions/not-a-uuid'])
        assert.equal((await server.public('DELETE', path)).status, 401)
    })

    test('a disabled person still sees and ends sessions', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db, { state: 'inactive' })
      const [other, mine] = [await signIn(server, ada), await signIn(server, ada)]
      const { body } = await server.public<Body[]>('GET', '/sessions', by(mine))
      assert.deepEqual(
        body.map(({ id, active }) => ({ id, active })),
        [{ id: other.session.id, active: false }],
      )
      assert.equal((await server.public('DELETE', `/sessions/${other.session.id}`, by(mine))).status, 204)
    })

    test('an app that signed in through a browser gets the session for both codes', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const [login, registration] = [newUuid(), newUuid()]
      const { initCode, statement } = openExchange(server, login)
      await server.db.batch([statement, handOnExchange(login, registration)])
      const exchange = (a: string, b: string) =>
        server.public<{ session_token: string; session: Body; state?: string }>(
          'GET',
          `/sessions/token-exchange?init_code=${a}&return_to_code=${b}`,
        )

      // Nobody has signed in yet: the app is shown the flow.
      const denied = answerExchange(server, registration)
      await server.db.batch([denied.statement])
      const flow = newFlow({
        name: 'registration',
        type: 'api',
        requestUrl: 'https://id.example/self-service/registration/api',
        state: 'choose_method',
        lifespanMicros: hour,
        publicBaseUrl: 'https://id.example/',
        now: server.clock.now(),
      })
      server.flows.set(registration, registrationFlow({ ...flow, id: registration }))
      const waiting = await exchange(initCode.reveal(), denied.returnToCode.reveal())
      assert.deepEqual([waiting.status, waiting.body.state], [422, 'choose_method'])
      server.flows.clear()
      assert.equal((await exchange(initCode.reveal(), denied.returnToCode.reveal())).status, 404)

      const opened = await signIn(server, ada)
      const { returnToCode, statement: done } = answerExchange(server, registration, opened)
      await server.db.batch([done])
      const [init, back] = [initCode.reveal(), returnToCode.reveal()]
      for (const [a, b] of [
        [init, init],
        [back, init],
        [init, back.toLowerCase()],
        [init, denied.returnToCode.reveal()],
        ['x', 'y'],
      ] as const)
        assert.equal((await exchange(a, b)).status, 404)
      for (const [a, b] of [
        [init, ''],
        ['', back],
        ['', ''],
      ] as const)
        assert.equal((await exchange(a, b)).status, 400)

      for (const time of ['first', 'second']) {
        const { status, body } = await exchange(init, back)
        assert.equal(status, 200, time)
        assert.equal(body.session_token, opened.token.reveal())
        assert.deepEqual(body.session.devices, [])
        assert.equal(body.session.identity?.id, ada.id)
      }
      // An answer that got lost can be asked for again, but not for ever.
      server.clock.pass(hour / 30)
      assert.equal((await exchange(init, back)).status, 404)
    })

    test('the codes of a session are of no use once it ended, or when nobody comes for it', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const codes = async () => {
        const opened = await signIn(server, ada)
        const flow = newUuid()
        const { initCode, statement } = openExchange(server, flow)
        const { returnToCode, statement: done } = answerExchange(server, flow, opened)
        await server.db.batch([statement, done])
        return { opened, query: `init_code=${initCode.reveal()}&return_to_code=${returnToCode.reveal()}` }
      }
      const [ended, forgotten] = [await codes(), await codes()]
      await server.admin('DELETE', `/sessions/${ended.opened.session.id}`)
      assert.equal((await server.public('GET', `/sessions/token-exchange?${ended.query}`)).status, 404)
      server.clock.pass(hour / 4)
      assert.equal((await server.public('GET', `/sessions/token-exchange?${forgotten.query}`)).status, 404)
    })

    test('operators page through everybody’s sessions', async () => {
      const server = serverWith(await open())
      const [ada, bob] = [await storedIdentity(server.db), await storedIdentity(server.db)]
      const ids: string[] = []
      for (const identity of [ada, ada, bob, bob, bob]) ids.unshift((await signIn(server, identity)).session.id)
      const seen: string[] = []
      const sizes: number[] = []
      let url: string | undefined = '/admin/sessions?page_size=2&page=7'
      while (url) {
        const { status, headers, body }: Answer<Body[]> = await server.admin<Body[]>('GET', url)
        assert.equal(status, 200)
        assert.equal(headers['x-total-count'], undefined)
        seen.push(...body.map((s) => s.id))
        sizes.push(body.length)
        assert.ok(body.every((s) => s.identity === null && s.devices === null))
        const links = linksOf(headers.link)
        assert.match(links.first!, /^\/admin\/sessions\?page=7&page_size=2&page_token=/)
        url = links.next
      }
      assert.deepEqual(seen, ids)
      assert.deepEqual(sizes, [2, 2, 1])
      const { body } = await server.admin<Body[]>('GET', '/sessions?expand=identity&expand=devices')
      assert.deepEqual(body[0]!.identity?.metadata_admin, { note: 1 })
      assert.equal(body[0]!.identity?.schema_url, 'https://id.example.test/schemas/cGVyc29u')
      assert.equal(body[0]!.devices?.length, 1)
    })

    test('operators filter by activity', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const [expired, revoked, active] = [
        await signIn({ ...server, lifespan: hour }, ada),
        await signIn(server, ada),
        await signIn(server, ada),
      ]
      await server.admin('DELETE', `/sessions/${revoked.session.id}`)
      server.clock.pass(2 * hour)
      for (const base of ['/admin/sessions', `/admin/identities/${ada.id}/sessions`]) {
        const list = async (query: string) =>
          (await server.admin<Body[]>('GET', `${base}?${query}`)).body.map((s) => s.id)
        assert.deepEqual(await list('active=true'), [active.session.id])
        assert.deepEqual(await list('active=0'), [revoked.session.id, expired.session.id])
        assert.deepEqual(await list('active='), [active.session.id, revoked.session.id, expired.session.id])
        const { status, body } = await server.admin('GET', `${base}?active=maybe`)
        assert.equal(status, 400)
        assert.deepEqual(bare(body), ['code', 'status', 'message'])
      }
    })

    test('operators read a session with what they ask for', async () => {
      const server = serverWith(await open())
      const { session } = await signIn(server, await storedIdentity(server.db))
      const get = async (query: string) => (await server.admin('GET', `/admin/sessions/${session.id}?${query}`)).body
      assert.deepEqual([(await get('')).identity, (await get('')).devices], [null, []])
      assert.deepEqual((await get('expand=identity')).identity?.metadata_admin, { note: 1 })
      assert.equal((await get('expand=devices')).devices?.length, 1)
      const status = async (target: string) => (await server.admin('GET', target)).status
      assert.equal(await status(`/admin/sessions/${session.id}?expand=nothing`), 400)
      assert.equal(await status('/admin/sessions/not-a-uuid'), 400)
      assert.equal(await status('/admin/sessions/token-exchange'), 400)
      assert.equal(await status(`/admin/sessions/${nilUuid}`), 404)
    })

    test('disabling keeps a session, deleting those of an identity does not', async () => {
      const server = serverWith(await open())
      const [ada, bob] = [await storedIdentity(server.db), await storedIdentity(server.db)]
      const [one, foreign] = [await signIn(server, ada), await signIn(server, bob)]
      const target = `/admin/sessions/${one.session.id}`
      for (let i = 0; i < 2; i++) {
        const { status, headers } = await server.admin('DELETE', target)
        assert.deepEqual([status, headers['content-type']], [204, 'application/json; charset=utf-8'])
      }
      assert.equal((await server.admin('GET', target)).body.active, false)
      assert.equal((await server.admin('DELETE', `/admin/sessions/${nilUuid}`)).status, 404)

      const all = `/admin/identities/${ada.id}/sessions`
      const { status, headers } = await server.admin('DELETE', all)
      assert.deepEqual([status, headers['content-type']], [204, undefined])
      assert.equal((await server.admin('GET', target)).status, 404)
      assert.equal((await server.admin('DELETE', all)).status, 404)
      assert.equal((await server.admin('DELETE', '/admin/identities/not-a-uuid/sessions')).status, 400)
      assert.equal((await server.public('GET', '/sessions/whoami', by(foreign))).status, 200)
    })

    test('the sessions of one identity come with it as operators see it, without addresses', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const { session } = await signIn(server, ada)
      const { headers, body } = await server.admin<Body[]>('GET', `/admin/identities/${ada.id}/sessions`)
      assert.equal(headers['x-total-count'], '1')
      assert.deepEqual(
        [body[0]!.id, body[0]!.identity?.schema_url, body[0]!.identity?.metadata_admin],
        [session.id, '', { note: 1 }],
      )
      const nobody = await server.admin('GET', `/admin/identities/${nilUuid}/sessions`)
      assert.deepEqual([nobody.status, nobody.body], [200, []])
      assert.deepEqual(Object.keys(linksOf(nobody.headers.link)), ['first', 'next', 'prev'])
    })

    test('extending gives a session a whole lifespan again and changes nothing else', async () => {
      const server = serverWith(await open())
      const opened = await signIn(server, await storedIdentity(server.db))
      const before = (await server.public('GET', '/sessions/whoami', by(opened))).body
      server.clock.pass(hour)
      const { status, body } = await server.admin('PATCH', `/admin/sessions/${opened.session.id}/extend`)
      assert.equal(status, 200)
      const { expires_at, ...same } = body
      assert.ok(Date.parse(expires_at) - Date.parse(before.expires_at) >= 3_600_000)
      const { expires_at: _, ...unchanged } = before
      assert.deepEqual(same, { ...unchanged, devices: [] })
      assert.equal((await server.public('GET', '/sessions/whoami', by(opened))).body.expires_at, expires_at)
      assert.equal((await server.admin('PATCH', `/admin/sessions/${nilUuid}/extend`)).status, 404)
      assert.equal((await server.admin('PATCH', '/admin/sessions/not-a-uuid/extend')).status, 400)
    })

    test('extending too early changes nothing, and still succeeds', async () => {
      const server = serverWith(await open(), { earliestPossibleExtendMicros: hour })
      const opened = await signIn(server, await storedIdentity(server.db))
      const extend = async () =>
        (await server.admin('PATCH', `/admin/sessions/${opened.session.id}/extend`)).body.expires_at
      const before = (await server.public('GET', '/sessions/whoami', by(opened))).body.expires_at
      assert.equal(await extend(), before)
      server.clock.pass(23 * hour)
      assert.notEqual(await extend(), before)
    })

    test('extending revives an expired session, but not a disabled one', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const [disabled, expired] = [await signIn(server, ada), await signIn(server, ada)]
      await server.admin('DELETE', `/sessions/${disabled.session.id}`)
      server.clock.pass(48 * hour)
      const extend = async (s: OpenedSession) =>
        (await server.admin('PATCH', `/sessions/${s.session.id}/extend`)).body.active
      assert.equal(await extend(disabled), false)
      assert.equal(await extend(expired), true)
      assert.equal((await server.public('GET', '/sessions/whoami', by(disabled))).status, 401)
      assert.equal((await server.public('GET', '/sessions/whoami', by(expired))).status, 200)
    })

    test('extending answers without the session where that is configured', async () => {
      const server = serverWith(await open(), { fasterExtend: true })
      const { session } = await signIn(server, await storedIdentity(server.db))
      const { status, headers } = await server.admin('PATCH', `/admin/sessions/${session.id}/extend`)
      assert.deepEqual([status, headers['content-type']], [204, undefined])
      assert.equal((await server.admin('PATCH', `/admin/sessions/${nilUuid}/extend`)).status, 404)
    })

    test('operators end many sessions at once', async () => {
      const server = serverWith(await open())
      const [ada, bob] = [await storedIdentity(server.db), await storedIdentity(server.db)]
      const [one, two, three, foreign] = [
        await signIn(server, ada),
        await signIn(server, ada),
        await signIn(server, ada),
        await signIn(server, bob),
      ]
      const post = async (body: unknown) =>
        (await server.admin('POST', '/admin/sessions', { body: JSON.stringify(body) })).body
      const done = (processed: number) => ({ processed, more: false })
      const ids = (...list: OpenedSession[]) => list.map((s) => s.session.id)
      assert.deepEqual(await post({ action: 'disable', sessions: [...ids(one, two, one), nilUuid] }), done(2))
      assert.deepEqual(await post({ action: 'disable', sessions: ids(one) }), done(0))
      assert.deepEqual(await post({ action: 'delete', sessions: [...ids(one), nilUuid, nilUuid] }), done(1))
      assert.deepEqual(await post({ action: 'disable', identities: [ada.id] }), done(1))
      assert.equal((await server.public('GET', '/sessions/whoami', by(three))).status, 401)
      assert.equal((await server.public('GET', '/sessions/whoami', by(foreign))).status, 200)
      assert.deepEqual(await post({ action: 'delete', identities: [ada.id, bob.id] }), done(3))
    })

    test('everybody’s sessions end in portions of five thousand', async () => {
      const server = serverWith(await open())
      const ada = await storedIdentity(server.db)
      const opened = await signIn(server, ada)
      await server.db.run(
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
         insert into sessions (id, identity_id, token_hash, active, aal, authentication_methods, issued_at, expires_at, created_at, updated_at)
         select cast(${server.db.dialect === 'postgres' ? 'gen_random_uuid()' : 'i'} as ${server.db.dialect === 'postgres' ? 'uuid' : 'text'}),
                s.identity_id, 'hash ' || i, s.active, s.aal, s.authentication_methods, s.issued_at, s.expires_at, s.created_at, s.updated_at
           from n, sessions s where s.id = $1`,
        [opened.session.id],
      )
      for (const action of ['disable', 'delete']) {
        const all = async () =>
          (await server.admin('POST', '/admin/sessions', { body: JSON.stringify({ action, identities: ['*'] }) })).body
        assert.deepEqual(await all(), { processed: 5000, more: true })
        assert.deepEqual(await all(), { processed: 1, more: false })
        assert.deepEqual(await all(), { processed: 0, more: false })
      }
    })
  })
}
