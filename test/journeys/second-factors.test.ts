import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient, fieldNames, formOf, textIds, type Client } from '../support/clients.ts'
import {
  appCode,
  appSecretIn,
  backupCodesIn,
  isSaved,
  levelOf,
  makeBackupCodes,
  setUpApp,
  stepUp,
  wrongAppCode,
} from '../support/second-factors.ts'
import { startServer } from '../support/server.ts'
import { ada, everywhere, type StoryServer } from '../support/stories.ts'

const config = {
  selfservice: { methods: { totp: { enabled: true, config: { issuer: 'shop' } }, lookup_secret: { enabled: true } } },
}

everywhere(
  'an authenticator app is set up with a code of it, is the second factor from then on, and is removed',
  async (server) => {
    const client = await server.register(ada)
    const form = await client.start('settings')
    const secret = appSecretIn(form)
    const refused = formOf(await client.submit(form, { method: 'totp', totp_code: wrongAppCode(secret, server.now()) }))
    assert.deepEqual(textIds(refused), [4000008])
    assert.equal(appSecretIn(refused), secret)
    assert.equal(await levelOf(client), 'aal1')

    const saved = formOf(await client.submit(refused, { method: 'totp', totp_code: appCode(secret, server.now()) }))
    assert.deepEqual([saved.state, textIds(saved)], ['success', [1050001]])
    assert.ok(fieldNames(saved).includes('totp_unlink'))
    assert.ok(!fieldNames(saved).includes('totp_secret_key'))
    assert.equal(await levelOf(client), 'aal2')

    const other = await server.signIn(ada)
    assert.equal(await levelOf(other), 'aal1')
    server.pass(60)
    const wrong = formOf(await stepUp(other, { method: 'totp', totp_code: wrongAppCode(secret, server.now()) }))
    assert.deepEqual(textIds(wrong), [4000008])
    assert.equal(await levelOf(other), 'aal1')
    const right = await other.submit(wrong, { method: 'totp', totp_code: appCode(secret, server.now()) })
    assert.equal(right.kind, 'end')
    assert.equal(await levelOf(other), 'aal2')

    assert.ok(isSaved(await other.submit(await other.start('settings'), { totp_unlink: true })))
    const none = formOf(await stepUp(await server.signIn(ada), { method: 'totp', totp_code: '123456' }))
    assert.deepEqual(textIds(none), [4000011])
  },
  { config },
)

everywhere(
  'whoever saves something else in between need not scan the picture again',
  async (server) => {
    const client = await server.register(ada)
    const form = await client.start('settings')
    const secret = appSecretIn(form)
    const saved = formOf(await client.submit(form, { method: 'profile', 'traits.email': 'countess@shop.example' }))
    assert.deepEqual(textIds(saved), [1050001])
    assert.equal(appSecretIn(saved), secret)
    assert.ok(isSaved(await client.submit(saved, { method: 'totp', totp_code: appCode(secret, server.now()) })))
    assert.notEqual(
      appSecretIn(await (await server.register({ ...ada, email: 'grace@shop.example' })).start('settings')),
      secret,
    )
  },
  { config },
)

everywhere(
  'a code of an authenticator app is accepted once, and none from before it',
  async (server) => {
    const secret = await setUpApp(await server.register(ada), server.now())
    server.pass(120)
    const [earlier, code, later] = [-1, 0, 1].map((step) => appCode(secret, server.now(), step))
    const use = async (totp_code: string | undefined) => {
      const step = await stepUp(await server.signIn(ada), { method: 'totp', totp_code })
      return step.kind === 'form' ? textIds(step.form) : 'in'
    }
    assert.equal(await use(code), 'in')
    assert.deepEqual(await use(code), [4000008])
    assert.deepEqual(await use(earlier), [4000008])
    assert.equal(await use(later), 'in')
    server.pass(60)
    assert.deepEqual(await use(later), [4000008])
  },
  { config, clients: ['native'] },
)

everywhere(
  'backup codes count once they are confirmed, let in once each, and are shown with what is used',
  async (server) => {
    const client = await server.register(ada)
    const form = await client.start('settings')
    const first = backupCodesIn(formOf(await client.submit(form, { lookup_secret_regenerate: true })))
    const made = formOf(await client.submit(form, { lookup_secret_regenerate: true }))
    const codes = backupCodesIn(made)
    assert.notDeepEqual(codes, first)
    assert.equal(await levelOf(client), 'aal1')
    assert.ok(isSaved(await client.submit(made, { lookup_secret_confirm: true })))
    assert.equal(await levelOf(client), 'aal2')

    const use = async (lookup_secret: string | undefined) => {
      const step = await stepUp(await server.signIn(ada), { method: 'lookup_secret', lookup_secret })
      return step.kind === 'form' ? textIds(step.form) : 'in'
    }
    assert.deepEqual(await use(first[0]), [4000016])
    assert.equal(await use(codes[3]), 'in')
    assert.deepEqual(await use(codes[3]), [4000012])

    const revealed = formOf(await client.submit(await client.start('settings'), { lookup_secret_reveal: true }))
    assert.deepEqual(backupCodesIn(revealed), codes.with(3, 'used'))
    assert.ok(isSaved(await client.submit(revealed, { lookup_secret_disable: true })))
    const none = await stepUp(await server.signIn(ada), { method: 'lookup_secret', lookup_secret: codes[0] })
    assert.deepEqual(textIds(formOf(none)), [4000014])
  },
  { config },
)

everywhere(
  'a change that waited for a new login is carried out after it; without one it never is',
  async (server) => {
    const client = await server.register(ada)
    const form = await client.start('settings')
    const secret = appSecretIn(form)
    server.pass(3600 - 60)
    const late = await client.start('settings')
    server.pass(120)
    const totp_code = appCode(appSecretIn(late), server.now())
    const asked = await client.submit(late, { method: 'totp', totp_code })
    assert.equal(asked.kind, 'end')
    const login = new URL(asked.kind === 'end' ? asked.location! : '')
    assert.equal(login.pathname, '/self-service/login/browser')

    // Whoever goes back without having signed in sees the form as it was; what waited is gone.
    const back = login.searchParams.get('return_to')!
    await client.agent.request('GET', back, { accept: 'text/html' })
    assert.equal(await levelOf(client), 'aal1')

    await client.submit(late, { method: 'totp', totp_code })
    const again = await client.start('login', { refresh: 'true' })
    await client.submit(again, { method: 'password', identifier: ada.email, password: ada.password })
    assert.equal(await levelOf(client), 'aal1')
    await client.agent.request('GET', back, { accept: 'text/html' })
    assert.equal(await levelOf(client), 'aal2')
    assert.notEqual(secret, appSecretIn(late))
  },
  { config, clients: ['browser'] },
)

/** Fifty signed-in apps of one person, each with a form for the second factor. */
async function fiftyForms(server: StoryServer) {
  const clients = await Promise.all(Array.from({ length: 50 }, () => server.signIn(ada)))
  return Promise.all(clients.map(async (client) => ({ client, form: await client.start('login', { aal: 'aal2' }) })))
}

async function submitAll(forms: Awaited<ReturnType<typeof fiftyForms>>, fields: Record<string, unknown>) {
  const steps = await Promise.all(forms.map(({ client, form }) => client.submit(form, fields)))
  const levels = await Promise.all(forms.map(({ client }) => levelOf(client)))
  return {
    accepted: steps.filter(({ kind }) => kind === 'end').length,
    texts: new Set(steps.flatMap((step) => (step.kind === 'form' ? textIds(step.form) : []))),
    raised: levels.filter((level) => level === 'aal2').length,
  }
}

everywhere(
  'of fifty submissions of one code at once, one is accepted',
  async (server) => {
    const secret = await setUpApp(await server.register(ada), server.now())
    server.pass(60)
    const forms = await fiftyForms(server)
    const outcome = await submitAll(forms, { method: 'totp', totp_code: appCode(secret, server.now()) })
    // Whoever comes too late reads that the code is not good, or that there were too many guesses.
    assert.ok([...outcome.texts].every((id) => id === 4000008 || id === 4000001))
    assert.deepEqual([outcome.accepted, outcome.raised], [1, 1])
  },
  { config, clients: ['native'] },
)

everywhere(
  'of fifty submissions of one backup code at once, one is accepted',
  async (server) => {
    const codes = await makeBackupCodes(await server.register(ada))
    const forms = await fiftyForms(server)
    const outcome = await submitAll(forms, { method: 'lookup_secret', lookup_secret: codes[0] })
    // Whoever comes too late reads that the code is not good, or that there were too many guesses.
    assert.ok([...outcome.texts].every((id) => id === 4000012 || id === 4000001))
    assert.deepEqual([outcome.accepted, outcome.raised], [1, 1])
  },
  { config, clients: ['native'] },
)

everywhere(
  'one form submitted fifty times at once with one code raises its session once',
  async (server) => {
    const codes = await makeBackupCodes(await server.register(ada))
    const client = await server.signIn(ada)
    const form = await client.start('login', { aal: 'aal2' })
    await Promise.all(
      Array.from({ length: 50 }, () => client.submit(form, { method: 'lookup_secret', lookup_secret: codes[0] })),
    )
    const { body } = await client.agent.request('GET', '/sessions/whoami')
    const methods = (body.authentication_methods as { method: string }[]).map(({ method }) => method)
    assert.deepEqual(methods, ['password', 'lookup_secret'])
  },
  { config, clients: ['native'] },
)

everywhere(
  'a form from before the second factor changes nothing for a session without one',
  async (server) => {
    const first = await server.register(ada)
    const second = await server.signIn(ada)
    const [byFirst, bySecond] = [await first.start('settings'), await second.start('settings')]
    const shown = formOf(await second.submit(bySecond, { lookup_secret_regenerate: true }))
    const code = appCode(appSecretIn(byFirst), server.now())
    assert.ok(isSaved(await first.submit(byFirst, { method: 'totp', totp_code: code })))

    for (const fields of [{ lookup_secret_confirm: true }, { totp_unlink: true }, { lookup_secret_reveal: true }]) {
      const step = await second.submit(shown, fields)
      assert.ok(step.kind === 'end' && step.status === 403, JSON.stringify(step))
    }
    assert.equal(await levelOf(second), 'aal1')
  },
  { config, clients: ['native', 'spa'] },
)

everywhere(
  'two sessions that set up a second factor at the same time cannot both succeed',
  async (server) => {
    for (let round = 0; round < 10; round++) {
      const person = { email: `ada-${round}@shop.example`, password: ada.password }
      const [first, second] = [await server.register(person), await server.signIn(person)]
      const [byFirst, bySecond] = [await first.start('settings'), await second.start('settings')]
      const shown = formOf(await second.submit(bySecond, { lookup_secret_regenerate: true }))
      const code = appCode(appSecretIn(byFirst), server.now())
      await Promise.all([
        first.submit(byFirst, { method: 'totp', totp_code: code }),
        second.submit(shown, { lookup_secret_confirm: true }),
      ])
      const levels = await Promise.all([levelOf(first), levelOf(second)])
      assert.deepEqual(levels.toSorted(), ['aal1', 'aal2'])
    }
  },
  { config, clients: ['native'] },
)

everywhere(
  'an operator sees, imports and patches the secrets in clear; what was imported lets in',
  async (server) => {
    const totp_url = 'otpauth://totp/shop:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
    const created = await server.admin('POST', '/admin/identities', {
      json: {
        schema_id: 'person',
        traits: { email: ada.email },
        credentials: {
          password: { config: { password: ada.password } },
          totp: { config: { totp_url } },
          lookup_secret: { config: { codes: [{ code: 'first001' }] } },
        },
      },
    })
    const path = `/admin/identities/${String(created.body.id)}`
    const read = async () => {
      const { body } = await server.admin('GET', `${path}?include_credential=totp&include_credential=lookup_secret`)
      const { totp, lookup_secret } = body.credentials as Record<string, { config: unknown; updated_at: string }>
      return { totp, lookup_secret }
    }
    const before = await read()
    assert.deepEqual(before.totp?.config, { totp_url })
    assert.deepEqual(before.lookup_secret?.config, { recovery_codes: [{ code: 'first001', used_at: null }] })

    const next = 'otpauth://totp/shop:ada?secret=KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU'
    const patch = [{ op: 'replace', path: '/credentials/totp/config/totp_url', value: next }]
    const patched = await server.admin('PATCH', path, { json: patch })
    assert.equal(patched.status, 200, JSON.stringify(patched.body))
    const after = await read()
    assert.deepEqual(after.totp?.config, { totp_url: next })
    assert.deepEqual(after.lookup_secret, before.lookup_secret)

    const client = await server.signIn(ada)
    const totp_code = appCode('KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU', server.now())
    assert.equal((await stepUp(client, { method: 'totp', totp_code })).kind, 'end')
    const other = await server.signIn(ada)
    assert.equal((await stepUp(other, { method: 'lookup_secret', lookup_secret: 'first001' })).kind, 'end')
  },
  { config, clients: ['native'] },
)

everywhere(
  'whoever guesses at codes of an app is kept waiting, and its owner has backup codes meanwhile',
  async (server) => {
    const owner = await server.register(ada)
    const secret = await setUpApp(owner, server.now())
    const [backup] = await makeBackupCodes(owner)
    server.pass(60)
    const guesser = await server.signIn(ada)
    const form = await guesser.start('login', { aal: 'aal2' })
    const use = async (client: Client, fields: Record<string, unknown>) => {
      const step = await client.submit(form, fields)
      return step.kind === 'form' ? textIds(step.form) : 'in'
    }
    const wrong = { method: 'totp', totp_code: wrongAppCode(secret, server.now()) }
    const answers = await Promise.all(Array.from({ length: 30 }, () => guesser.submit(form, wrong)))
    const texts = answers.flatMap((step) => (step.kind === 'form' ? textIds(step.form) : []))
    assert.equal(texts.filter((id) => id === 4000008).length, 10)
    assert.equal(texts.filter((id) => id === 4000001).length, 20)
    assert.deepEqual(await use(guesser, { method: 'totp', totp_code: appCode(secret, server.now()) }), [4000001])

    const other = await server.signIn(ada)
    const app = async () => ({ method: 'totp', totp_code: appCode(secret, server.now()) })
    const refused = await stepUp(other, await app())
    assert.deepEqual(textIds(formOf(refused)), [4000001])
    assert.equal((await stepUp(other, { method: 'lookup_secret', lookup_secret: backup })).kind, 'end')

    server.pass(5 * 60)
    assert.equal(await use(guesser, await app()), 'in')
    for (let tries = 0; tries < 10; tries++)
      assert.deepEqual(textIds(formOf(await stepUp(await server.signIn(ada), wrong))), [4000008])
  },
  { config, clients: ['native'] },
)

everywhere(
  'whoever guesses at backup codes is kept waiting, too',
  async (server) => {
    const owner = await server.register(ada)
    await setUpApp(owner, server.now())
    const [backup] = await makeBackupCodes(owner)
    const guesser = await server.signIn(ada)
    for (let tries = 0; tries < 10; tries++)
      assert.deepEqual(
        textIds(formOf(await stepUp(guesser, { method: 'lookup_secret', lookup_secret: `wrong${tries}` }))),
        [4000016],
      )
    const right = { method: 'lookup_secret', lookup_secret: backup }
    assert.deepEqual(textIds(formOf(await stepUp(guesser, right))), [4000001])
    server.pass(5 * 60)
    assert.equal((await stepUp(guesser, right)).kind, 'end')
  },
  { config, clients: ['native'] },
)

test('a stolen database gives no secret and no backup code away, not even of forms that are still open', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zelos-stolen-'))
  const file = join(folder, 'zelos.sqlite')
  const server = await startServer({ dsn: `sqlite://${file}`, config })
  const secrets: string[] = []
  try {
    const client: Client = createClient(server, 'native')
    const form = await client.start('registration')
    await client.submit(form, { method: 'password', password: ada.password, traits: { email: ada.email } })
    const open = await client.start('settings')
    secrets.push(appSecretIn(open))
    secrets.push(...backupCodesIn(formOf(await client.submit(open, { lookup_secret_regenerate: true }))))
    secrets.push(await setUpApp(client, server.now()))
    secrets.push(...(await makeBackupCodes(client)))
    await client.submit(await client.start('settings'), { lookup_secret_reveal: true })
  } finally {
    await server.stop()
  }

  const db = new DatabaseSync(file)
  const tables = db.prepare(`select name from sqlite_master where type = 'table'`).all() as { name: string }[]
  const dump = JSON.stringify(tables.map(({ name }) => db.prepare(`select * from "${name}"`).all()))
  db.close()
  rmSync(folder, { recursive: true })
  assert.ok(dump.includes(ada.email))
  assert.equal(secrets.length, 26)
  for (const secret of secrets) assert.ok(!dump.includes(secret), secret)
})
