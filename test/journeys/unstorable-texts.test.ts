import assert from 'node:assert/strict'
import { ada, everywhere, grace } from '../support/stories.ts'

const mailed = {
  courier: { smtp: { connection_uri: 'smtp://127.0.0.1:1/' } },
  selfservice: {
    methods: { code: { enabled: true } },
    flows: { verification: { enabled: true, use: 'code' }, recovery: { enabled: true, use: 'code' } },
  },
}

everywhere(
  'a text with U+0000 is refused or belongs to nobody, wherever it is sent, and is no error of the server',
  async (server) => {
    await server.register(ada)
    const nul = 'a\u0000@shop.example'
    const client = server.client()
    for (const [flow, fields] of [
      ['verification', { method: 'code', email: nul }],
      ['recovery', { method: 'code', email: nul }],
      ['login', { method: 'password', identifier: nul, password: 'x' }],
      ['registration', { method: 'password', password: grace.password, traits: { email: nul } }],
      ['registration', { method: 'password', password: grace.password, traits: { email: grace.email, name: nul } }],
    ] as const) {
      const step = await client.submit(await client.start(flow), fields)
      if (step.kind === 'end') assert.ok(step.status < 500, `${flow}: ${step.status} ${JSON.stringify(step.body)}`)
    }
    for (const [method, path, json] of [
      ['GET', '/admin/identities?credentials_identifier=a%00'],
      ['GET', '/admin/identities/by/external/a%00'],
      ['GET', '/admin/courier/messages?recipient=a%00'],
      ['POST', '/admin/identities', { schema_id: 'person', external_id: 'a\u0000', traits: { email: grace.email } }],
      ['POST', '/admin/identities', { schema_id: 'person', traits: { email: nul } }],
      ['POST', '/admin/recovery/code', { identity_id: 'a\u0000' }],
    ] as const) {
      const { status, body } = await server.admin(method, path, json ? { json } : {})
      assert.ok(status < 500, `${method} ${path}: ${status} ${JSON.stringify(body)}`)
    }
    for (const path of ['/self-service/login/flows?id=%00', '/self-service/errors?id=%00', '/schemas/%00']) {
      const { status, body } = await client.agent.request('GET', path)
      assert.ok(status < 500, `${path}: ${status} ${JSON.stringify(body)}`)
    }
    assert.deepEqual(server.logged, [])
  },
  { config: mailed, clients: ['native'] },
)
