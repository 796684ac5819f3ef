import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { formOf, textIds } from '../support/clients.ts'
import { everywhere } from '../support/stories.ts'

// Random, so that no database makes it shorter.
const long = (length: number): string => randomBytes(length).toString('hex').slice(0, length)

const schema = {
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: { name: { type: 'string', 'ory.sh/kratos': { credentials: { password: { identifier: true } } } } },
      required: ['name'],
    },
  },
}
const url = `base64://${Buffer.from(JSON.stringify(schema)).toString('base64')}`
const config = { identity: { default_schema_id: 'person', schemas: [{ id: 'person', url }] } }

everywhere(
  'nobody is called by more than two kibibytes, and who tries is told so',
  async (server) => {
    const client = server.client()
    const form = await client.start('registration')
    const tooMany = [long(2049), '\ufdfa'.repeat(300)]
    for (const name of tooMany) {
      const refused = formOf(
        await client.submit(form, { method: 'password', password: 'analytical-engine', traits: { name } }),
      )
      assert.deepEqual(textIds(refused), [4000017]) // too long
    }
    await client.submit(form, { method: 'password', password: 'analytical-engine', traits: { name: long(2048) } })
    assert.ok(await client.whoami())

    const create = (body: object) =>
      server.admin('POST', '/admin/identities', { json: { schema_id: 'person', ...body } })
    const linked = (subject: string) => ({
      traits: { name: long(20) },
      credentials: { oidc: { config: { providers: [{ provider: 'google', subject }] } } },
    })
    for (const body of [
      { traits: { name: tooMany[0] } },
      { traits: { name: 'x' }, external_id: tooMany[0] },
      linked(tooMany[0]!),
    ])
      assert.equal((await create(body)).status, 400)
    for (const body of [{ traits: { name: 'ada' }, external_id: long(2048) }, linked(long(2000))])
      assert.equal((await create(body)).status, 201)
    assert.deepEqual(server.logged, [])
  },
  { config, clients: ['spa'] },
)
