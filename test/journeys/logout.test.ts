import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Secret } from '../../src/crypto/secret.ts'
import type { Db } from '../../src/db/db.ts'
import { testDatabases } from '../support/databases.ts'
import { requestOf } from '../support/requests.ts'
import { credential, storedIdentity } from '../support/sessions.ts'
import { hashing, site } from '../support/site.ts'

const ada = { method: 'password', identifier: 'ada@example.test', password: 'difference-engine' }
const hash = await hashing.hash(new Secret(ada.password))

async function signedIn(db: Db, kind: 'browser' | 'spa' | 'native') {
  const identity = await storedIdentity(db, {
    credentials: { password: credential('password', { hashed_password: hash }) },
  })
  const { authenticate, client } = site(db)
  const me = client(kind)
  const token = (await me.submit((await me.open()).body, ada)).body.session_token
  const cookie = `session=${me.jar.get('session')}`
  const find = () => authenticate(requestOf('GET', '/', { headers: token ? { 'x-session-token': token } : { cookie } }))
  return { identity, me, token: token ?? '', isSignedIn: async () => (await find()) !== undefined }
}

for (const database of testDatabases()) {
  describe(`signing out, on ${database.name}`, () => {
    test('a browser follows its own address, loses its cookie and gets a new secret for forms', async () => {
      const { me, isSignedIn } = await signedIn(await database.open(), 'browser')
      const secret = me.jar.get('csrf')
      const { body } = await me.call('GET', '/self-service/logout/browser?return_to=/deep')
      const url = new URL(body.logout_url)
      assert.equal(url.searchParams.get('return_to'), 'https://app.example/deep')
      const out = await me.call('GET', url.pathname + url.search)
      assert.deepEqual(
        [out.status, out.location, me.jar.has('session'), await isSignedIn()],
        [303, 'https://app.example/deep', false, false],
      )
      assert.notEqual(me.jar.get('csrf'), secret)
    })

    test('another site cannot sign a person out, as it does not know the token', async () => {
      const { me, isSignedIn } = await signedIn(await database.open(), 'spa')
      const refused = await me.call('GET', '/self-service/logout?token=ory_lo_guess')
      assert.deepEqual([refused.status, await isSignedIn()], [403, true])
      assert.equal((await me.call('GET', '/self-service/logout')).status, 400)
    })

    test('an address that is not allowed signs nobody out', async () => {
      const { me, isSignedIn } = await signedIn(await database.open(), 'spa')
      const { body } = await me.call('GET', '/self-service/logout/browser')
      const refused = await me.call(
        'GET',
        `/self-service/logout?token=${body.logout_token}&return_to=https://evil.example`,
      )
      assert.equal(refused.body.error?.id, 'self_service_flow_return_to_forbidden')
      assert.equal(await isSignedIn(), true)
    })

    test('a session that was found by its header really ends', async () => {
      const { me, token, isSignedIn } = await signedIn(await database.open(), 'native')
      const header = { 'x-session-token': token }
      const { body } = await me.call('GET', '/self-service/logout/browser', undefined, header)
      assert.equal(
        (await me.call('GET', `/self-service/logout?token=${body.logout_token}`, undefined, header)).status,
        204,
      )
      assert.equal(await isSignedIn(), false)
    })

    test('an app ends its session by token, even a disabled person’s', async () => {
      const db = await database.open()
      const { identity, me, token, isSignedIn } = await signedIn(db, 'native')
      await db.run('update identities set state = $2 where id = $1', [identity.id, 'inactive'])
      assert.equal((await me.call('DELETE', '/self-service/logout/api', { session_token: token })).status, 204)
      assert.equal((await me.call('DELETE', '/self-service/logout/api', { session_token: token })).status, 204, 'again')
      await db.run('update identities set state = $2 where id = $1', [identity.id, 'active'])
      assert.equal(await isSignedIn(), false)
      assert.equal(
        (await me.call('DELETE', '/self-service/logout/api', { session_token: 'ory_st_unknown' })).status,
        403,
      )
      assert.equal((await me.call('DELETE', '/self-service/logout/api', { session_token: 1 })).status, 400)
    })
  })
}
