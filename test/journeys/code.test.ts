import assert from 'node:assert/strict'
import { formOf, textIds, fieldNames, valueOf, type Client, type Form } from '../support/clients.ts'
import { codeTo, messagesTo, otherThan } from '../support/mail.ts'
import { everywhere, type StoryServer } from '../support/stories.ts'

const sent = 1010014
const sentToYou = 1010025
const signUpSent = 1040005
const missing = 4000002
const generic = 4000001
const taken = 4000007
const nobody = 4000035
const otherTraits = 4000036
const noMethod = 4010002
const wrong = 4010008
const signUpWrong = 4040003

const password = 'analytical-engine'
const ada = 'ada@shop.example'
const second = 'countess@shop.example'
const grace = 'grace@shop.example'

const schema = (traits: Record<string, unknown>) => ({
  identity: {
    default_schema_id: 'coded',
    schemas: [
      {
        id: 'coded',
        url: `base64://${Buffer.from(
          JSON.stringify({
            $schema: 'http://json-schema.org/draft-07/schema#',
            type: 'object',
            properties: { traits: { type: 'object', properties: traits, additionalProperties: false } },
          }),
        ).toString('base64')}`,
      },
    ],
  },
})
const mail = (password: boolean) => ({
  type: 'string',
  format: 'email',
  'ory.sh/kratos': {
    credentials: { ...(password ? { password: { identifier: true } } : {}), code: { identifier: true, via: 'email' } },
    verification: { via: 'email' },
  },
})
const phone = {
  type: 'string',
  format: 'tel',
  'ory.sh/kratos': { credentials: { code: { identifier: true, via: 'sms' } }, verification: { via: 'sms' } },
}
const traits = schema({ email: mail(true), second: mail(false), phone, name: { type: 'string' } })

const passwordless = {
  ...traits,
  selfservice: {
    methods: { code: { enabled: true, passwordless_enabled: true } },
    flows: { registration: { after: { code: { hooks: [{ hook: 'session' }] } } } },
  },
}
const mfa = { ...traits, selfservice: { methods: { code: { enabled: true, mfa_enabled: true } } } }
const native = { clients: ['native'] } as const

async function person(server: StoryServer, more: Record<string, string> = {}): Promise<string> {
  const { status, body } = await server.admin('POST', '/admin/identities', {
    json: {
      schema_id: 'coded',
      traits: { email: ada, ...more },
      credentials: { password: { config: { password } } },
    },
  })
  assert.equal(status, 201)
  return body['id'] as string
}

const ask = async (client: Client, form: Form, identifier: string): Promise<Form> =>
  formOf(await client.submit(form, { method: 'code', identifier }))

const enter = (client: Client, form: Form, identifier: string, code: string) =>
  client.submit(form, { method: 'code', identifier, code })

const refused = async (step: Promise<Awaited<ReturnType<Client['submit']>>>): Promise<number[]> =>
  textIds(formOf(await step))

async function identity(server: StoryServer, id: string) {
  const { body } = await server.admin('GET', `/admin/identities/${id}`)
  return body as { verifiable_addresses: { value: string; verified: boolean; status: string }[] }
}

everywhere(
  'a code that came by mail signs its owner in, once, and proves the address',
  async (server) => {
    const id = await person(server)
    const client = server.client()
    const start = await client.start('login')
    const form = await ask(client, start, 'ADA@Shop.example')
    assert.deepEqual(textIds(form), [sent])
    assert.equal(form.state, 'sent_email')
    assert.equal(valueOf(form, 'identifier'), ada)
    assert.ok(!fieldNames(form).includes('password'))

    const code = await codeTo(server, ada)
    assert.deepEqual(await refused(enter(client, form, ada, otherThan(code))), [wrong])
    assert.deepEqual(await refused(enter(client, form, ada, ` ${code}`)), [wrong])
    assert.equal((await enter(client, form, ada, code)).kind, 'end')
    assert.equal((await client.whoami())?.id, id)
    assert.deepEqual(
      (await identity(server, id)).verifiable_addresses.map(({ verified, status }) => ({ verified, status })),
      [{ verified: true, status: 'completed' }],
    )
  },
  { config: passwordless },
)

everywhere(
  'a code is used by one of fifty who send it at once, and by nobody afterwards',
  async (server) => {
    await person(server)
    const client = server.client()
    const form = await ask(client, await client.start('login'), ada)
    const code = await codeTo(server, ada)
    const rush = await Promise.all(Array.from({ length: 50 }, () => enter(server.client(), form, ada, code)))
    assert.equal(rush.filter(({ kind }) => kind === 'end').length, 1)
    const after = await refused(enter(server.client(), form, ada, code))
    assert.ok([wrong, noMethod, generic].includes(after[0]!), `the form says ${after.join()}`)
  },
  { config: passwordless, ...native },
)

everywhere(
  'of fifty guesses at once no more are looked at than allowed, and then the right code is refused',
  async (server) => {
    await person(server)
    const client = server.client()
    const form = await ask(client, await client.start('login'), ada)
    const code = await codeTo(server, ada)
    const guesses = await Promise.all(
      Array.from({ length: 50 }, () => refused(enter(server.client(), form, ada, otherThan(code)))),
    )
    assert.equal(guesses.filter(([id]) => id === wrong).length, 5)
    assert.equal(guesses.filter(([id]) => id === generic).length, 45)
    assert.deepEqual(await refused(enter(client, form, ada, code)), [generic])

    // A new code gives no new tries; only a new flow does.
    assert.deepEqual(await refused(client.submit(form, { method: 'code', identifier: ada, resend: 'code' })), [sent])
    assert.deepEqual(await refused(enter(client, form, ada, await codeTo(server, ada))), [generic])
    const fresh = await ask(client, await client.start('login'), ada)
    assert.equal((await enter(client, fresh, ada, await codeTo(server, ada))).kind, 'end')
  },
  { config: passwordless, ...native },
)

everywhere(
  'a code that was sent before its owner set a new password signs nobody in',
  async (server) => {
    await person(server)
    const owner = server.client()
    await owner.submit(await owner.start('login'), { method: 'password', identifier: ada, password })
    const thief = server.client()
    const form = await ask(thief, await thief.start('login'), ada)
    const code = await codeTo(server, ada)
    await owner.submit(await owner.start('settings'), { method: 'password', password: 'difference-engine' })
    assert.deepEqual(await refused(enter(thief, form, ada, code)), [wrong])
    assert.equal(await thief.whoami(), undefined)
  },
  { config: passwordless },
)

everywhere(
  'a code sent again voids the first one, and an old code is no good',
  async (server) => {
    await person(server)
    const client = server.client()
    const form = await ask(client, await client.start('login'), ada)
    const first = await codeTo(server, ada)
    const again = formOf(await client.submit(form, { method: 'code', identifier: ada, resend: 'code' }))
    const newer = await codeTo(server, ada)
    if (first !== newer) assert.deepEqual(await refused(enter(client, again, ada, first)), [wrong])
    server.pass(301)
    assert.deepEqual(await refused(enter(client, again, ada, newer)), [wrong])
  },
  {
    config: {
      ...passwordless,
      selfservice: {
        methods: { code: { enabled: true, passwordless_enabled: true, config: { lifespan: '5m' } } },
        flows: { login: { lifespan: '1h' } },
      },
    },
  },
)

everywhere(
  'what is missing or unknown is said where it is missing',
  async (server) => {
    await person(server)
    const client = server.client()
    const start = await client.start('login')
    assert.deepEqual(await refused(client.submit(start, { method: 'code', identifier: '' })), [missing])
    assert.deepEqual(await refused(client.submit(start, { method: 'code', identifier: grace })), [nobody])
    const form = await ask(client, start, ada)
    assert.deepEqual(await refused(client.submit(form, { method: 'code', identifier: ada, code: '' })), [missing])
    assert.deepEqual(await refused(client.submit(form, { method: 'code', identifier: ada, resend: 'mail' })), [generic])
    assert.deepEqual(await refused(enter(client, form, grace, '123456')), [nobody])
  },
  { config: passwordless },
)

everywhere(
  'an identifier that is an address means that one, any other all of them; what is no longer theirs gets nobody in',
  async (server) => {
    const id = await person(server, { second })
    const client = server.client()
    const form = await ask(client, await client.start('login'), second)
    assert.equal((await messagesTo(server, ada)).length, 0)
    const code = await codeTo(server, second)
    const { status } = await server.admin('PATCH', `/admin/identities/${id}`, {
      json: [{ op: 'remove', path: '/traits/second' }],
    })
    assert.equal(status, 200)
    assert.deepEqual(await refused(enter(client, form, ada, code)), [wrong])
  },
  { config: passwordless, ...native },
)

everywhere(
  'a code may come as a text message, by a number however it is written',
  async (server) => {
    const id = await person(server, { phone: '+4915112345601' })
    const client = server.client()
    const form = await ask(client, await client.start('login'), '+49 151 12345601')
    assert.deepEqual(
      (await messagesTo(server, '+4915112345601')).map(({ type, template_type }) => ({ type, template_type })),
      [{ type: 'sms', template_type: 'login_code_valid' }],
    )
    assert.equal((await messagesTo(server, ada)).length, 0)
    await enter(client, form, '+49 151 12345601', await codeTo(server, '+4915112345601'))
    assert.equal((await client.whoami())?.id, id)
  },
  { config: passwordless, ...native },
)

everywhere(
  'a code in a text message is bound to our own site, whatever site a request says it is for',
  async (server) => {
    await person(server, { phone: '+4915112345601' })
    const client = server.client()
    const headers = { 'x-forwarded-host': 'evil.example' }
    const { body } = await client.agent.request('GET', '/self-service/login/api', { headers })
    await ask(client, body as unknown as Form, '+4915112345601')
    const [message] = await messagesTo(server, '+4915112345601')
    assert.match(message!.body, new RegExp(`@${new URL(server.publicUrl).hostname} #[0-9]{6}$`))
  },
  { config: passwordless, ...native },
)

everywhere(
  'who has no account sees what all others see, where that is a secret',
  async (server) => {
    await person(server)
    const forms = []
    for (const identifier of [ada, grace]) {
      const client = server.client()
      const form = await ask(client, await client.start('login'), identifier)
      const guesses = []
      for (let i = 0; i < 6; i++) guesses.push(await refused(enter(client, form, identifier, 'nonsense')))
      const again = formOf(await client.submit(form, { method: 'code', identifier, resend: 'code' }))
      forms.push({ state: form.state, texts: textIds(form), fields: fieldNames(form), guesses, again: textIds(again) })
    }
    assert.deepEqual(forms[0], forms[1])
    assert.deepEqual(forms[0]!.guesses, [[wrong], [wrong], [wrong], [wrong], [wrong], [generic]])
    assert.equal((await messagesTo(server, grace)).length, 0)
  },
  { config: { ...passwordless, security: { account_enumeration: { mitigate: true } } } },
)

const identifierFirst = {
  ...traits,
  selfservice: {
    methods: { code: { enabled: true, passwordless_enabled: true } },
    flows: { login: { style: 'identifier_first' } },
  },
}

everywhere(
  'who can sign in with a code alone gets it at once, who has a password may choose',
  async (server) => {
    await person(server)
    const { status } = await server.admin('POST', '/admin/identities', {
      json: { schema_id: 'coded', traits: { email: grace } },
    })
    assert.equal(status, 201)
    const client = server.client()
    const first = (identifier: string) => ({ method: 'identifier_first', identifier })
    const choice = formOf(await client.submit(await client.start('login'), first(ada)))
    assert.equal(choice.state, 'choose_method')
    assert.ok(fieldNames(choice).includes('password'))
    assert.equal((await messagesTo(server, ada)).length, 0)

    const form = formOf(await client.submit(await client.start('login'), first(grace)))
    assert.equal(form.state, 'sent_email')
    assert.equal((await enter(client, form, grace, await codeTo(server, grace))).kind, 'end')
  },
  { config: identifierFirst },
)

everywhere(
  'who confirms that it is them cannot do so with the code of somebody else',
  async (server) => {
    await person(server)
    await server.admin('POST', '/admin/identities', { json: { schema_id: 'coded', traits: { email: grace } } })
    const client = await server.signIn({ email: ada, password })
    const start = await client.start('login', { refresh: 'true' })
    assert.deepEqual(await refused(client.submit(start, { method: 'code', identifier: grace })), [nobody])
    assert.equal((await messagesTo(server, grace)).length, 0)
    const form = await ask(client, start, ada)
    assert.deepEqual(textIds(form), [sentToYou])
    const code = await codeTo(server, ada)
    assert.deepEqual(await refused(enter(client, form, grace, code)), [nobody])
    assert.equal((await enter(client, form, ada, code)).kind, 'end')
    assert.equal(await levelOf(client), 'aal1')
  },
  { config: passwordless },
)

everywhere(
  'who confirms that it is them picks one of their addresses, where that is configured',
  async (server) => {
    await person(server, { second })
    const client = await server.signIn({ email: ada, password })
    const start = await client.start('login', { refresh: 'true' })
    assert.equal(fieldNames(start).filter((name) => name === 'address').length, 2)
    assert.deepEqual(await refused(client.submit(start, { address: grace })), [nobody])
    const form = formOf(await client.submit(start, { address: second }))
    assert.equal((await messagesTo(server, ada)).length, 0)
    assert.equal((await enter(client, form, ada, await codeTo(server, second))).kind, 'end')
  },
  { config: { ...passwordless, feature_flags: { refresh_login_choose_address: true } }, ...native },
)

everywhere(
  'an address for verification stands in where somebody keeps none for codes, if that is configured',
  async (server) => {
    await server.register({ email: ada, password })
    const client = server.client()
    const start = await client.start('login')
    assert.deepEqual(await refused(client.submit(start, { method: 'code', identifier: grace })), [nobody])
    const form = await ask(client, start, ada)
    assert.equal((await enter(client, form, ada, await codeTo(server, ada))).kind, 'end')
    assert.equal((await client.whoami())?.traits['email'], ada)
  },
  {
    config: {
      selfservice: {
        methods: {
          code: { enabled: true, passwordless_enabled: true, config: { missing_credential_fallback_enabled: true } },
        },
      },
    },
    ...native,
  },
)

everywhere(
  'where codes are the only way in and accounts a secret, everybody is asked for a code at once',
  async (server) => {
    const { status } = await server.admin('POST', '/admin/identities', {
      json: { schema_id: 'coded', traits: { email: ada } },
    })
    assert.equal(status, 201)
    const forms = []
    for (const identifier of [ada, grace]) {
      const client = server.client()
      const start = await client.start('login')
      const form = formOf(await client.submit(start, { method: 'identifier_first', identifier }))
      forms.push({ state: form.state, texts: textIds(form), fields: fieldNames(form) })
    }
    assert.deepEqual(forms[0], forms[1])
    assert.deepEqual(forms[0]!.texts, [sent])
    assert.equal((await messagesTo(server, ada)).length, 1)
    assert.equal((await messagesTo(server, grace)).length, 0)
  },
  {
    config: {
      ...traits,
      security: { account_enumeration: { mitigate: true } },
      selfservice: {
        methods: { password: { enabled: false }, code: { enabled: true, passwordless_enabled: true } },
        flows: { login: { style: 'identifier_first' } },
      },
    },
    ...native,
  },
)

everywhere(
  'a second factor by code is sent at once when there is one address, and raises the session',
  async (server) => {
    await person(server)
    const client = await server.signIn({ email: ada, password })
    const form = await client.start('login', { aal: 'aal2' })
    assert.deepEqual(textIds(form), [sentToYou])
    const code = await codeTo(server, ada)
    assert.deepEqual(await refused(client.submit(form, { method: 'code', code: otherThan(code) })), [wrong])
    assert.equal(await levelOf(client), 'aal1')
    const done = await client.submit(form, { method: 'code', code })
    assert.equal(done.kind, 'end')
    assert.equal(await levelOf(client), 'aal2')
  },
  { config: mfa },
)

everywhere(
  'of two addresses one is chosen; no code goes to what belongs to others, and no code of others counts',
  async (server) => {
    await person(server, { second })
    await server.admin('POST', '/admin/identities', { json: { schema_id: 'coded', traits: { email: grace } } })
    const client = await server.signIn({ email: ada, password })
    const choice = await client.start('login', { aal: 'aal2' })
    assert.equal(choice.state, 'choose_method')
    assert.equal((await messagesTo(server, ada)).length + (await messagesTo(server, second)).length, 0)
    assert.deepEqual(await refused(client.submit(choice, { address: grace })), [nobody])
    assert.equal((await messagesTo(server, grace)).length, 0)

    const form = formOf(await client.submit(choice, { address: second }))
    assert.equal((await messagesTo(server, ada)).length, 0)
    // The form of somebody else, with one's own session.
    const stranger = server.client()
    const step = await stranger.submit(form, { method: 'code', code: await codeTo(server, second) })
    assert.equal(step.kind, 'end')
    assert.equal(step.kind === 'end' && step.status >= 400, true)
    assert.equal((await client.submit(form, { method: 'code', code: await codeTo(server, second) })).kind, 'end')
    assert.equal(await levelOf(client), 'aal2')
  },
  { config: mfa, ...native },
)

everywhere(
  'a code is no second factor where it is a first one, and no first factor where it is a second one',
  async (server) => {
    await person(server)
    const client = server.client()
    const form = await client.start('login')
    assert.ok(!formHasCode(form))
    const step = await client.submit(form, { method: 'code', identifier: ada })
    assert.deepEqual(textIds(formOf(step)), [noMethod])
    assert.equal((await messagesTo(server, ada)).length, 0)
  },
  { config: mfa, ...native },
)

everywhere(
  'somebody signs up with a code, and the address is proven',
  async (server) => {
    const client = server.client()
    const traits = { email: grace, name: 'Grace' }
    const start = await client.start('registration')
    const choice = formOf(await client.submit(start, { method: 'profile', traits }))
    const form = formOf(await client.submit(choice, { method: 'code', traits }))
    assert.deepEqual(textIds(form), [signUpSent])
    const code = await codeTo(server, grace)
    const submit = (more: Record<string, unknown>) => client.submit(form, { method: 'code', traits, ...more })
    assert.deepEqual(await refused(submit({ code: otherThan(code) })), [signUpWrong])
    assert.deepEqual(await refused(submit({ code: '' })), [missing])
    assert.deepEqual(await refused(submit({ code, traits: { ...traits, email: ada } })), [otherTraits])
    assert.deepEqual(await refused(submit({ code, traits: { ...traits, name: 'Mallory' } })), [otherTraits])
    assert.equal((await submit({ code })).kind, 'end')
    const me = await client.whoami()
    assert.equal(me?.traits['email'], grace)
    assert.deepEqual(
      (await identity(server, me!.id)).verifiable_addresses.map(({ value, verified }) => ({ value, verified })),
      [{ value: grace, verified: true }],
    )
  },
  { config: passwordless },
)

everywhere(
  'one of fifty who sign up with the same code at once gets an account, and a taken address shows only to who proved it',
  async (server) => {
    const start = (client: Client) => client.start('registration')
    const client = server.client()
    const form = formOf(await client.submit(await start(client), { method: 'code', traits: { email: grace } }))
    const code = await codeTo(server, grace)
    const rush = await Promise.all(
      Array.from({ length: 50 }, () =>
        server.client().submit(form, { method: 'code', traits: { email: grace }, code }),
      ),
    )
    assert.equal(rush.filter((step) => step.kind === 'end' && step.status === 200).length, 1)

    const late = server.client()
    const again = formOf(await late.submit(await start(late), { method: 'code', traits: { email: grace } }))
    assert.deepEqual(textIds(again), [signUpSent])
    const fresh = await codeTo(server, grace)
    const refusal = formOf(await late.submit(again, { method: 'code', traits: { email: grace }, code: fresh }))
    assert.deepEqual(textIds(refusal), [taken])
    assert.equal(refusal.state, 'passed_challenge')
  },
  { config: passwordless, ...native },
)

everywhere(
  'where codes are no way to sign in nobody signs up with one',
  async (server) => {
    const client = server.client()
    const form = await client.start('registration')
    const step = await client.submit(form, { method: 'code', traits: { email: grace } })
    assert.equal(step.kind === 'end' && step.status, 404)
    assert.equal((await messagesTo(server, grace)).length, 0)
  },
  { config: { ...traits, selfservice: { methods: { code: { enabled: true } } } }, ...native },
)

const formHasCode = ({ ui }: Form): boolean => (ui.nodes ?? []).some(({ group }) => group === 'code')

async function levelOf(client: Client): Promise<unknown> {
  const { body } = await client.agent.request('GET', '/sessions/whoami')
  return body['authenticator_assurance_level']
}
