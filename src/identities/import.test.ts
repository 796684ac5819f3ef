import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApiError } from '../errors.ts'
import { Secret } from '../crypto/secret.ts'
import { credential, identityOf } from '../../test/support/sessions.ts'
import { handleIdentifier, prepareImports, withImports, type PreparedImports } from './import.ts'

const hashing = { hash: (password: Secret) => Promise.resolve(`hash of ${password.reveal()}`) }
const bcrypt = '$2a$04$foqaadDRtkbe6vYDV2oymOr8vAeo3UK0ORC0Ep6Ntj64IBo/h6r42'
const isBadRequest = (error: unknown) => error instanceof ApiError && error.body.status === 400
const passwordOf = async (config: Parameters<typeof prepareImports>[1]['password']) =>
  (await prepareImports({ hashing }, { password: config! })).password
const key = (id: string) => ({ id, public_key: 'cHVibGlj', display_name: id })
const imported = (imports: PreparedImports, credentials = {}) => withImports(identityOf({ credentials }), imports, 7)

describe('imports of passwords', () => {
  test('a hash is kept as it is', async () => {
    assert.deepEqual(await passwordOf({ config: { hashed_password: bcrypt } }), { hashed_password: bcrypt })
  })

  test('a clear text is hashed and beats a hash, whatever it looks like', async () => {
    const config = { password: new Secret('sesame'), hashed_password: 'rubbish' }
    assert.deepEqual(await passwordOf({ config }), { hashed_password: 'hash of sesame' })
  })

  test('the migration hook beats both', async () => {
    const config = { password: new Secret('sesame'), hashed_password: bcrypt, use_password_migration_hook: true }
    assert.deepEqual(await passwordOf({ config }), { hashed_password: '', use_password_migration_hook: true })
  })

  test('nothing usable is a bad request', async () => {
    for (const config of [
      {},
      { config: {} },
      { config: { hashed_password: 'rubbish' } },
      { config: { password: new Secret('') } },
    ]) {
      await assert.rejects(passwordOf(config), isBadRequest)
    }
  })
})

describe('imports of other credentials', () => {
  test('links are added to those that are there, each once, in the order in which they come', () => {
    const old = { oidc: credential('oidc', { providers: [{ provider: 'z', subject: '1' }] }, ['z:1']) }
    const { oidc } = imported(
      {
        oidc: {
          config: {
            providers: [
              { provider: 'b', subject: '2', use_auto_link: true },
              { provider: 'a', subject: '3' },
              { provider: 'b', subject: '2' },
            ],
          },
        },
      },
      old,
    )
    assert.deepEqual(oidc?.identifiers, ['z:1', 'b:2', 'a:3'])
    const tokens = { initial_id_token: '', initial_access_token: '', initial_refresh_token: '' }
    assert.deepEqual(oidc?.config.providers, [
      { provider: 'z', subject: '1' },
      { provider: 'a', subject: '3', ...tokens },
      { provider: 'b', subject: '2', ...tokens },
    ])
    assert.deepEqual([oidc?.createdAt, oidc?.updatedAt], [0, 7])
  })

  test('lookup secrets are added, TOTP is replaced, both identify by the identity', () => {
    const identity = identityOf({
      credentials: {
        lookup_secret: credential('lookup_secret', { recovery_codes: [{ code: 'a', used_at: null }] }, []),
      },
    })
    const { lookup_secret: codes, totp } = withImports(
      identity,
      {
        lookup_secret: { config: { codes: [{ code: 'b', used_at: 1_782_900_000_000_000 }] } },
        totp: { config: { totp_url: 'otpauth://totp/x?secret=A' } },
      },
      7,
    )
    assert.deepEqual(codes?.config.recovery_codes, [
      { code: 'a', used_at: null },
      { code: 'b', used_at: '2026-07-01T10:00:00Z' },
    ])
    assert.deepEqual(totp?.config, { totp_url: 'otpauth://totp/x?secret=A' })
    assert.deepEqual([codes?.identifiers, totp?.identifiers], [[identity.id], [identity.id]])
  })

  test('security keys are merged by their id', () => {
    const first = imported({
      webauthn: { config: { user_handle: 'aGFuZGxl', credentials: [key('YQ=='), key('Yg==')] } },
    })
    const { webauthn } = imported(
      { webauthn: { config: { credentials: [{ ...key('Yg=='), display_name: 'renamed' }, key('Yw==')] } } },
      first,
    )
    const keys = webauthn!.config.credentials as { id: string; display_name: string }[]
    assert.deepEqual(
      keys.map((k) => [k.id, k.display_name]),
      [
        ['YQ==', 'YQ=='],
        ['Yg==', 'renamed'],
        ['Yw==', 'Yw=='],
      ],
    )
    assert.equal(webauthn!.config.user_handle, 'aGFuZGxl')
  })

  test('a new passkey needs a handle and a key, one that is there neither', () => {
    assert.throws(() => imported({ passkey: { config: { credentials: [key('YQ==')] } } }), isBadRequest)
    assert.throws(() => imported({ passkey: { config: { user_handle: 'aGFuZGxl', credentials: [] } } }), isBadRequest)
    const first = imported({ passkey: { config: { user_handle: 'aGFuZGxl', credentials: [key('YQ==')] } } })
    assert.deepEqual(first.passkey?.identifiers, ['handle'])
    const { passkey } = imported({ passkey: { config: { credentials: [key('Yg==')] } } }, first)
    assert.equal((passkey!.config.credentials as unknown[]).length, 2)
  })

  test('a user handle that is no text identifies by its Base64', () => {
    assert.equal(handleIdentifier(Buffer.from('häñdle').toString('base64')), 'häñdle')
    for (const bytes of [Buffer.from([0xff, 0xfe]), Buffer.from('a\0b')]) {
      assert.equal(handleIdentifier(bytes.toString('base64')), bytes.toString('base64'))
    }
  })
})
