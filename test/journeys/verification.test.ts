import assert from 'node:assert/strict'
import { createAgent } from '../support/agent.ts'
import { formOf, textIds, valueOf, type Client, type Form } from '../support/clients.ts'
import { codeTo, messagesTo, otherThan } from '../support/mail.ts'
import { pages, type ConfigPatch } from '../support/server.ts'
import { ada, everywhere, grace, type StoryServer } from '../support/stories.ts'

const verified = 1080002
const codeSent = 1080003
const linkSent = 1080001
const generic = 4000001
const taken = 4000007
const linkInvalid = 4070001
const done = 4070002
const codeWrong = 4070006

type Hooks = readonly ({ hook: string } & Record<string, unknown>)[]

const config = (more: { verification?: object; code?: object; login?: Hooks; settings?: Hooks } = {}): ConfigPatch => ({
  courier: { smtp: { connection_uri: 'smtp://127.0.0.1:9/' } },
  selfservice: {
    methods: { code: { enabled: true, config: { ...more.code } }, link: { enabled: true } },
    flows: {
      recovery: { enabled: false },
      verification: { enabled: true, ui_url: `${pages}/verification`, ...more.verification },
      registration: { after: { password: { hooks: [{ hook: 'session' }, { hook: 'show_verification_ui' }] } } },
      ...(more.login ? { login: { after: { password: { hooks: more.login } } } } : {}),
      ...(more.settings ? { settings: { after: { profile: { hooks: more.settings } } } } : {}),
    },
  },
})

type Address = { value: string; verified: boolean; status: string; verified_at?: string }

async function addressesOf(server: StoryServer): Promise<Address[]> {
  const people = (await server.admin('GET', '/admin/identities')).body as unknown as {
    verifiable_addresses: Address[]
  }[]
  return people.flatMap(({ verifiable_addresses }) => verifiable_addresses)
}

const states = (addresses: readonly Address[]) => addresses.map(({ value, status }) => [value, status])

/** Where a program is told to verify an address; a browser is sent there. */
function verificationIn(body: unknown): string | undefined {
  const { continue_with } = body as { continue_with?: { action: string; flow?: { id: string } }[] }
  return continue_with?.find(({ action }) => action === 'show_verification_ui')?.flow?.id
}

const read = async (client: Client, id: string) =>
  (await client.agent.request('GET', `/self-service/verification/flows?id=${id}`)).body as unknown as Form

/** Signs Ada up. @returns the form that asks for the code that was sent to her */
async function signUp(server: StoryServer): Promise<{ client: Client; form: Form }> {
  const client = server.client()
  const step = await client.submit(await client.start('registration'), {
    method: 'password',
    password: ada.password,
    traits: { email: ada.email },
  })
  if (step.kind === 'form') return { client, form: step.form }
  return { client, form: await read(client, verificationIn(step.body)!) }
}

everywhere(
  'whoever registers is asked for the code that is sent to their address',
  async (server) => {
    const { client, form } = await signUp(server)
    assert.deepEqual(textIds(form), [codeSent])
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'sent']])

    const code = await codeTo(server, ada.email)
    assert.deepEqual(textIds(formOf(await client.submit(form, { code: otherThan(code) }))), [codeWrong])
    const passed = formOf(await client.submit(form, { method: 'code', code }))
    assert.deepEqual(textIds(passed), [verified])
    assert.equal(passed.ui.action, `${pages}/welcome`)
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'completed']])
    assert.equal((await client.whoami())?.traits.email, ada.email)
  },
  { config: config() },
)

everywhere(
  'the code can be sent once more, and then only the new one counts',
  async (server) => {
    const { client, form } = await signUp(server)
    const first = await codeTo(server, ada.email)
    const again = formOf(await client.submit(form, { method: 'code', email: ada.email }))
    const second = await codeTo(server, ada.email)
    if (first !== second) assert.deepEqual(textIds(formOf(await client.submit(again, { code: first }))), [codeWrong])
    assert.deepEqual(textIds(formOf(await client.submit(again, { code: second }))), [verified])
  },
  { config: config() },
)

everywhere(
  'what opens a mailed link uses no code up: that takes a person',
  async (server) => {
    await signUp(server)
    const [mail] = await messagesTo(server, ada.email)
    const link = /http:\S+[?&]flow=\S+/.exec(mail!.body)![0]
    for (const something of [server.client(), server.client()])
      await something.agent.request('GET', link, { accept: 'text/html' })
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'sent']])

    const phone = server.client()
    const { location } = await phone.agent.request('GET', link, { accept: 'text/html' })
    const form = await read(phone, new URL(location!).searchParams.get('flow')!)
    const code = String(valueOf(form, 'code'))
    assert.equal(code, await codeTo(server, ada.email))
    assert.deepEqual(textIds(formOf(await phone.submit(form, { method: 'code', code }))), [verified])
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'completed']])
  },
  { config: config(), clients: ['browser'] },
)

everywhere(
  'whoever signed up in an app goes on in the browser in which they open the link, page after page',
  async (server) => {
    const { client, form } = await signUp(server)
    const browser = createAgent(server)
    const open = (url: string) => browser.request('GET', url, { accept: 'text/html' })
    const [mail] = await messagesTo(server, ada.email)
    let page = (await open(/http:\S+[?&]flow=\S+/.exec(mail!.body)![0])).location!
    assert.equal(page, `${pages}/verification?flow=${form.id}`)

    const flowId = () => new URL(page).searchParams.get('flow')
    const shown = async (): Promise<Form> =>
      (await browser.request('GET', `/self-service/verification/flows?id=${flowId()}`)).body as unknown as Form
    const send = async (fields: Record<string, string>): Promise<Form> => {
      const csrf_token = String(valueOf(await shown(), 'csrf_token'))
      const answer = await browser.request('POST', `/self-service/verification?flow=${flowId()}`, {
        form: { method: 'code', csrf_token, ...fields },
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      })
      assert.equal(answer.status, 303)
      page = answer.location!
      return shown()
    }
    const first = String(valueOf(await shown(), 'code'))
    assert.deepEqual(textIds(await send({ code: otherThan(first) })), [codeWrong])
    assert.deepEqual(textIds(await send({ email: ada.email })), [codeSent])
    const wrong = { code: otherThan(await codeTo(server, ada.email)) }
    let last = await send(wrong)
    while (textIds(last)[0] === codeWrong) last = await send(wrong)
    assert.deepEqual(textIds(last), [generic])
    assert.deepEqual(textIds(await send({ email: ada.email })), [codeSent])
    const right = { code: await codeTo(server, ada.email) }
    assert.deepEqual(textIds(await send(right)), [verified])
    assert.deepEqual(textIds(await send(right)), [done])
    // The app goes on with its own form meanwhile.
    const refused = await client.agent.request('POST', form.ui.action, { json: wrong })
    assert.equal(refused.status, 410)
  },
  { config: config({ code: { max_submissions: 3 } }), clients: ['native'] },
)

everywhere(
  'an address that nobody has looks like any other',
  async (server) => {
    const client = server.client()
    const form = formOf(
      await client.submit(await client.start('verification'), { method: 'code', email: 'no@shop.example' }),
    )
    assert.deepEqual(textIds(form), [codeSent])
    assert.deepEqual(textIds(formOf(await client.submit(form, { code: '123456' }))), [codeWrong])
    assert.deepEqual(await messagesTo(server, 'no@shop.example'), [])
  },
  { config: config() },
)

everywhere(
  'tries are counted, also over several forms and many at once',
  async (server) => {
    const { client, form } = await signUp(server)
    const code = await codeTo(server, ada.email)
    const guess = (value: string) => client.agent.request('POST', form.ui.action, { json: { code: value } })
    const answers = await Promise.all(Array.from({ length: 60 }, () => guess(otherThan(code))))
    assert.equal(answers.filter(({ status }) => status === 200).length, 3)
    assert.equal(answers.filter(({ status }) => status === 410).length, 57)
    const refused = await guess(code)
    assert.equal(refused.status, 410)
    assert.deepEqual(textIds(await read(client, String(refused.body.use_flow_id))), [generic])
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'sent']])
  },
  { config: config({ code: { max_submissions: 3 } }), clients: ['native'] },
)

everywhere(
  'a code for an address that its person has given up meanwhile is worth nothing',
  async (server) => {
    const { client, form } = await signUp(server)
    const code = await codeTo(server, ada.email)
    const [{ id }] = (await server.admin('GET', '/admin/identities')).body as unknown as [{ id: string }]
    await server.admin('PATCH', `/admin/identities/${id}`, {
      json: [{ op: 'replace', path: '/traits/email', value: 'lovelace@shop.example' }],
    })
    assert.deepEqual(textIds(formOf(await client.submit(form, { code }))), [codeWrong])
    assert.deepEqual(states(await addressesOf(server)), [['lovelace@shop.example', 'pending']])
  },
  { config: config() },
)

everywhere(
  'a link verifies once, in whatever browser it is opened',
  async (server) => {
    const { form } = await signUp(server)
    assert.deepEqual(textIds(form), [linkSent])
    const [mail] = await messagesTo(server, ada.email)
    const link = /http:\S+token=\S+/.exec(mail!.body)![0]
    await server.client().agent.request('HEAD', link)
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'sent']])

    const texts = []
    for (const browser of [server.client(), server.client()]) {
      const { location } = await browser.agent.request('GET', link, { accept: 'text/html' })
      texts.push(...textIds(await read(browser, new URL(location!).searchParams.get('flow')!)))
    }
    assert.deepEqual(texts, [verified, linkInvalid])
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'completed']])
  },
  { config: config({ verification: { use: 'link' } }), clients: ['browser'] },
)

everywhere(
  'nobody gets in before an address is verified, but everybody is sent what it takes',
  async (server) => {
    await signUp(server)
    const client = server.client()
    const login = await client.start('login')
    const fields = { method: 'password', identifier: ada.email, password: ada.password }
    const refused = await client.submit(login, fields)
    assert.equal(await client.whoami(), undefined)
    assert.equal((await messagesTo(server, ada.email)).length, 2)
    const form =
      refused.kind === 'form'
        ? refused.form
        : await read(client, verificationIn((refused.body.error as { details: unknown }).details)!)
    await client.submit(form, { code: await codeTo(server, ada.email) })
    const again = server.client()
    await again.submit(await again.start('login'), fields)
    assert.equal((await again.whoami())?.traits.email, ada.email)
  },
  { config: config({ login: [{ hook: 'require_verified_address' }] }) },
)

/** Changes Ada's address in the settings. */
async function moveTo(client: Client, email: string) {
  const settings = await client.start('settings')
  return client.submit(settings, { method: 'profile', traits: { email } })
}

const flowIn = (step: Awaited<ReturnType<typeof moveTo>>): string =>
  verificationIn(step.kind === 'form' ? step.form : step.body) ?? (step.kind === 'form' ? step.form.id : '')

everywhere(
  'a new address does not count before it is proven',
  async (server) => {
    const { client, form } = await signUp(server)
    await client.submit(form, { code: await codeTo(server, ada.email) })
    const held = await moveTo(client, 'lovelace@shop.example')
    assert.equal((await client.whoami())?.traits.email, ada.email)

    const waiting = await read(client, flowIn(held))
    assert.deepEqual(textIds(waiting), [codeSent])
    const code = await codeTo(server, 'lovelace@shop.example')
    assert.deepEqual(textIds(formOf(await client.submit(waiting, { code }))), [verified])
    assert.equal((await client.whoami())?.traits.email, 'lovelace@shop.example')
    assert.deepEqual(states(await addressesOf(server)), [['lovelace@shop.example', 'completed']])
  },
  { config: config({ settings: [{ hook: 'verify_new_address' }] }) },
)

everywhere(
  'a change that waits is not made after its session has ended, nor when somebody else was there first',
  async (server) => {
    const { client, form } = await signUp(server)
    await client.submit(form, { code: await codeTo(server, ada.email) })
    const held = await moveTo(client, 'lovelace@shop.example')
    const waiting = await read(client, flowIn(held))
    const code = await codeTo(server, 'lovelace@shop.example')
    const [{ id }] = (await server.admin('GET', '/admin/identities')).body as unknown as [{ id: string }]
    await server.admin('DELETE', `/admin/identities/${id}/sessions`)
    assert.deepEqual(textIds(formOf(await client.submit(waiting, { code }))), [codeWrong])
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'completed']])

    const back = await server.signIn(ada)
    const next = await read(back, flowIn(await moveTo(back, 'lovelace@shop.example')))
    await server.register({ ...grace, email: 'lovelace@shop.example' })
    const [newest] = (await messagesTo(server, 'lovelace@shop.example')).slice(1)
    const late = /\b\d{6}\b/.exec(newest!.body)![0]
    assert.deepEqual(textIds(formOf(await back.submit(next, { code: late }))), [taken])
    assert.equal((await back.whoami())?.traits.email, ada.email)
  },
  { config: config({ settings: [{ hook: 'verify_new_address' }] }), clients: ['native'] },
)

const reachable = {
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: Object.fromEntries(
        ['email', 'second'].map((name) => [
          name,
          {
            type: 'string',
            format: 'email',
            'ory.sh/kratos': {
              credentials: { password: { identifier: name === 'email' } },
              verification: { via: 'email' },
              recovery: { via: 'email' },
            },
          },
        ]),
      ),
    },
  },
}
const withTwoAddresses = {
  ...config({ settings: [{ hook: 'verify_new_address' }] }),
  identity: {
    default_schema_id: 'reachable',
    schemas: [{ id: 'reachable', url: `base64://${Buffer.from(JSON.stringify(reachable)).toString('base64')}` }],
  },
}

everywhere(
  'a new address is proven by what was sent to it, not by another address of the same person',
  async (server) => {
    const { client } = await signUp(server)
    const traits = { email: ada.email, second: 'victim@shop.example' }
    const held = await client.submit(await client.start('settings'), { method: 'profile', traits })
    const waiting = await read(client, flowIn(held))
    const asked = await client.submit(waiting, { method: 'code', email: ada.email })
    const code = await codeTo(server, ada.email)
    assert.deepEqual(textIds(formOf(await client.submit(formOf(asked), { code }))), [verified])
    assert.deepEqual(states(await addressesOf(server)), [[ada.email, 'completed']])
  },
  { config: withTwoAddresses },
)

everywhere(
  'the address that somebody gives up is told so',
  async (server) => {
    const { client } = await signUp(server)
    await moveTo(client, 'lovelace@shop.example')
    const told = (await messagesTo(server, ada.email)).map(({ template_type }) => template_type)
    assert.deepEqual(told, ['verifiable_address_changed', 'verification_code_valid'])
    const asked = (await messagesTo(server, 'lovelace@shop.example')).map(({ template_type }) => template_type)
    assert.deepEqual(asked, ['verification_code_valid'])
  },
  { config: config({ settings: [{ hook: 'notify_previous_addresses' }] }) },
)

everywhere(
  'what is over is over',
  async (server) => {
    const { client, form } = await signUp(server)
    const code = await codeTo(server, ada.email)
    await client.submit(form, { code })
    const again = await client.submit(form, { code })
    const next = again.kind === 'form' ? again.form : await read(client, String(again.body.use_flow_id))
    assert.deepEqual(textIds(next), [done])
  },
  { config: config() },
)
