import assert from 'node:assert/strict'
import { ada, everywhere } from '../support/stories.ts'

const times = <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)))

const statuses = (answers: readonly { status: number }[]): number[] =>
  [...new Set(answers.map(({ status }) => status))].toSorted((a, b) => a - b)

everywhere(
  'an identity that is deleted while people sign in to it is unknown from then on',
  async (server) => {
    const client = await server.register(ada)
    const { id } = (await client.whoami())!
    const forms = await times(16, () => server.client().start('login'))
    const fields = { method: 'password', identifier: ada.email, password: ada.password }
    const [answers] = await Promise.all([
      times(16, (i) => server.client().agent.request('POST', forms[i]!.ui.action, { json: fields })),
      server.admin('DELETE', `/admin/identities/${id}`),
    ])
    assert.deepEqual(
      statuses(answers).filter((status) => status !== 200 && status !== 400),
      [],
    )
    assert.deepEqual(server.logged, [])
  },
  { clients: ['native'] },
)

everywhere(
  'a password that is set while its identity is deleted goes nowhere, and nothing breaks',
  async (server) => {
    const people = await times(8, (i) => server.register({ ...ada, email: `ada-${i}@shop.example` }))
    const forms = await times(8, (i) => people[i]!.start('settings'))
    const answers = await times(8, async (i) => {
      const { id } = (await people[i]!.whoami())!
      const [answer] = await Promise.all([
        people[i]!.agent.request('POST', forms[i]!.ui.action, {
          json: { method: 'password', password: `new-password-${i}` },
        }),
        server.admin('DELETE', `/admin/identities/${id}`),
      ])
      return answer
    })
    assert.deepEqual(
      statuses(answers).filter((status) => ![200, 401, 404].includes(status)),
      [],
    )
    assert.deepEqual(server.logged, [])
  },
  { clients: ['native'] },
)

everywhere(
  'a form that is sent twenty times at once is saved twenty times, and one of the passwords is the last',
  async (server) => {
    const client = await server.register(ada)
    const form = await client.start('settings')
    const passwords = Array.from({ length: 20 }, (_, i) => `difference-engine-${i}`)
    const answers = await times(20, (i) =>
      client.agent.request('POST', form.ui.action, { json: { method: 'password', password: passwords[i] } }),
    )
    assert.deepEqual(statuses(answers), [200])
    const open = await times(20, (i) =>
      server.signIn({ ...ada, password: passwords[i]! }).then(
        () => 1,
        () => 0,
      ),
    )
    assert.equal(
      open.reduce((sum, one) => sum + one, 0),
      1,
    )
  },
  { clients: ['native'] },
)

everywhere(
  'no change of forty operators who change one identity at once is lost',
  async (server) => {
    const { id } = (await (await server.register(ada)).whoami())!
    await server.admin('PATCH', `/admin/identities/${id}`, {
      json: [{ op: 'add', path: '/metadata_admin', value: {} }],
    })
    const answers = await times(40, (i) =>
      server.admin('PATCH', `/admin/identities/${id}`, {
        json: [{ op: 'add', path: `/metadata_admin/note-${i}`, value: i }],
      }),
    )
    assert.deepEqual(statuses(answers), [200])
    const { body } = await server.admin('GET', `/admin/identities/${id}`)
    assert.equal(Object.keys(body.metadata_admin as object).length, 40)
  },
  { clients: ['native'] },
)

everywhere(
  'changes of an identity that is deleted meanwhile find nobody',
  async (server) => {
    const { id } = (await (await server.register(ada)).whoami())!
    const [answers] = await Promise.all([
      times(20, (i) =>
        server.admin('PATCH', `/admin/identities/${id}`, {
          json: [{ op: 'replace', path: '/traits/email', value: `ada-${i}@shop.example` }],
        }),
      ),
      server.admin('DELETE', `/admin/identities/${id}`),
    ])
    assert.deepEqual(
      statuses(answers).filter((status) => status !== 200 && status !== 404),
      [],
    )
    assert.deepEqual(server.logged, [])
  },
  { clients: ['native'] },
)
