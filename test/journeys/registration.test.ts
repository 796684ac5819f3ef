import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createAgent } from '../support/agent.ts'
import {
  clientKinds,
  createClient,
  fieldNames,
  formOf,
  textIds,
  valueOf,
  type Client,
  type ClientKind,
  type Step,
} from '../support/clients.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'
import { pages, startProcess, type OuterServer } from '../support/server.ts'

const password = 'correct horse 4 staples'

let postgres: TestPostgres
const folder = mkdtempSync(join(tmpdir(), 'zelos-journey-'))
before(async () => {
  postgres = await startPostgres()
})
after(async () => {
  await postgres.stop()
  rmSync(folder, { recursive: true })
})

let files = 0
const databases = [
  { name: 'SQLite', create: () => Promise.resolve(`sqlite://${join(folder, `${++files}.sqlite`)}`) },
  { name: 'PostgreSQL', create: () => postgres.createDatabase() },
]

type Found = { id: string; traits: { email: string; name?: string } }

const identitiesWith = async (server: OuterServer, email: string): Promise<Found[]> => {
  const url = `${server.adminUrl}/admin/identities?credentials_identifier=${encodeURIComponent(email)}`
  return (await createAgent(server).request('GET', url)).body as unknown as Found[]
}

/** Where a person ends who is done: pages at their address, programs with an identity. */
function assertDone(kind: ClientKind, step: Step): asserts step is Extract<Step, { kind: 'end' }> {
  assert.ok(step.kind === 'end', step.kind === 'form' ? `still a form: ${textIds(step.form).join()}` : '')
  if (kind === 'browser') assert.deepEqual([step.status, step.location], [303, `${pages}/welcome`])
  else assert.equal(step.status, 200)
}

/** Both steps at once, as an app does it that knows what will be asked. */
async function signUp(client: Client, email: string): Promise<Step> {
  const form = await client.start('registration')
  return client.submit(form, { method: 'password', password, traits: { email } })
}

for (const { name, create } of databases) {
  describe(name, () => {
    let server: OuterServer
    before(async () => {
      server = await startProcess(await create())
    })
    after(() => server.stop())

    for (const kind of clientKinds) {
      describe(kind, () => {
        test('somebody says who they are, chooses a password and is signed in', async () => {
          const email = `ada@${kind}.example`
          const ada = createClient(server, kind)
          const first = await ada.start('registration')
          assert.deepEqual(fieldNames(first), ['csrf_token', 'traits.email', 'traits.name', 'method'])

          const traits = { email, name: 'Ada' }
          const second = formOf(await ada.submit(first, { method: 'profile', traits }))
          assert.deepEqual(textIds(second), [1040009]) // choose how to sign in
          assert.equal(valueOf(second, 'traits.email'), email)
          assert.equal(await ada.whoami(), undefined)
          assert.deepEqual(await identitiesWith(server, email), [])

          assertDone(kind, await ada.submit(second, { method: 'password', password, traits }))
          assert.deepEqual((await ada.whoami())?.traits, traits)
          assert.equal((await identitiesWith(server, email)).length, 1)
        })

        test('somebody goes back and corrects their address; the corrected one counts', async () => {
          const [wrong, right] = [`baa@${kind}.example`, `bea@${kind}.example`]
          const bea = createClient(server, kind)
          const first = await bea.start('registration')
          const second = formOf(await bea.submit(first, { method: 'profile', traits: { email: wrong } }))
          const again = formOf(await bea.submit(second, { screen: 'previous', traits: { email: wrong } }))
          assert.deepEqual(fieldNames(again), fieldNames(first))
          assert.equal(valueOf(again, 'traits.email'), wrong)

          const chosen = formOf(await bea.submit(again, { method: 'profile', traits: { email: right } }))
          assertDone(kind, await bea.submit(chosen, { method: 'password', password, traits: { email: right } }))
          assert.equal((await bea.whoami())?.traits.email, right)
          assert.deepEqual(await identitiesWith(server, wrong), [])
        })

        test('what is wrong is said on its field, and the form goes on with what was right', async () => {
          const email = `cleo@${kind}.example`
          const cleo = createClient(server, kind)
          const form = await cleo.start('registration')
          const refused = formOf(
            await cleo.submit(form, { method: 'profile', traits: { email: 'cleo', name: 'Cleo' } }),
          )
          assert.deepEqual(textIds(refused), [4000040]) // no e-mail address
          assert.equal(valueOf(refused, 'traits.name'), 'Cleo')

          const chosen = formOf(await cleo.submit(refused, { method: 'profile', traits: { email } }))
          const short = formOf(await cleo.submit(chosen, { method: 'password', password: 'short', traits: { email } }))
          assert.deepEqual(textIds(short), [4000032]) // too short
          assertDone(kind, await cleo.submit(short, { method: 'password', password, traits: { email } }))
        })

        test('an address that somebody has is noticed in every spelling, and another one may be given', async () => {
          const email = `dora@${kind}.example`
          assertDone('native', await signUp(createClient(server, 'native'), email))
          const other = createClient(server, kind)
          const form = await other.start('registration')
          const taken = formOf(
            await other.submit(form, { method: 'password', password, traits: { email: email.toUpperCase() } }),
          )
          assert.deepEqual(textIds(taken), [4000007])
          assert.equal(await other.whoami(), undefined)
          assertDone(
            kind,
            await other.submit(taken, { method: 'password', password, traits: { email: `other-${email}` } }),
          )
          assert.equal((await identitiesWith(server, email)).length, 1)
        })
      })
    }

    test('of 200 people who want one address at once, one gets it and 199 learn that it is taken', async () => {
      const email = 'everybody@shop.example'
      const clients = Array.from({ length: 200 }, () => createClient(server, 'native'))
      const forms = await Promise.all(clients.map((client) => client.start('registration')))
      const steps = await Promise.all(
        clients.map((client, index) =>
          client.submit(forms[index]!, { method: 'password', password, traits: { email } }),
        ),
      )
      assert.equal(steps.filter(({ kind }) => kind === 'end').length, 1)
      for (const step of steps) if (step.kind === 'form') assert.deepEqual(textIds(step.form), [4000007])
      assert.equal((await identitiesWith(server, email)).length, 1)
      const signedIn = await Promise.all(clients.map((client) => client.whoami()))
      assert.equal(signedIn.filter(Boolean).length, 1)
    })
  })

  test(`${name}: whoever was told that they are registered still is after the process was killed`, async () => {
    const dsn = await create()
    const doomed = await startProcess(dsn)
    const registered: { client: Client; email: string }[] = []
    let enough = () => {}
    const isEnough = new Promise<void>((resolve) => (enough = resolve))
    let cutOff = 0

    const stream = Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; ; n++) {
        const client = createClient(doomed, 'native')
        const email = `${worker}-${n}@shop.example`
        const step = await signUp(client, email).catch(() => undefined)
        if (!step) return void cutOff++
        assertDone('native', step)
        registered.push({ client, email })
        if (registered.length >= 40) enough()
      }
    })
    await isEnough
    await doomed.kill()
    await Promise.all(stream)
    assert.equal(cutOff, 8)

    const server = await startProcess(dsn)
    try {
      for (const { email, client } of registered) {
        assert.equal((await identitiesWith(server, email)).length, 1, email)
        assert.equal((await client.at(server).whoami())?.traits.email, email)
      }
      assert.deepEqual(textIds(formOf(await signUp(createClient(server, 'native'), registered[0]!.email))), [4000007])
    } finally {
      await server.stop()
    }
  })
}
