import assert from 'node:assert/strict'
import { formOf, textIds } from '../support/clients.ts'
import { ada, everywhere, grace } from '../support/stories.ts'

everywhere('a new password takes the place of the old one', async (server) => {
  const client = await server.register(ada)
  const form = await client.start('settings')
  const saved = formOf(await client.submit(form, { method: 'password', password: 'difference-engine' }))
  assert.equal(saved.state, 'success')
  assert.deepEqual(textIds(saved), [1050001]) // saved
  await server.signIn({ ...ada, password: 'difference-engine' })
  await assert.rejects(server.signIn(ada), { texts: [4000006] }) // the old one is refused
})

everywhere('whoever signs out is nobody, and may sign in again', async (server) => {
  const client = await server.register(ada)
  const { id } = (await client.whoami())!
  await client.signOut()
  assert.equal(await client.whoami(), undefined)
  const again = await server.signIn(ada)
  assert.equal((await again.whoami())?.id, id)
})

everywhere('a session ends with its lifespan', async (server) => {
  const client = await server.register(ada)
  server.pass(24 * 3600 - 10)
  assert.ok(await client.whoami())
  server.pass(20)
  assert.equal(await client.whoami(), undefined)
})

everywhere(
  'what an operator changes is what a person sees; what only operators keep, nobody else does',
  async (server) => {
    const client = await server.register(grace)
    const { id } = (await client.whoami())!
    const patch = [
      { op: 'replace', path: '/traits/name', value: 'Grace Hopper' },
      { op: 'add', path: '/metadata_admin', value: { risk: 'low' } },
    ]
    const changed = await server.admin('PATCH', `/admin/identities/${id}`, { json: patch })
    assert.deepEqual([changed.status, changed.body.metadata_admin], [200, { risk: 'low' }])
    const seen = (await client.whoami())!
    assert.equal(seen.traits.name, 'Grace Hopper')
    assert.ok(!JSON.stringify(seen).includes('risk'))
  },
)
