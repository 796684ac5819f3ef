import assert from 'node:assert/strict'
import { after } from 'node:test'
import { createAgent } from '../support/agent.ts'
import { formOf, textIds, valueOf, type Client, type Form, type Step } from '../support/clients.ts'
import { startHttpStub } from '../support/http-stub.ts'
import { codeTo, messagesTo, otherThan } from '../support/mail.ts'
import { pages } from '../support/server.ts'
import { ada, everywhere, grace, Refused, type StoryServer } from '../support/stories.ts'

/** What a hook asks, and waits for. */
const slow = await startHttpStub()
after(() => slow.close())

const recovered = 1060001
const linkSent = 1060002
const codeSent = 1060003
const codeSentMasked = 1060004
const confirmAddress = 1060005
const chooseAddress = 1060006
const generic = 4000001
const required = 4000002
const notAnAddress = 4000040
const linkInvalid = 4060004
const codeWrong = 4060006

const config = (more: { recovery?: object; code?: object; flags?: object; identity?: object } = {}) => ({
  courier: { smtp: { connection_uri: 'smtp://127.0.0.1:9/' } },
  feature_flags: { use_continue_with_transitions: true, ...more.flags },
  ...(more.identity ? { identity: more.identity } : {}),
  selfservice: {
    methods: { code: { enabled: true, config: { ...more.code } }, link: { enabled: true } },
    flows: {
      recovery: { enabled: true, ui_url: `${pages}/recovery`, ...more.recovery },
      verification: { enabled: false, ui_url: `${pages}/verification` },
    },
  },
})

/** What programs are told to do next, by its name. */
const itemOf = (step: Step, action: string): Record<string, unknown> | undefined => {
  const body = (step.kind === 'form' ? step.form : step.body) as { continue_with?: Record<string, unknown>[] }
  return body.continue_with?.find((item) => item.action === action)
}

/** The settings that a recovered person goes on with. */
async function settingsAfter(client: Client, step: Step): Promise<Form> {
  if (client.kind === 'browser') return formOf(step)
  const token = itemOf(step, 'set_ory_session_token')?.ory_session_token
  if (token !== undefined) client.agent.token = String(token)
  const { id } = itemOf(step, 'show_settings_ui')!.flow as { id: string }
  return (await client.agent.request('GET', `/self-service/settings/flows?id=${id}`)).body as unknown as Form
}

/** The new flow after one that came to an end. */
async function flowAfter(client: Client, step: Step): Promise<Form> {
  if (step.kind === 'form') return step.form
  const { details } = step.body.error as { details: { continue_with: { flow: { id: string } }[] } }
  const { id } = details.continue_with[0]!.flow
  return (await client.agent.request('GET', `/self-service/recovery/flows?id=${id}`)).body as unknown as Form
}

async function asksFor(server: StoryServer, email: string): Promise<{ client: Client; form: Form }> {
  const client = server.client()
  const form = formOf(await client.submit(await client.start('recovery'), { method: 'code', email }))
  assert.deepEqual(textIds(form), [codeSent])
  return { client, form }
}

everywhere(
  'a forgotten password is replaced with the help of a code',
  async (server) => {
    await server.register(ada)
    const { client, form } = await asksFor(server, ada.email)
    const step = await client.submit(form, { method: 'code', code: await codeTo(server, ada.email) })
    const settings = await settingsAfter(client, step)
    assert.deepEqual(textIds(settings), [recovered])
    assert.deepEqual((await client.whoami())?.traits.email, ada.email)

    await client.submit(settings, { method: 'password', password: 'difference-engine' })
    await server.signIn({ ...ada, password: 'difference-engine' })
    await assert.rejects(server.signIn(ada), Refused)
  },
  { config: config() },
)

everywhere(
  'an address that nobody has looks like any other, and gets no mail',
  async (server) => {
    const { client, form } = await asksFor(server, 'nobody@shop.example')
    const step = formOf(await client.submit(form, { method: 'code', code: '123456' }))
    assert.deepEqual(textIds(step), [codeWrong])
    assert.deepEqual(await messagesTo(server, 'nobody@shop.example'), [])
  },
  { config: config() },
)

everywhere(
  'whoever begins again and again has no more guesses at the codes of one address, also one that nobody has',
  async (server) => {
    await server.register(ada)
    for (const email of [ada.email, 'nobody@shop.example']) {
      const answers = []
      for (let flows = 0; flows < 11; flows++) {
        const { client, form } = await asksFor(server, email)
        for (let tries = 0; tries < 5; tries++)
          answers.push((await client.agent.request('POST', form.ui.action, { json: { code: 'wrong' } })).status)
      }
      assert.deepEqual(answers, [...Array<number>(50).fill(200), ...Array<number>(5).fill(400)])
    }
    const { client, form } = await asksFor(server, ada.email)
    const right = { method: 'code', code: await codeTo(server, ada.email) }
    assert.deepEqual(textIds(await flowAfter(client, await client.submit(form, right))), [generic])
    server.pass(5 * 60)
    await client.submit(form, right)
    assert.equal(await numberOfSessions(server), 2)
  },
  { config: config(), clients: ['native'] },
)

const numberOfSessions = async (server: StoryServer): Promise<number> =>
  ((await server.admin('GET', '/admin/sessions')).body as unknown as unknown[]).length

const moved = 'lovelace@shop.example'

async function move(server: StoryServer): Promise<void> {
  const [{ id }] = (await server.admin('GET', '/admin/identities')).body as unknown as [{ id: string }]
  const patch = [{ op: 'replace', path: '/traits/email', value: moved }]
  assert.equal((await server.admin('PATCH', `/admin/identities/${id}`, { json: patch })).status, 200)
}

everywhere(
  'a code that went to an address which its person has given up meanwhile opens nothing',
  async (server) => {
    await server.register(ada)
    const { client, form } = await asksFor(server, ada.email)
    const code = await codeTo(server, ada.email)
    await move(server)
    const refused = formOf(await client.submit(form, { method: 'code', code }))
    assert.deepEqual(textIds(refused), [codeWrong])
    assert.equal(await client.whoami(), undefined)
  },
  { config: config() },
)

everywhere(
  'a link that went to an address which its person has given up meanwhile opens nothing',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    await client.submit(await client.start('recovery'), { method: 'link', email: ada.email })
    const [mail] = await messagesTo(server, ada.email)
    await move(server)
    const { location } = await client.agent.request('GET', /http:\S+token=\S+/.exec(mail!.body)![0], {
      accept: 'text/html',
    })
    const id = new URL(location!).searchParams.get('flow')
    const next = await client.agent.request('GET', `/self-service/recovery/flows?id=${id}`)
    assert.deepEqual(textIds(next.body as unknown as Form), [linkInvalid])
    assert.equal(await client.whoami(), undefined)
  },
  { config: config({ recovery: { use: 'link' } }), clients: ['browser'] },
)

everywhere(
  'a new password ends what was sent or handed out before to recover the account, and nobody else’s',
  async (server) => {
    const owner = await server.register(ada)
    await server.register(grace)
    const [{ client: thief, form }, other] = [await asksFor(server, ada.email), await asksFor(server, grace.email)]
    const [code, others] = [await codeTo(server, ada.email), await codeTo(server, grace.email)]
    const { id } = (await owner.whoami())!
    const { body } = await server.admin('POST', '/admin/recovery/link', { json: { identity_id: id } })

    await owner.submit(await owner.start('settings'), { method: 'password', password: 'difference-engine' })
    await thief.submit(form, { method: 'code', code })
    assert.equal(await thief.whoami(), undefined)
    const reader = createAgent(server)
    await reader.request('GET', String(body.recovery_link), { accept: 'text/html' })
    assert.equal((await reader.request('GET', '/sessions/whoami')).status, 401)

    await settingsAfter(other.client, await other.client.submit(other.form, { method: 'code', code: others }))
    assert.equal((await other.client.whoami())?.traits.email, grace.email)
  },
  { config: config() },
)

everywhere(
  'a new password ends also a recovery whose hooks are still at work; another change does not',
  async (server) => {
    const owner = await server.register(ada)
    const settings = await owner.start('settings')
    const meanwhile = async (fields: Record<string, unknown>) => {
      const { client: thief, form } = await asksFor(server, ada.email)
      slow.script((response) => {
        const changed = owner.submit(settings, fields)
        void changed.finally(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
      })
      const step = await thief.submit(form, { method: 'code', code: await codeTo(server, ada.email) })
      return { thief, step }
    }
    const good = await meanwhile({ method: 'profile', traits: { email: ada.email, name: { first: 'Augusta' } } })
    await settingsAfter(good.thief, good.step)
    assert.equal((await good.thief.whoami())?.traits.email, ada.email)

    const ended = await meanwhile({ method: 'password', password: 'difference-engine' })
    assert.deepEqual(textIds(formOf(ended.step)), [codeWrong])
    assert.equal(await ended.thief.whoami(), undefined)
    await server.signIn({ ...ada, password: 'difference-engine' })
  },
  {
    config: config({
      recovery: {
        after: {
          hooks: [{ hook: 'web_hook', config: { url: `${slow.origin}/`, method: 'POST', body: 'base64://e30=' } }],
        },
      },
    }),
  },
)

everywhere(
  'whoever tries too many codes has to begin again, and the right code is refused then',
  async (server) => {
    await server.register(ada)
    const { client, form } = await asksFor(server, ada.email)
    const code = await codeTo(server, ada.email)
    for (let tries = 0; tries < 3; tries++)
      assert.deepEqual(textIds(formOf(await client.submit(form, { code: otherThan(code) }))), [codeWrong])
    const next = await flowAfter(client, await client.submit(form, { code }))
    assert.deepEqual(textIds(next), [generic])
    assert.notEqual(next.id, form.id)
    assert.equal(await client.whoami(), undefined)
  },
  { config: config({ code: { max_submissions: 3 } }) },
)

everywhere(
  'of a hundred guesses at once no more are looked at than allowed',
  async (server) => {
    await server.register(ada)
    const { client, form } = await asksFor(server, ada.email)
    const code = await codeTo(server, ada.email)
    const url = form.ui.action
    const guess = (value: string) =>
      client.agent.request('POST', url, { json: { csrf_token: valueOf(form, 'csrf_token'), code: value } })
    const answers = await Promise.all(Array.from({ length: 100 }, () => guess(otherThan(code))))
    assert.equal(answers.filter(({ status }) => status === 200).length, 5)
    assert.equal(answers.filter(({ status }) => status === 400).length, 95)
    assert.equal(await client.whoami(), undefined)
    assert.equal(itemOf({ kind: 'end', ...(await guess(code)) }, 'show_settings_ui'), undefined)
  },
  { config: config(), clients: ['native'] },
)

everywhere(
  'a code signs in once, whoever sends it how often at once',
  async (server) => {
    await server.register(ada)
    const { client, form } = await asksFor(server, ada.email)
    const code = await codeTo(server, ada.email)
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => client.agent.request('POST', form.ui.action, { json: { code } })),
    )
    const tokens = answers.filter((answer) => itemOf({ kind: 'end', ...answer }, 'set_ory_session_token'))
    assert.equal(tokens.length, 1)
  },
  { config: config(), clients: ['native'] },
)

everywhere(
  'a new code takes the place of the one before, wherever it is sent',
  async (server) => {
    await server.register(ada)
    await server.register(grace)
    const { client, form } = await asksFor(server, ada.email)
    const first = await codeTo(server, ada.email)
    const again = formOf(await client.submit(form, { method: 'code', email: grace.email }))
    const second = await codeTo(server, grace.email)
    if (first !== second) assert.deepEqual(textIds(formOf(await client.submit(again, { code: first }))), [codeWrong])
    await settingsAfter(client, await client.submit(again, { code: second }))
    assert.equal((await client.whoami())?.traits.email, grace.email)
  },
  { config: config() },
)

everywhere(
  'what is no address is told on its field',
  async (server) => {
    const client = server.client()
    const form = await client.start('recovery')
    assert.deepEqual(textIds(formOf(await client.submit(form, { method: 'code', email: 'ada' }))), [notAnAddress])
    assert.deepEqual(textIds(formOf(await client.submit(form, { method: 'code' }))), [required])
    // A form that was sent without a method once is none the worse for it.
    await client.submit(form, { email: ada.email })
    await server.register(ada)
    assert.deepEqual(textIds(formOf(await client.submit(form, { method: 'code', email: ada.email }))), [codeSent])
  },
  { config: config() },
)

everywhere(
  'a disabled person is not let in by a code, and learns why',
  async (server) => {
    await server.register(ada)
    const { client, form } = await asksFor(server, ada.email)
    const disabled = await server.admin('GET', '/admin/identities')
    const [{ id }] = disabled.body as unknown as [{ id: string }]
    await server.admin('PATCH', `/admin/identities/${id}`, {
      json: [{ op: 'replace', path: '/state', value: 'inactive' }],
    })
    const step = await client.submit(form, { code: await codeTo(server, ada.email) })
    const next = await flowAfter(client, step)
    assert.deepEqual(textIds(next), [4010011])
    assert.equal(await client.whoami(), undefined)
  },
  { config: config() },
)

everywhere(
  'a mailed link signs in whoever opens it first, and nobody else',
  async (server) => {
    await server.register(ada)
    const client = server.client()
    const form = formOf(await client.submit(await client.start('recovery'), { method: 'link', email: ada.email }))
    assert.deepEqual(textIds(form), [linkSent])
    const [mail] = await messagesTo(server, ada.email)
    const link = /http:\S+token=\S+/.exec(mail!.body)![0]

    // Something looks at the link before its person does.
    const scanner = server.client()
    assert.equal((await scanner.agent.request('HEAD', link, { accept: 'text/html' })).status, 303)
    await scanner.agent.request('GET', link, { accept: 'text/html', headers: { 'sec-purpose': 'prefetch' } })

    const opened = await Promise.all(
      [1, 2, 3].map(() => server.client().agent.request('GET', link, { accept: 'text/html' })),
    )
    const places = opened.map(({ location }) => new URL(location!).pathname).toSorted()
    assert.deepEqual(places, ['/recovery', '/recovery', '/settings'])

    const late = server.client()
    const { location } = await late.agent.request('GET', link, { accept: 'text/html' })
    const { body } = await late.agent.request(
      'GET',
      `/self-service/recovery/flows?id=${new URL(location!).searchParams.get('flow')}`,
    )
    assert.deepEqual(textIds(body as unknown as Form), [linkInvalid])
  },
  { config: config({ recovery: { use: 'link' } }), clients: ['browser'] },
)

everywhere(
  'an operator lets somebody in with a code or a link',
  async (server) => {
    await server.register(ada)
    const [{ id }] = (await server.admin('GET', '/admin/identities')).body as unknown as [{ id: string }]
    const code = await server.admin('POST', '/admin/recovery/code', { json: { identity_id: id, expires_in: '30m' } })
    assert.equal(code.status, 201)
    const client = server.client()
    const flow = new URL(String(code.body.recovery_link)).searchParams.get('flow')
    const { status } = await client.agent.request('POST', `/self-service/recovery?flow=${flow}`, {
      json: { code: code.body.recovery_code },
    })
    assert.equal(status, 200)
    assert.equal((await client.whoami())?.id, id)

    const link = await server.admin('POST', '/admin/recovery/link', { json: { identity_id: id } })
    assert.equal(link.status, 200)
    const other = server.client()
    await other.agent.request('GET', String(link.body.recovery_link), { accept: 'text/html' })
    assert.equal((await other.whoami())?.id, id)
  },
  { config: config(), clients: ['spa'] },
)

const reachable = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          'ory.sh/kratos': { credentials: { password: { identifier: true } }, recovery: { via: 'email' } },
        },
        second: { type: 'string', format: 'email', 'ory.sh/kratos': { recovery: { via: 'email' } } },
      },
    },
  },
}
const twoAddresses = config({
  flags: { choose_recovery_address: true },
  identity: {
    default_schema_id: 'reachable',
    schemas: [{ id: 'reachable', url: `base64://${Buffer.from(JSON.stringify(reachable)).toString('base64')}` }],
  },
})

/** The choices of a form, each with the words on its button. */
const choicesOf = ({ ui }: Form) =>
  ui.nodes.flatMap(({ attributes, meta }) =>
    attributes.node_type === 'input' && attributes.name === 'recovery_select_address'
      ? [{ value: String(attributes.value), words: meta.label?.text }]
      : [],
  )

everywhere(
  'who has several addresses chooses one, and has to know it',
  async (server) => {
    const second = 'zoe@shop.example'
    const traits = { email: ada.email, second }
    await server.admin('POST', '/admin/identities', { json: { schema_id: 'reachable', traits } })
    await server.admin('POST', '/admin/identities', {
      json: { schema_id: 'reachable', traits: { email: grace.email } },
    })

    const client = server.client()
    const first = await client.start('recovery')
    const offered = formOf(await client.submit(first, { method: 'code', recovery_address: ada.email.toUpperCase() }))
    assert.deepEqual(textIds(offered), [chooseAddress])
    const choices = choicesOf(offered)
    assert.deepEqual(
      choices.map(({ words }) => words),
      ['ad****@shop.example', 'zo****@shop.example'],
    )
    const chosen = { recovery_address: ada.email, recovery_select_address: choices[1]!.value }
    const asked = formOf(await client.submit(offered, chosen))
    assert.deepEqual(textIds(asked), [confirmAddress])

    // The address of somebody else is as good as one that nobody has.
    const fields = { method: 'code', recovery_address: ada.email }
    const elsewhere = formOf(await client.submit(asked, { ...fields, recovery_confirm_address: grace.email }))
    assert.deepEqual(textIds(elsewhere), [codeSentMasked])
    assert.deepEqual(await messagesTo(server, grace.email), [])

    const waiting = formOf(await client.submit(elsewhere, { ...fields, recovery_confirm_address: second }))
    assert.deepEqual(textIds(waiting), [codeSentMasked])
    const code = await codeTo(server, second)
    const step = await client.submit(waiting, { ...fields, code })
    await settingsAfter(client, step)
    assert.equal((await client.whoami())?.traits.second, second)

    // What stands for an address in one flow means nothing in another.
    const other = server.client()
    const others = choicesOf(formOf(await other.submit(await other.start('recovery'), { recovery_address: ada.email })))
    assert.notDeepEqual(others, choices)
  },
  { config: twoAddresses },
)

everywhere(
  'who has one address is sent a code at once, and anybody else seems to be',
  async (server) => {
    await server.admin('POST', '/admin/identities', { json: { schema_id: 'reachable', traits: { email: ada.email } } })
    for (const address of ['nobody@shop.example', ' ADA@shop.example']) {
      const client = server.client()
      const form = await client.start('recovery')
      const waiting = formOf(await client.submit(form, { method: 'code', recovery_address: address }))
      assert.deepEqual(textIds(waiting), [codeSentMasked])
      const back = formOf(await client.submit(waiting, { screen: 'previous', recovery_address: address }))
      assert.equal(back.state, 'recovery_awaiting_address')
    }
    assert.equal((await messagesTo(server, ada.email)).length, 1)
  },
  { config: twoAddresses },
)
