import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Secret } from '../../src/crypto/secret.ts'
import { ApiError, errors } from '../../src/errors.ts'
import { requireVerifiedAddress } from '../../src/hooks/require-verified-address.ts'
import { revokeActiveSessionsAtLogin } from '../../src/hooks/revoke-active-sessions.ts'
import { findIdentityWithCredentials } from '../../src/identities/store.ts'
import type { IdentityWithCredentials } from '../../src/identities/identity.ts'
import type { Db } from '../../src/db/db.ts'
import { testDatabases } from '../support/databases.ts'
import { requestOf } from '../support/requests.ts'
import { credential, hour, storedIdentity } from '../support/sessions.ts'
import { fieldsOf, hashing, site, textIds, type ClientKind } from '../support/site.ts'

const password = 'difference-engine'
const hash = await hashing.hash(new Secret(password))
const withPassword = (hashed = hash, email = 'ada@example.test') => ({
  password: credential('password', { hashed_password: hashed }, [email]),
})
const ada = { method: 'password', identifier: 'ada@example.test', password }
const storedAda = (db: Db, changes: Partial<IdentityWithCredentials> = {}) =>
  storedIdentity(db, { credentials: withPassword(), ...changes })
const kinds: readonly ClientKind[] = ['browser', 'spa', 'native']

const wrong = 4000006
const missing = 4000002
const generic = 4000001
const disabled = 4010011
const unknown = 4000037

for (const database of testDatabases()) {
  describe(`signing in, on ${database.name}`, () => {
    for (const kind of kinds) {
      test(`the right password opens a session for a ${kind}`, async () => {
        const db = await database.open()
        const identity = await storedAda(db)
        const { authenticate, client } = site(db)
        const me = client(kind)
        const done = await me.submit((await me.open('?return_to=https://app.example/deep')).body, ada)

        const token = done.body.session_token
        const found = await authenticate(
          requestOf('GET', '/', {
            headers: token ? { 'x-session-token': token } : { cookie: `session=${me.jar.get('session')}` },
          }),
        )
        assert.equal(found?.identity.id, identity.id)
        assert.equal(token !== undefined, kind === 'native')
        assert.equal(done.location, kind === 'browser' ? 'https://app.example/deep' : undefined)
      })

      test(`a wrong password and a name that nobody has look the same to a ${kind}`, async () => {
        const db = await database.open()
        await storedAda(db)
        const work: string[] = []
        const { client } = site(db, {
          hashing: {
            compare: async () => (work.push('compare'), false),
            spendLikeACompare: async () => void work.push('compare'),
          },
        })
        const me = client(kind)
        const forms = []
        for (const identifier of ['ada@example.test', 'bob@example.test']) {
          const form = (await me.open()).body
          const refused = await me.formAfter(await me.submit(form, { ...ada, identifier, password: 'guess' }), form)
          assert.ok(fieldsOf(refused).includes(`identifier:text=${identifier}`))
          forms.push({ texts: textIds(refused), fields: fieldsOf(refused).map((field) => field.split('=')[0]) })
        }
        assert.deepEqual(forms[0], forms[1])
        assert.deepEqual(forms[0]!.texts, [wrong])
        assert.deepEqual(work, ['compare', 'compare'])
      })

      test(`a ${kind} that comes too late goes on with a fresh form`, async () => {
        const db = await database.open()
        await storedAda(db)
        const { client, clock } = site(db)
        const me = client(kind)
        const form = (await me.open()).body
        clock.pass(2 * hour)
        const late = await me.submit(form, ada)
        const next = kind === 'browser' ? new URL(late.location!).searchParams.get('flow')! : late.body.use_flow_id!
        assert.equal(late.status, kind === 'browser' ? 303 : 410)
        const fresh = (await me.read(next)).body
        assert.deepEqual(textIds(fresh), [4010001])
        assert.equal((await me.submit(fresh, ada)).status, kind === 'browser' ? 303 : 200)
      })
    }

    test('everything that is missing is named at once', async () => {
      const me = site(await database.open()).client('native')
      const form = (await me.open()).body
      assert.deepEqual(textIds((await me.submit(form, { method: 'password' })).body), [missing, missing])
    })

    test('an identifier that no database can hold belongs to nobody', async () => {
      const { client, failures } = site(await database.open())
      const me = client('native')
      const refused = await me.submit((await me.open()).body, { ...ada, identifier: 'ada\0@example.test' })
      assert.deepEqual([refused.status, textIds(refused.body)], [400, [wrong]])
      assert.deepEqual(failures, [])
    })

    test('what a very long identifier leaves behind is bounded', async () => {
      const me = site(await database.open()).client('native')
      const refused = await me.submit((await me.open()).body, { ...ada, identifier: 'a'.repeat(100_000) })
      assert.ok(fieldsOf(refused.body).includes('identifier:text='))
    })

    test('a disabled account is told so only to whoever knows its password', async () => {
      const db = await database.open()
      await storedAda(db, { state: 'inactive' })
      const me = site(db).client('spa')
      const form = (await me.open()).body
      const guessed = (await me.submit(form, { ...ada, password: 'guess' })).body
      assert.deepEqual([textIds(guessed), guessed.active], [[wrong], undefined])
      const known = (await me.submit(form, ada)).body
      assert.deepEqual([textIds(known), known.active], [[disabled], 'password'])
      assert.equal(me.jar.has('session'), false)
    })

    test('a hash of another kind is replaced at the next login', async () => {
      const db = await database.open()
      const identity = await storedAda(db, {
        credentials: withPassword('$md5$pf=e1BBU1NXT1JEfQ==$iSQmA7WhkxfXoBtmRUYFcg=='),
      })
      const { client } = site(db, { hashing: { compare: async () => true } })
      const me = client('native')
      assert.equal((await me.submit((await me.open()).body, ada)).status, 200)
      const config = (await findIdentityWithCredentials(db, identity.id))!.credentials.password!.config
      assert.match(config['hashed_password'] as string, /^\$2a\$04\$/)
    })

    test('a hash that cannot be replaced keeps nobody out', async () => {
      const db = await database.open()
      await storedAda(db)
      const { client, rehashFailures } = site(db, {
        hashing: { needsRehash: () => true, hash: () => Promise.reject(errors.tooManyRequests('busy')) },
      })
      const me = client('native')
      assert.equal((await me.submit((await me.open()).body, ada)).status, 200)
      assert.equal(rehashFailures.length, 1)
    })

    test('two logins at once make two sessions, even when both renew the hash', async () => {
      const db = await database.open()
      await storedAda(db)
      const { client } = site(db, { hashing: { needsRehash: () => true } })
      const me = client('native')
      const form = (await me.open()).body
      const done = await Promise.all([me.submit(form, ada), me.submit(form, ada)])
      assert.deepEqual(
        done.map(({ status }) => status),
        [200, 200],
      )
      assert.notEqual(done[0]!.body.session.id, done[1]!.body.session.id)
    })

    test('a browser that does not own a form cannot make it its own by submitting nonsense', async () => {
      const db = await database.open()
      const { client } = site(db)
      const [owner, stranger] = [client('spa'), client('spa')]
      const form = (await owner.open()).body
      await stranger.open()
      assert.equal((await stranger.submit(form, { method: 'password' })).status, 400)
      assert.equal((await stranger.read(form.id)).status, 403)
      assert.equal((await owner.read(form.id)).status, 200)
    })

    test('a form needs the token of its browser, and an app must not come from a browser', async () => {
      const db = await database.open()
      await storedAda(db)
      const { client } = site(db)
      const [me, app] = [client('spa'), client('native')]
      const refused = await me.submit((await me.open()).body, { ...ada, csrf_token: 'none' })
      assert.deepEqual([refused.status, refused.body.error?.id], [403, 'security_csrf_violation'])
      const fromPage = await app.submit((await app.open()).body, ada, { origin: 'https://evil.example' })
      assert.deepEqual([fromPage.status, textIds(fromPage.body)], [400, [generic]])
    })

    test('who is signed in gets no form, but may confirm who they are in the same session', async () => {
      const db = await database.open()
      await storedAda(db)
      const me = site(db).client('spa')
      const first = await me.submit((await me.open()).body, ada)
      assert.equal((await me.open()).body.error?.id, 'session_already_available')

      const csrfCookie = me.jar.get('csrf')
      const form = (await me.open('?refresh=true')).body
      assert.deepEqual(textIds(form), [1010003])
      assert.ok(fieldsOf(form).includes('identifier:hidden=ada@example.test'))
      const again = await me.submit(form, ada)
      assert.equal(again.body.session.id, first.body.session.id)
      assert.equal(again.body.session.authentication_methods.length, 2)
      assert.equal(me.jar.get('csrf'), csrfCookie)
    })

    test('another person who confirms instead begins a session of their own', async () => {
      const db = await database.open()
      await storedAda(db)
      const bob = await storedIdentity(db, { credentials: withPassword(hash, 'bob@example.test') })
      const me = site(db).client('spa')
      const first = await me.submit((await me.open()).body, ada)
      const csrfCookie = me.jar.get('csrf')
      const other = await me.submit((await me.open('?refresh=true')).body, { ...ada, identifier: 'bob@example.test' })
      assert.equal(other.body.session.identity?.id, bob.id)
      assert.notEqual(other.body.session.id, first.body.session.id)
      assert.notEqual(me.jar.get('csrf'), csrfCookie)
    })

    test('a session with one factor of two is opened, but the browser is led on to the second', async () => {
      const db = await database.open()
      const totp = credential('totp', { totp_url: 'otpauth://totp/ada?secret=KRSXG5CTMVRXEZLU' }, [])
      await storedAda(db, { credentials: { ...withPassword(), totp } })
      const { client } = site(db)
      const [page, spa, app] = [client('browser'), client('spa'), client('native')]
      const next = 'https://id.example/self-service/login/browser?aal=aal2&return_to=https%3A%2F%2Fapp.example%2Fdeep'

      const led = await page.submit((await page.open('?return_to=https://app.example/deep')).body, ada)
      assert.deepEqual([led.status, led.location, page.jar.has('session')], [303, next, true])
      const told = await spa.submit((await spa.open('?return_to=https://app.example/deep')).body, ada)
      assert.deepEqual([told.status, told.body.redirect_browser_to, spa.jar.has('session')], [422, next, true])
      const half = await app.submit((await app.open()).body, ada)
      assert.deepEqual([half.status, half.body.session.identity], [200, null])

      const step = await spa.open('?aal=aal2')
      assert.deepEqual([step.status, textIds(step.body)], [200, [1010004]])
    })

    test('a native app may ask for a code with which it picks its session up later', async () => {
      const me = site(await database.open()).client('native')
      assert.match(
        (await me.open('?return_session_token_exchange_code=true')).body.session_token_exchange_code ?? '',
        /^[A-Za-z0-9]{64}$/,
      )
      assert.equal((await me.open()).body.session_token_exchange_code, undefined)
    })
  })

  describe(`identifier first, on ${database.name}`, () => {
    test('the way to sign in is asked for once the person is known', async () => {
      const db = await database.open()
      await storedAda(db)
      const me = site(db, { style: 'identifier_first' }).client('spa')
      const form = (await me.open()).body
      assert.deepEqual(fieldsOf(form), ['identifier:text=', 'method:submit=identifier_first'])
      const who = { method: 'identifier_first', identifier: 'ADA@example.test' }
      const second = await me.submit(form, who)
      const shown = ['identifier:hidden=ADA@example.test', 'password:password', 'method:submit=password']
      assert.deepEqual([second.status, fieldsOf(second.body)], [400, shown])
      assert.deepEqual(fieldsOf((await me.submit(form, who)).body), shown, 'asked again, the form stays the same')
      assert.equal((await me.submit(second.body, { ...ada, identifier: who.identifier })).status, 200)
    })

    test('who has no account is told so, unless that is a secret', async () => {
      const db = await database.open()
      await storedAda(db)
      const who = { method: 'identifier_first', identifier: 'bob@example.test' }
      const open = site(db, { style: 'identifier_first' }).client('spa')
      assert.deepEqual(textIds((await open.submit((await open.open()).body, who)).body), [unknown])

      const secretive = site(db, { style: 'identifier_first', mitigateEnumeration: true }).client('spa')
      const [nobody, somebody] = [
        await secretive.submit((await secretive.open()).body, who),
        await secretive.submit((await secretive.open()).body, { ...who, identifier: 'ada@example.test' }),
      ]
      const withoutValue = (fields: string[]) => fields.map((field) => field.replace(/=.*@.*/, ''))
      assert.deepEqual(withoutValue(fieldsOf(nobody.body)), withoutValue(fieldsOf(somebody.body)))
      assert.deepEqual(textIds(nobody.body), [])
    })
  })

  describe(`hooks after a login, on ${database.name}`, () => {
    test('all other sessions end, those of other people do not', async () => {
      const db = await database.open()
      await storedAda(db)
      await storedIdentity(db, { credentials: withPassword(hash, 'bob@example.test') })
      const { authenticate, client } = site(db, {
        hooksAfter: () => [revokeActiveSessionsAtLogin({ clock: { now: () => 1 } })],
      })
      const me = client('native')
      const form = (await me.open()).body
      const tokens = []
      for (const identifier of ['ada@example.test', 'bob@example.test', 'ada@example.test']) {
        tokens.push((await me.submit(form, { ...ada, identifier })).body.session_token!)
      }
      const alive = await Promise.all(
        tokens.map((token) => authenticate(requestOf('GET', '/', { headers: { 'x-session-token': token } }))),
      )
      assert.deepEqual(
        alive.map((found) => found !== undefined),
        [false, true, true],
      )
    })

    test('without a verified address nobody gets in', async () => {
      const db = await database.open()
      const address = {
        id: '0b3f1f62-2f7c-4f0e-8a53-6a0f0d5b7a10',
        via: 'email',
        value: 'ada@example.test',
        verified: false,
        status: 'pending',
        createdAt: 1,
        updatedAt: 1,
      } as const
      await storedAda(db, { verifiableAddresses: [address] })
      const hook = requireVerifiedAddress({ verification: { settings: { enabled: false } } } as never)
      const me = site(db, { hooksAfter: () => [hook] }).client('spa')
      const refused = await me.submit((await me.open()).body, ada)
      assert.deepEqual(
        [refused.status, refused.body.error?.id, refused.body.error?.code],
        [403, 'session_verified_address_required', 400],
      )
      assert.equal(me.jar.has('session'), false)
    })

    test('what one hook did stays done when the next one refuses, and nobody is signed in', async () => {
      const db = await database.open()
      await storedAda(db)
      let refuse = false
      const { authenticate, client } = site(db, {
        hooksAfter: () => [
          revokeActiveSessionsAtLogin({ clock: { now: () => 1 } }),
          async () => {
            if (refuse) throw errors.badRequest('Not today.')
          },
        ],
      })
      const me = client('native')
      const form = (await me.open()).body
      const token = (await me.submit(form, ada)).body.session_token!
      refuse = true
      const refused = await me.submit(form, ada)
      assert.deepEqual([refused.status, textIds(refused.body), refused.body.active], [400, [generic], 'password'])
      assert.equal(await authenticate(requestOf('GET', '/', { headers: { 'x-session-token': token } })), undefined)
    })

    test('a session that is revoked while its owner confirms it does not come back to life', async () => {
      const db = await database.open()
      await storedAda(db)
      let revoke = async (): Promise<void> => {}
      const { authenticate, client } = site(db, { hooksAfter: () => [() => revoke()] })
      const me = client('spa')
      await me.submit((await me.open()).body, ada)
      const form = (await me.open('?refresh=true')).body
      revoke = async () => void (await db.run('update sessions set active = $1', [false]))
      const late = await me.submit(form, ada)
      assert.deepEqual([late.status, late.body.error?.id], [401, 'session_inactive'])
      assert.equal(
        await authenticate(requestOf('GET', '/', { headers: { cookie: `session=${me.jar.get('session')}` } })),
        undefined,
      )
    })

    test('a hook that needs an address says so when the schema has none', async () => {
      const db = await database.open()
      const identity = await storedAda(db)
      const event = { flow: {}, method: 'password', identity, session: {} } as never
      await assert.rejects(
        requireVerifiedAddress({} as never)(event, {}),
        (error: unknown) => error instanceof ApiError && error.body.id === 'invalid_configuration',
      )
    })
  })
}
