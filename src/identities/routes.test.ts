import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkedPort } from '../../test/support/checked-port.ts'
import { testDatabases } from '../../test/support/databases.ts'
import { requestOf, type RequestOptions } from '../../test/support/requests.ts'
import { testClock } from '../../test/support/sessions.ts'
import { createCipher } from '../crypto/cipher.ts'
import { createVault } from '../crypto/vault.ts'
import type { Db } from '../db/db.ts'
import { errors } from '../errors.ts'
import { createAdminPort } from '../http/ports.ts'
import { newUuid } from '../lib/uuid.ts'
import { getIdentity } from './change.ts'
import { credentialTypes, type CredentialType } from './identity.ts'
import * as normalisers from './normalise.ts'
import { identityRoutes } from './routes.ts'
import { createIdentitySchemas } from './schemas.ts'
import { updateIdentity } from './store.ts'

const marks = {
  credentials: {
    password: { identifier: true },
    webauthn: { identifier: true },
    code: { identifier: true, via: 'email' },
  },
  verification: { via: 'email' },
  recovery: { via: 'email' },
}
const person = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: { type: 'string', format: 'email', 'ory.sh/kratos': marks },
        phone: { type: 'string', 'ory.sh/kratos': { recovery: { via: 'sms' } } },
        name: { type: 'string', 'ory.sh/kratos': { credentials: { password: { identifier: true } } } },
        score: { type: 'number' },
      },
      additionalProperties: false,
    },
  },
}
const documents: Record<string, unknown> = { person, loose: { properties: { traits: { properties: { any: {} } } } } }

type Body = Record<string, unknown> & {
  id: string
  credentials: Record<string, { identifiers: string[] | null; version: number; config?: Record<string, unknown> }>
  verifiable_addresses: {
    id: string
    value: string
    verified: boolean
    status: string
    verified_at?: string
    created_at: string
  }[]
  recovery_addresses: { id: string; value: string }[]
  error: Record<string, unknown>
}
type BatchAnswer = {
  identities: ({ action: string; identity?: string; patch_id?: string; error?: Record<string, unknown> } | null)[]
}

/** The admin port with nothing but the routes for identities. */
function serverWith(db: Db, { schemaIds = Object.keys(documents) }: { schemaIds?: string[] } = {}) {
  const schemas = createIdentitySchemas({
    schemas: schemaIds.map((id) => ({ id, url: `base64://${id}`, selfservice_selectable: false })),
    defaultId: 'person',
    sources: {
      ids: schemaIds,
      has: (id) => schemaIds.includes(id),
      documentOf: (id) => Promise.resolve(JSON.stringify(documents[id])),
    },
    loadRef: () => Promise.reject(new Error('There are no references.')),
    disallowRefs: false,
  })
  const hashed: string[] = []
  const cipher = createCipher({ algorithm: 'aes', secrets: ['0123456789abcdef0123456789abcdef'] })
  const vault = createVault(['a secret of an operator'])
  const port = checkedPort(
    'admin',
    createAdminPort({
      routes: identityRoutes({
        db,
        clock: testClock(),
        schemas,
        normalisers,
        rules: { codePasswordless: false, codeMfa: false, migrationHook: false },
        hashing: {
          async hash(password) {
            if (password.reveal().length > 72) throw errors.badRequest('The password is too long.')
            hashed.push(password.reveal())
            return `$2a$04$${'h'.repeat(53)}`
          },
        },
        cipher,
        vault,
        publicBaseUrl: 'https://id.example.test/auth/',
        adminBaseUrl: 'https://admin.example.test/',
      }),
      onFailure(_request, error) {
        throw error
      },
    }),
  )
  const ask = async <T = Body>(method: string, target: string, options?: RequestOptions) => {
    const { response } = await port(requestOf(method, `/admin/identities${target}`, options))
    const text = response.body?.toString() ?? ''
    return {
      status: response.status,
      headers: response.headers ?? {},
      text,
      body: (text === '' ? {} : JSON.parse(text)) as T,
    }
  }
  const send = <T = Body>(method: string, target: string, body: unknown) =>
    ask<T>(method, target, {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  return {
    db,
    port,
    hashed,
    cipher,
    ask,
    get: <T = Body>(target: string) => ask<T>('GET', target),
    post: (body: unknown) => send('POST', '', body),
    put: (id: string, body: unknown) => send('PUT', `/${id}`, body),
    patch: (id: string, operations: unknown) => send('PATCH', `/${id}`, operations),
    batch: (identities: unknown) => send<BatchAnswer & { error: Record<string, unknown> }>('PATCH', '', { identities }),
    delete: (target: string) => ask('DELETE', target),
  }
}

const hash = '$2a$04$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42'
const withHash = { password: { config: { hashed_password: hash } } }
const links = (...subjects: string[]) => ({
  oidc: { config: { providers: subjects.map((subject) => ({ provider: 'acme', subject })) } },
})
const ada = { traits: { email: 'Ada@Example.test' } }
const everything = credentialTypes.map((type) => `include_credential=${type}`).join('&')

for (const { name, open } of testDatabases()) {
  describe(name, () => {
    test('a new identity is answered without its secrets and found again with them', async () => {
      const server = serverWith(await open())
      const made = await server.post({ ...ada, credentials: withHash, metadata_admin: { note: 1 } })
      assert.equal(made.status, 201)
      assert.equal(made.headers.location, `https://admin.example.test/identities/${made.body.id}`)
      assert.equal(made.body.schema_url, 'https://id.example.test/auth/schemas/cGVyc29u')
      assert.deepEqual(made.body.traits, ada.traits)
      const { password, code } = made.body.credentials
      assert.deepEqual([password!.identifiers, password!.version, code!.version], [['ada@example.test'], 0, 1])
      assert.ok(!made.text.includes(hash))
      const { body } = await server.get(`/${made.body.id}?include_credential=password`)
      assert.deepEqual(body.credentials.password!.config, { hashed_password: hash })
      assert.equal(body.credentials.password!.version, 1)
      assert.deepEqual(body.metadata_admin, { note: 1 })
      assert.equal(body.verifiable_addresses[0]!.value, 'ada@example.test')
    })

    test('admin metadata that was not sent is missing in the answer to a write and null in a read', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      assert.ok(!('metadata_admin' in body))
      assert.ok(!('metadata_admin' in (await server.put(body.id, ada)).body))
      assert.equal((await server.patch(body.id, [])).body.metadata_admin, null)
      assert.equal((await server.get(`/${body.id}`)).body.metadata_admin, null)
    })

    test('numbers keep their spelling, also where a patch and a telephone number change something else', async () => {
      const server = serverWith(await open())
      const made = await server.post(
        '{"traits":{"phone":"+1 650 253 0002","score":1.10},"metadata_public":{"n":12345678901234567890}}',
      )
      assert.match(made.text, /"traits":\{"phone":"\+16502530002","score":1\.10\}/)
      const patched = await server.patch(made.body.id, [{ op: 'add', path: '/metadata_admin', value: 5 }])
      assert.match(patched.text, /"score":1\.10/)
      assert.match(patched.text, /"n":12345678901234567890/)
      const { text } = await server.get(`/${made.body.id}`)
      assert.match(text, /"metadata_admin":5,/)
      assert.match(text, /"n":12345678901234567890/)
    })

    test('a taken identifier, address, external id or link is a conflict, and nothing is left behind', async () => {
      const server = serverWith(await open())
      await server.post({ ...ada, external_id: 'crm-1', credentials: links('1') })
      for (const body of [
        ada,
        { traits: {}, external_id: 'crm-1' },
        { traits: { name: 'bob' }, credentials: links('1') },
      ]) {
        const { status, body: answer } = await server.post(body)
        assert.equal(status, 409)
        assert.ok(answer.error.reason)
      }
      assert.equal((await server.get<Body[]>('')).body.length, 1)
      assert.equal((await server.post({ traits: { name: 'bob' } })).status, 201)
    })

    test('of many who register the same at once, one succeeds', async () => {
      const server = serverWith(await open())
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => server.post({ ...ada, credentials: links('1') })),
      )
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, ...Array.from({ length: 11 }, () => 409)])
      const again = await Promise.all([
        server.batch([{ create: ada }]),
        server.batch([{ create: ada }, { create: { traits: { name: 'x' } } }]),
      ])
      assert.deepEqual(
        again.map(({ status }) => status),
        [409, 200],
      )
    })

    test('a trait to sign in with that holds nothing is refused', async () => {
      const server = serverWith(await open())
      for (const written of ['', '  ', '\u200b'])
        assert.equal((await server.post({ traits: { name: written } })).status, 400)
    })

    test('an identity whose schema is gone can be read, listed and deleted', async () => {
      const db = await open()
      const { body } = await serverWith(db).post({ schema_id: 'loose', traits: { any: 1 } })
      const server = serverWith(db, { schemaIds: ['person'] })
      assert.equal((await server.get(`/${body.id}`)).body.schema_id, 'loose')
      assert.equal((await server.get<Body[]>('')).body.length, 1)
      assert.equal((await server.put(body.id, { traits: {} })).status, 400)
      assert.equal((await server.put(body.id, { traits: {}, schema_id: 'person' })).status, 200)
      assert.equal((await server.delete(`/${body.id}`)).status, 204)
    })

    test('replacing forgets what is left out, but not the state, the schema and the credentials', async () => {
      const server = serverWith(await open())
      const { body } = await server.post({
        ...ada,
        state: 'inactive',
        external_id: 'crm',
        metadata_public: 1,
        metadata_admin: 2,
        credentials: withHash,
      })
      await server.put(body.id, { traits: { email: 'ada@new.test' } })
      const { body: after } = await server.get(`/${body.id}?include_credential=password`)
      assert.deepEqual(
        [after.state, after.external_id, after.metadata_public, after.metadata_admin],
        ['inactive', undefined, null, null],
      )
      assert.deepEqual(after.credentials.password!.config, { hashed_password: hash })
      assert.deepEqual(after.credentials.password!.identifiers, ['ada@new.test'])
      assert.equal(after.state_changed_at, body.state_changed_at)
      assert.notEqual(after.verifiable_addresses[0]!.id, body.verifiable_addresses[0]!.id)
    })

    test('identifiers can change hands in one request', async () => {
      const server = serverWith(await open())
      const { body } = await server.post({ traits: { email: 'a@x.test', name: 'b' } })
      const swapped = await server.put(body.id, { traits: { email: 'b@x.test', name: 'a@x.test' } })
      assert.equal(swapped.status, 200)
      assert.equal((await server.post({ traits: { name: 'b' } })).status, 201)
    })

    test('two patches at once are both kept', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      const patches = ['a', 'b', 'c'].map((key) =>
        server.patch(body.id, [{ op: 'add', path: `/metadata_public/${key}`, value: 1 }]),
      )
      assert.deepEqual(
        (await Promise.all(patches)).map(({ status }) => status),
        [200, 200, 200],
      )
      assert.deepEqual((await server.get(`/${body.id}`)).body.metadata_public, { a: 1, b: 1, c: 1 })
    })

    test('whoever wrote in between is noticed', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      const read = await getIdentity(server.db, body.id)
      await server.patch(body.id, [{ op: 'add', path: '/metadata_admin', value: 1 }])
      await assert.rejects(
        server.db.batch(updateIdentity(read, { ...read, updatedAt: 1 }, { unchangedSince: read.updatedAt })),
      )
    })

    test('an address that is verified by a patch stays the same one, a removed one begins anew', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      const verified = await server.patch(body.id, [
        { op: 'replace', path: '/verifiable_addresses/0/verified', value: true },
      ])
      const [address] = verified.body.verifiable_addresses
      assert.deepEqual(
        [address!.id, address!.verified, address!.status],
        [body.verifiable_addresses[0]!.id, true, 'pending'],
      )
      assert.ok(address!.verified_at)
      assert.equal(address!.created_at, body.verifiable_addresses[0]!.created_at)
      const stored = (await server.get(`/${body.id}`)).body
      assert.deepEqual(stored.verifiable_addresses, verified.body.verifiable_addresses)
      const removed = await server.patch(body.id, [
        { op: 'remove', path: '/verifiable_addresses' },
        { op: 'remove', path: '/recovery_addresses/0' },
      ])
      assert.notEqual(removed.body.verifiable_addresses[0]!.id, address!.id)
      assert.deepEqual(
        [removed.body.verifiable_addresses[0]!.verified, removed.body.verifiable_addresses[0]!.status],
        [false, 'pending'],
      )
      assert.deepEqual(removed.body.recovery_addresses, stored.recovery_addresses)
    })

    test('a patch cannot reach links, other types of credentials or a hash that nobody can compute', async () => {
      const server = serverWith(await open())
      const { body } = await server.post({ ...ada, credentials: { ...withHash, ...links('1') } })
      for (const operation of [
        { op: 'replace', path: '/Credentials/OIDC/config', value: {} },
        { op: 'remove', path: '/credentials/oidc/config/providers/0' },
        { op: 'add', path: '/credentials/unknown', value: { type: 'unknown' } },
        { op: 'add', path: '/credentials/password/config/hashed_password', value: 'rubbish' },
        { op: 'add', path: '/credentials/password/config', value: 'text' },
        { op: 'add', path: '/verifiable_addresses/0/status', value: 'excellent' },
        { op: 'remove', path: '/state' },
        { op: 'remove', path: '/region' },
        { op: 'replace', path: '', value: {} },
      ]) {
        const { status, body: answer } = await server.patch(body.id, [operation])
        assert.equal(status, 400, JSON.stringify(operation))
        assert.ok(answer.error.reason)
      }
      const hidden = await server.patch(body.id, [{ op: 'add', path: '/credential\u017f/oidc', value: null }])
      assert.equal(hidden.status, 200)
      assert.deepEqual(hidden.body.credentials.oidc!.identifiers, ['acme:1'])
    })

    test('a second factor comes by patch with the identity as its identifier', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      const totp = {
        type: 'totp',
        identifiers: ['somebody'],
        config: { totp_url: 'otpauth://totp/x:ada?secret=JBSWY3DPEHPK3PXP' },
      }
      assert.equal((await server.patch(body.id, [{ op: 'add', path: '/credentials/totp', value: totp }])).status, 200)
      assert.deepEqual((await server.get(`/${body.id}`)).body.credentials.totp!.identifiers, [body.id])
      assert.equal((await getIdentity(server.db, body.id)).availableAal, 'aal2')
      assert.equal((await server.delete(`/${body.id}/credentials/totp`)).status, 204)
      assert.equal((await getIdentity(server.db, body.id)).availableAal, 'aal0')
    })

    test('the region is echoed by the answer to the write, and by no other', async () => {
      const server = serverWith(await open())
      const made = await server.post({ ...ada, region: 'eu' })
      assert.equal(made.body.region, 'eu')
      assert.ok(!('region' in (await server.get(`/${made.body.id}`)).body))
      assert.equal((await server.patch(made.body.id, [{ op: 'add', path: '/region', value: 'us' }])).body.region, 'us')
      assert.equal((await server.patch(made.body.id, [{ op: 'add', path: '/region', value: 'mars' }])).status, 400)
    })

    test('tokens of other services are shown in clear to whoever asks, as far as a key opens them', async () => {
      const server = serverWith(await open())
      const { body } = await server.post({ ...ada, credentials: links('1') })
      const before = await getIdentity(server.db, body.id)
      const oidc = before.credentials.oidc!
      const [link] = oidc.config.providers as Record<string, string>[]
      const config = {
        providers: [
          { ...link!, initial_id_token: server.cipher.encrypt('an id token'), initial_access_token: 'abcdef' },
        ],
      }
      await server.db.batch(
        updateIdentity(before, { ...before, credentials: { ...before.credentials, oidc: { ...oidc, config } } }),
      )
      const read = await server.get(`/${body.id}?include_credential=oidc`)
      const [shown] = read.body.credentials.oidc!.config!.providers as Record<string, unknown>[]
      assert.deepEqual(shown, {
        initial_id_token: 'an id token',
        initial_access_token: '',
        initial_refresh_token: '',
        subject: '1',
        provider: 'acme',
      })
    })

    test('lists show credentials when they are asked for, and their content by type', async () => {
      const server = serverWith(await open())
      await server.post({ ...ada, credentials: { ...withHash, ...links('1') } })
      const list = async (query: string) => (await server.get<Body[]>(query)).body[0]!
      assert.equal((await list('')).credentials, undefined)
      const found = await list('?credentials_identifier=ADA@example.test')
      assert.deepEqual(Object.keys(found.credentials).toSorted(), ['code', 'oidc', 'password', 'webauthn'])
      assert.equal(found.credentials.password!.config, undefined)
      assert.deepEqual((await list('?include_credential=password')).credentials.password!.config, {
        hashed_password: hash,
      })
      assert.deepEqual(Object.keys((await list(`?${everything}`)).credentials.code!.config!), ['addresses'])
    })

    test('identifiers are found by their whole or their beginning, with marks of patterns taken literally', async () => {
      const server = serverWith(await open())
      for (const written of ['a_b', 'axb', '100%x', 'a\\c']) await server.post({ traits: { name: written } })
      const find = async (query: string) =>
        (await server.get<Body[]>(`?${query}`)).body.map((i) => (i.traits as { name: string }).name).toSorted()
      assert.deepEqual(await find('preview_credentials_identifier_similar=A_'), ['a_b'])
      assert.deepEqual(await find('preview_credentials_identifier_similar=100%25'), ['100%x'])
      assert.deepEqual(await find('preview_credentials_identifier_similar=a%5C'), ['a\\c'])
      assert.deepEqual(await find('preview_credentials_identifier_similar=a'), ['a\\c', 'a_b', 'axb'])
      assert.deepEqual(await find('credentials_identifier=axb'), ['axb'])
      assert.equal((await server.get('?credentials_identifier=a%00')).status, 400)
    })

    test('pages follow each other until everybody was seen once', async () => {
      const server = serverWith(await open())
      const made: string[] = []
      for (let i = 0; i < 5; i++) made.push((await server.post({ traits: { name: `p${i}` } })).body.id)
      const seen: string[] = []
      for (let query: string | undefined = '?page_size=2'; query;) {
        const page: { body: Body[]; headers: Record<string, string> } = await server.get<Body[]>(query)
        seen.push(...page.body.map(({ id }) => id))
        query = /identities(\?[^>]*)>; rel="next"/.exec(page.headers.link!)?.[1]
      }
      assert.deepEqual(seen, made.toSorted())
      const ids = made.map((id) => `ids=${id}`).join('&')
      assert.equal((await server.get<Body[]>(`?${ids}&page_size=3`)).body.length, 3)
      assert.deepEqual(
        (await server.get<Body[]>(`?page=1&per_page=3`)).body.map(({ id }) => id),
        made.toSorted().slice(3),
      )
    })

    test('hundreds of ids are answered in one page, without links that nobody could read', async () => {
      const server = serverWith(await open())
      const { body } = await server.batch(
        Array.from({ length: 400 }, (_, i) => ({ create: { traits: { name: `p${i}` } } })),
      )
      const ids = body.identities.map((item) => `ids=${item!.identity}`).join('&')
      const { body: found, headers } = await server.get<Body[]>(`?${ids}`)
      assert.equal(found.length, 400)
      assert.equal(headers.link, undefined)
    })

    test('a batch creates what it can: the first of two that are alike, nobody twice', async () => {
      const server = serverWith(await open())
      await server.post(ada)
      const patchId = newUuid()
      const { status, body } = await server.batch([
        { create: { traits: { name: 'a' } }, patch_id: patchId },
        { create: { traits: { name: 'A' } } },
        { create: ada, patch_id: patchId },
        null,
        { create: { traits: { nonsense: 1 } } },
        { create: { traits: { name: 'b' } } },
      ])
      assert.equal(status, 200)
      assert.deepEqual(
        body.identities.map((item) => item && [item.action, item.error?.code, item.patch_id]),
        [
          ['create', undefined, patchId],
          ['error', 409, undefined],
          ['error', 409, patchId],
          null,
          ['error', 400, undefined],
          ['create', undefined, undefined],
        ],
      )
      assert.equal((await server.get<Body[]>('')).body.length, 3)
    })

    test('a batch with something that is never right creates nobody and hashes nothing', async () => {
      const server = serverWith(await open())
      const clear = { create: { traits: { name: 'a' }, credentials: { password: { config: { password: 'sesame' } } } } }
      for (const bad of [
        { create: { traits: {}, state: 'gone' } },
        { create: { traits: {}, credentials: { password: { config: { hashed_password: 'rubbish' } } } } },
        { create: { surprise: 1 } },
      ]) {
        assert.equal((await server.batch([clear, bad])).status, 400)
      }
      assert.equal((await server.batch(Array.from({ length: 201 }, () => clear))).status, 400)
      assert.deepEqual(server.hashed, [])
      assert.deepEqual((await server.get<Body[]>('')).body, [])
    })

    test('the last way in stays, the last but one can go', async () => {
      const server = serverWith(await open())
      const { body } = await server.post({ ...ada, credentials: { ...withHash, ...links('1', '2:x') } })
      const remove = async (target: string) => (await server.delete(`/${body.id}/credentials/${target}`)).status
      assert.equal(await remove('oidc'), 400)
      assert.equal(await remove('oidc?identifier=acme:3'), 404)
      assert.equal(await remove('oidc?identifier=acme:2:x'), 204)
      assert.equal(await remove('password'), 204)
      assert.equal(await remove('oidc?identifier=acme:1'), 400)
      const { body: after } = await server.get(`/${body.id}?include_credential=password&include_credential=oidc`)
      assert.deepEqual(after.credentials.password!.config, {})
      assert.deepEqual(after.credentials.password!.identifiers, ['ada@example.test'])
      assert.deepEqual(after.credentials.oidc!.identifiers, ['acme:1'])
    })

    test('of security keys only those that need a first factor are deleted', async () => {
      const server = serverWith(await open())
      const keys = [
        { id: 'YQ==', public_key: 'YQ==', is_passwordless: true },
        { id: 'Yg==', public_key: 'Yg==' },
      ]
      const { body } = await server.post({ ...ada, credentials: { webauthn: { config: { credentials: keys } } } })
      assert.equal((await server.delete(`/${body.id}/credentials/webauthn`)).status, 204)
      const { body: after } = await server.get(`/${body.id}?include_credential=webauthn`)
      const { credentials: kept, user_handle: handle } = after.credentials.webauthn!.config as {
        credentials: { id: string }[]
        user_handle: string
      }
      assert.deepEqual(
        kept.map(({ id }) => id),
        ['YQ=='],
      )
      assert.equal(Buffer.from(handle, 'base64').toString('hex'), body.id.replaceAll('-', ''))
      const other = await server.post({
        schema_id: 'loose',
        credentials: { webauthn: { config: { credentials: keys.slice(1) } } },
      })
      await server.delete(`/${other.body.id}/credentials/webauthn`)
      assert.equal((await server.get(`/${other.body.id}`)).body.credentials, undefined)
    })

    test('keys of devices are shown without their PIN and deleted one by one', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      const before = await getIdentity(server.db, body.id)
      const type: CredentialType = 'deviceauthn'
      const config = { credentials: [{ client_key_id: 'k1', pin: { hash: 'secret' } }, { client_key_id: 'k2' }] }
      const deviceauthn = { type, identifiers: ['k1', 'k2'], config, version: 0, createdAt: 1, updatedAt: 1 }
      await server.db.batch(updateIdentity(before, { ...before, credentials: { ...before.credentials, deviceauthn } }))
      const { body: shown } = await server.get(`/${body.id}?include_credential=deviceauthn`)
      assert.deepEqual(shown.credentials.deviceauthn!.config, {
        credentials: [{ client_key_id: 'k1' }, { client_key_id: 'k2' }],
      })
      assert.equal((await server.delete(`/${newUuid()}/credentials/deviceauthn`)).status, 400)
      assert.equal((await server.delete(`/${body.id}/credentials/deviceauthn?identifier=k3`)).status, 404)
      assert.equal((await server.delete(`/${body.id}/credentials/deviceauthn?identifier=k1`)).status, 204)
      assert.deepEqual((await server.get(`/${body.id}`)).body.credentials.deviceauthn!.identifiers, ['k2'])
    })

    test('ids and bodies that are nothing are no failures of the server', async () => {
      const server = serverWith(await open())
      for (const id of ['x', '%00', newUuid(), '{}']) {
        assert.equal((await server.get(`/${id}`)).status, 404)
        assert.equal((await server.get(`/by/external/${id}`)).status, 404)
        assert.equal((await server.patch(id, [])).status, 404)
        assert.equal((await server.put(id, { traits: {} })).status, 404)
        assert.equal((await server.delete(`/${id}`)).status, 404)
      }
      for (const body of ['', '{', '[]', '7', '{"external_id":"a\\u0000"}', '{"traits":{"name":7}}'])
        assert.equal((await server.post(body)).status, 400)
      const { body } = await server.post(ada)
      for (const text of ['', '{', '{}', '[1]', '[] []']) assert.equal((await server.patch(body.id, text)).status, 400)
      for (const text of ['', '{', '[]', 'null', '{} {}']) assert.equal((await server.put(body.id, text)).status, 400)
      const ofOtherType = await server.ask('PUT', `/${body.id}`, {
        body: '{"traits":{}}',
        headers: { 'content-type': 'text/plain' },
      })
      assert.equal(ofOtherType.status, 400)
    })

    test('a password in clear that cannot be hashed is the operator’s mistake', async () => {
      const server = serverWith(await open())
      const { status, body } = await server.post({
        ...ada,
        credentials: { password: { config: { password: 'x'.repeat(73) } } },
      })
      assert.equal(status, 400)
      assert.ok(body.error.reason)
    })

    test('a body that is too large is a bad request everywhere', async () => {
      const server = serverWith(await open())
      const { body } = await server.post(ada)
      const targets = [
        ['POST', ''],
        ['PATCH', ''],
        ['PUT', `/${body.id}`],
        ['PATCH', `/${body.id}`],
      ] as const
      for (const [method, target] of targets) {
        const request = requestOf(method, `/admin/identities${target}`, {
          headers: { 'content-type': 'application/json' },
        })
        request.body = () => Promise.reject(errors.tooLarge('Too large.'))
        assert.equal((await server.port(request)).response.status, 400)
      }
    })
  })
}

test('what goes wrong while an identity is stored is not taken for a conflict', async () => {
  const server = serverWith({ batch: () => Promise.reject(new Error('no connection')) } as unknown as Db)
  await assert.rejects(server.post(ada), /no connection/)
})
