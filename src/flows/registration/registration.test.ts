import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createTurns } from '../../lib/turns.ts'
import { createHashing } from '../../crypto/hashers/hashing.ts'
import type { Db } from '../../db/db.ts'
import { ApiError, errors } from '../../errors.ts'
import type { Csrf } from '../../http/csrf.ts'
import { createReturnTo } from '../../http/return-to.ts'
import type { Request, Response } from '../../http/types.ts'
import * as normalisers from '../../identities/normalise.ts'
import { compileIdentitySchema } from '../../identities/schema/schema.ts'
import type { IdentitySchemas } from '../../identities/schemas.ts'
import { findIdentityByIdentifier, listIdentities } from '../../identities/store.ts'
import type { IdentityWithCredentials } from '../../identities/identity.ts'
import { sessionAfterRegistration } from '../../hooks/session.ts'
import { showVerificationAfterRegistration } from '../../hooks/show-verification-ui.ts'
import type { OidcDeps } from '../../methods/oidc/deps.ts'
import { oidcRegistration } from '../../methods/oidc/registration.ts'
import { passwordRegistration } from '../../methods/password/registration.ts'
import { profileRegistration } from '../../methods/profile/registration.ts'
import { createAuthenticate } from '../../sessions/authenticate.ts'
import { newUuid } from '../../lib/uuid.ts'
import { isInput, nodeId, type UiNode } from '../../ui/node.ts'
import type { UiText } from '../../ui/messages.ts'
import { testDatabases } from '../../../test/support/databases.ts'
import { requestOf } from '../../../test/support/requests.ts'
import { credential, hour, storedIdentity, testClock } from '../../../test/support/sessions.ts'
import type { RegistrationDeps } from './deps.ts'
import { registrationRoutes } from './routes.ts'

const password = 'correct horse 4 staples'
const identifies = { credentials: { password: { identifier: true } } }
const schemaOf = (properties: Record<string, unknown>, required: string[]) =>
  compileIdentitySchema(
    JSON.stringify({
      type: 'object',
      properties: { traits: { type: 'object', properties, required, additionalProperties: false } },
    }),
  )
const person = await schemaOf(
  {
    email: {
      type: 'string',
      format: 'email',
      title: 'E-mail',
      'ory.sh/kratos': { ...identifies, verification: { via: 'email' }, recovery: { via: 'email' } },
    },
    nickname: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  ['email'],
)
const customer = await schemaOf({ username: { type: 'string', 'ory.sh/kratos': identifies } }, ['username'])

const schemas: IdentitySchemas = {
  defaultId: 'person',
  ids: ['person', 'customer'],
  has: (id) => id === 'person' || id === 'customer',
  isSelectable: () => true,
  document: () => Promise.reject(new Error('nobody asks for it')),
  get: (id) => Promise.resolve(id === 'person' ? person : customer),
}

const csrfSettings = { name: 'csrf', path: '/', secure: false, sameSite: 'Lax' } as const
const cookies: RegistrationDeps['cookies'] = {
  read: () => undefined,
  isSent: () => false,
  write: () => 'session=…',
  clear: () => 'session=',
}
const hashing = createHashing({
  config: {
    algorithm: 'bcrypt',
    bcrypt: { cost: 4 },
    argon2: { memory: '8MB', iterations: 1, salt_length: 16, key_length: 32 },
  },
  dev: true,
})

/** No web hooks. */
const untold = { beforeStoring: [], afterStoring: [] }

function server(db: Db, changes: Partial<RegistrationDeps> = {}) {
  const clock = testClock()
  const deps: RegistrationDeps = {
    db,
    clock,
    authenticate: createAuthenticate({ db, clock, cookies }),
    cookies,
    forward: (_request, error) =>
      Promise.resolve({ status: 303, headers: { location: `/error?${(error as Error).message}` } }),
    returnTo: createReturnTo({ allowed: ['https://shop.example'], publicBaseUrl: 'https://id.example' }),
    crossSite: { csrf: csrfSettings, relaxNative: false },
    schemas,
    turns: createTurns(),
    normalisers,
    rules: { codePasswordless: false, codeMfa: false, migrationHook: false },
    publicBaseUrl: 'https://id.example',
    lifespanOf: () => 24 * hour,
    enabled: true,
    style: 'two-steps',
    uiUrl: 'https://shop.example/sign-up',
    lifespanMicros: hour,
    loginHints: false,
    defaultReturnUrl: 'https://shop.example/',
    methods: [
      profileRegistration(),
      passwordRegistration({
        enabled: true,
        hashing,
        policy: { minLength: 8, similarityCheck: true },
        breached: undefined,
      }),
      oidcRegistration({ enabled: false, providers: [] as OidcDeps['providers'] } as OidcDeps),
    ],
    hooksBefore: [],
    after: () => ({ ...untold, returnUrl: 'https://shop.example/', hooks: [sessionAfterRegistration] }),
    ...changes,
  }
  const routes = registrationRoutes(deps)
  let rotations = 0
  const csrf: Csrf = {
    token: () => 'token',
    verify: (token) => token === 'token',
    rotate: () => rotations++,
    snapshot: () => () => {},
    cookie: () => undefined,
  }

  async function call(method: string, target: string, body?: unknown, changed: Partial<Request> = {}) {
    const headers = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const request = Object.assign(
      requestOf(method, target, { headers, body: body === undefined ? '' : JSON.stringify(body) }),
      { csrf },
      changed,
    )
    const handler = routes.find((route) => route.method === method && route.path === request.path)!.handler
    return answerOf(await handler(request))
  }
  return {
    clock,
    call,
    rotations: () => rotations,
    open: (kind: 'browser' | 'api', query = '') => call('GET', `/self-service/registration/${kind}${query}`),
    submit: (id: string, fields: Record<string, unknown>, changed?: Partial<Request>) =>
      call('POST', `/self-service/registration?flow=${id}`, fields, changed),
    read: (id: string) => call('GET', `/self-service/registration/flows?id=${id}`),
  }
}

/** What the tests look at in an answer. */
type Body = {
  id: string
  use_flow_id: string
  return_to?: string
  identity_schema?: string
  organization_id: string | null
  session_token_exchange_code?: string
  identity?: { id: string }
  session_token?: string
  continue_with: { action: string; flow?: unknown }[] | null
  ui: { nodes: UiNode[]; messages?: UiText[] }
}
const answerOf = ({ status, body, headers = {}, cookies: set = [] }: Response) => ({
  status,
  headers,
  cookies: set,
  body: (body ? JSON.parse(body.toString()) : {}) as Body,
})
const names = ({ ui }: Body) => ui.nodes.map(nodeId)
const valueOf = ({ ui }: Body, name: string) =>
  ui.nodes.filter(isInput).find((node) => nodeId(node) === name)?.attributes.value
const texts = ({ ui }: Body) =>
  [...(ui.messages ?? []), ...ui.nodes.flatMap(({ messages }) => messages)].map(({ id }) => id)

const databases = testDatabases()
/** For what no database has a say in. */
const database = () => databases[0]!.open()

for (const { name, open } of databases) {
  describe(name, () => {
    test('who registers is stored with address, password and session, and gets the token of that session', async () => {
      const db = await open()
      const { open: begin, submit } = server(db)
      const { id } = (await begin('api')).body
      const { status, body } = await submit(id, { method: 'password', password, traits: { email: 'Ada@Shop.example' } })
      assert.equal(status, 200)
      assert.deepEqual(
        body.continue_with?.map(({ action }) => action),
        ['set_ory_session_token'],
      )
      const ada = await findIdentityByIdentifier(db, ['password'], ['ada@shop.example'])
      assert.equal(ada?.id, body.identity?.id)
      assert.equal(ada?.verifiableAddresses[0]?.value, 'ada@shop.example')
      assert.equal(ada?.availableAal, 'aal1')
      const signedIn = requestOf('GET', '/sessions/whoami', { headers: { 'x-session-token': body.session_token! } })
      const found = await createAuthenticate({ db, clock: testClock(), cookies })(signedIn)
      assert.equal(found?.identity.id, ada?.id)
    })

    test('what a hook wants stored is stored together with the identity, or nothing is', async () => {
      const db = await open()
      const unlucky = {
        sql: 'update sessions set active = $1 where id = $2',
        params: [false, '00000000-0000-4000-8000-000000000000'],
        expect: 1,
      }
      const { open: begin, submit } = server(db, {
        after: () => ({ ...untold, returnUrl: '', hooks: [() => ({ statements: [unlucky] })] }),
      })
      const { id } = (await begin('api')).body
      await assert.rejects(submit(id, { method: 'password', password, traits: { email: 'ada@shop.example' } }))
      assert.deepEqual(await listIdentities(db, undefined, { limit: 10 }), [])
    })

    test('of 200 who want one address at the same moment, one gets it and 199 are told so', async () => {
      const db = await open()
      const { open: begin, submit } = server(db)
      const flows = await Promise.all(Array.from({ length: 200 }, async () => (await begin('api')).body.id))
      const answers = await Promise.all(
        flows.map((id) => submit(id, { method: 'password', password, traits: { email: 'ada@shop.example' } })),
      )
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      const refused = answers.filter(({ status }) => status === 400)
      assert.equal(refused.length, 199)
      for (const { body } of refused) assert.deepEqual(texts(body), [4000007])
      assert.equal((await listIdentities(db, undefined, { limit: 10 })).length, 1)
      const sessions = await db.query('select id from sessions')
      assert.equal(sessions.length, 1)
    })

    test('hints name the ways in which the owner of a taken identifier or address signs in', async () => {
      const db = await open()
      const { open: begin, submit } = server(db, { loginHints: true })
      const address = (value: string) => ({
        id: newUuid(),
        via: 'email' as const,
        value,
        verified: false,
        status: 'pending' as const,
        createdAt: 1,
        updatedAt: 1,
      })
      const owners: Partial<IdentityWithCredentials>[] = [
        { credentials: { password: credential('password', { hashed_password: '$2a$04$x' }, ['ada@shop.example']) } },
        {
          verifiableAddresses: [address('bea@shop.example')],
          credentials: {
            oidc: credential(
              'oidc',
              {
                providers: [
                  { provider: 'b', subject: '2' },
                  { provider: 'a', subject: '1' },
                ],
              },
              ['a:1', 'b:2'],
            ),
          },
        },
        { recoveryAddresses: [address('cleo@shop.example')] },
      ]
      for (const owner of owners) await storedIdentity(db, owner)
      const { id } = (await begin('api')).body
      const hintFor = async (email: string) =>
        (await submit(id, { method: 'password', password, traits: { email } })).body.ui.messages
      const expected: [string, string[], string[]][] = [
        ['ada@shop.example', ['password'], []],
        ['bea@shop.example', ['oidc'], ['a', 'b']],
        ['cleo@shop.example', [], []],
      ]
      for (const [email, types, providers] of expected) {
        const [text, ...others] = (await hintFor(email.toUpperCase()))!
        assert.equal(text?.id, 4000028)
        assert.deepEqual(text.context, {
          available_credential_types: types,
          available_oidc_providers: providers,
          credential_identifier_hint: email,
        })
        assert.deepEqual(others, [])
      }
    })

    test('an expired flow is replaced by one for the same schema and return address, which takes over the exchange codes', async () => {
      const db = await open()
      const { open: begin, submit, read, clock } = server(db)
      const begun = await begin(
        'api',
        '?identity_schema=customer&return_to=https://shop.example/cart&return_session_token_exchange_code=true',
      )
      assert.equal(begun.body.session_token_exchange_code?.length, 64)
      clock.pass(2 * hour)
      const gone = await submit(begun.body.id, { method: 'profile', traits: { username: 'ada' } })
      assert.equal(gone.status, 410)
      const { body } = await read(gone.body.use_flow_id)
      assert.deepEqual(texts(body), [4040001])
      assert.equal(body.return_to, 'https://shop.example/cart')
      assert.equal(body.identity_schema, 'customer')
      assert.ok(names(body).includes('traits.username'))
      const [row] = await db.query('select flow_id from session_token_exchanges')
      assert.equal(row?.flow_id, body.id)
    })
  })
}

describe('the forms of a registration', () => {
  test('a screen is drawn afresh: texts and fields of earlier errors are gone, and one way leads back', async () => {
    const { open: begin, submit } = server(await database())
    const { id } = (await begin('api')).body
    const email = 'ada@shop.example'
    const wrong = await submit(id, { method: 'profile', screen: 'nowhere', traits: { email, unknown: 1 } })
    assert.deepEqual(texts(wrong.body), [4000001, 4000001])
    assert.ok(names(wrong.body).includes('screen'))
    await submit(id, { method: 'password', password: 'short', traits: { email } })
    await submit(id, { method: 'profile', traits: { email } })
    const { body } = await submit(id, { screen: 'credential-selection', traits: { email, tags: ['a'] } })
    assert.deepEqual(names(body), [
      'csrf_token',
      'traits.email',
      'password',
      'traits.nickname',
      'traits.tags',
      'traits.tags.0',
      'method',
      'screen',
    ])
    assert.deepEqual(texts(body), [1040009])
  })

  test('the way back shows what was known before and what was sent now', async () => {
    const { open: begin, submit } = server(await database())
    const { id } = (await begin('api')).body
    await submit(id, { method: 'profile', traits: { email: 'ada@shop.example', nickname: 'ada' } })
    const { body } = await submit(id, { screen: 'previous', traits: { email: 'bea@shop.example' } })
    assert.equal(valueOf(body, 'traits.email'), 'bea@shop.example')
    assert.equal(valueOf(body, 'traits.nickname'), 'ada')
    assert.deepEqual(names(body).slice(-2), ['traits.tags', 'method'])
  })

  test('the form of an organization has no fields', async () => {
    const { open: begin, submit } = server(await database())
    const organization = 'b4b7e9a8-8a5c-4a80-9f0d-6d3e7b8c3f11'
    const { body } = await begin('browser', `?organization=${organization}`)
    assert.equal(body.organization_id, organization)
    assert.equal(body.ui.nodes, null)
    const traits = { email: 'ada@shop.example' }
    await submit(body.id, { method: 'profile', csrf_token: 'token', traits })
    const back = await submit(body.id, { screen: 'previous', traits })
    assert.equal(back.body.organization_id, null)
  })

  test('an identifier of nothing but invisible characters identifies nobody', async () => {
    const { open: begin, submit } = server(await database())
    const { id } = (await begin('api', '?identity_schema=customer')).body
    const { body } = await submit(id, { method: 'password', password, traits: { username: ' \u200b' } })
    assert.deepEqual(texts(body), [4000009])
  })

  test('methods that are not here answer 404 when they are addressed, and 4010003 when the fields do not fit', async () => {
    const { open: begin, submit } = server(await database())
    const { id } = (await begin('api')).body
    const traits = { email: 'ada@shop.example' }
    await assert.rejects(
      submit(id, { provider: 'acme', traits }),
      (error) => error instanceof ApiError && error.body.status === 404,
    )
    for (const fields of [{ method: 'passkey' }, { passkey_register: 'true' }, { webauthn_register: '{}' }, {}])
      assert.deepEqual(texts((await submit(id, { ...fields, traits })).body), [4010003])
  })

  test('what no form can show ends a native flow with its error and sends a page to the error page', async () => {
    const { open: begin, submit } = server(await database())
    const tooLarge: Partial<Request> = { body: () => Promise.reject(errors.tooLarge('Too large.')) }
    const native = await begin('api')
    await assert.rejects(
      submit(native.body.id, {}, tooLarge),
      (error) => error instanceof ApiError && error.body.status === 413,
    )
    const browser = await begin('browser')
    const answer = await submit(browser.body.id, {}, tooLarge)
    assert.equal(answer.headers.location, '/error?Too large.')
  })
})

describe('after a registration', () => {
  const verified: RegistrationDeps['after'] = () => ({
    ...untold,
    returnUrl: 'https://shop.example/',
    hooks: [
      ({ flow, identity }) => ({
        verification: {
          flow: { ...flow, id: 'v' },
          address: identity.verifiableAddresses[0]!.value,
          url: 'https://shop.example/verify?flow=v',
          statements: [],
        },
      }),
      showVerificationAfterRegistration,
      sessionAfterRegistration,
    ],
  })
  const fields = { method: 'password', password, csrf_token: 'token', traits: { email: 'ada@shop.example' } }
  const asPage: Partial<Request> = {
    headers: { 'content-type': 'application/json;charset=utf-8' },
    headerLines: () => [],
  }

  test('a script is told where to go and what to show, and signed in by cookie', async () => {
    const { open: begin, submit, rotations } = server(await database(), { after: verified })
    const { id } = (await begin('browser')).body
    const { body, cookies: set } = await submit(id, fields)
    assert.deepEqual(body.continue_with, [
      { action: 'redirect_browser_to', redirect_browser_to: 'https://shop.example/' },
      {
        action: 'show_verification_ui',
        flow: { id: 'v', verifiable_address: 'ada@shop.example', url: 'https://shop.example/verify?flow=v' },
      },
    ])
    assert.equal(body.session_token, undefined)
    assert.deepEqual(set, ['session=…'])
    assert.equal(rotations(), 1)
  })

  test('a page goes on to the verification', async () => {
    const { open: begin, submit } = server(await database(), { after: verified })
    const { id } = (await begin('browser')).body
    const { status, headers } = await submit(id, fields, asPage)
    assert.equal(status, 303)
    assert.equal(headers.location, 'https://shop.example/verify?flow=v')
  })

  test('an app gets no addresses of pages, and its token last', async () => {
    const { open: begin, submit } = server(await database(), { after: verified })
    const { id } = (await begin('api')).body
    const { body } = await submit(id, fields)
    assert.deepEqual(
      body.continue_with?.map(({ action }) => action),
      ['show_verification_ui', 'set_ory_session_token'],
    )
    assert.deepEqual(body.continue_with?.[0]?.flow, {
      id: 'v',
      verifiable_address: 'ada@shop.example',
    })
  })

  test('without the hook for it nobody is signed in, and forms in other tabs stay good', async () => {
    const {
      open: begin,
      submit,
      rotations,
    } = server(await database(), { after: () => ({ ...untold, returnUrl: 'https://shop.example/', hooks: [] }) })
    const { id } = (await begin('browser')).body
    const { headers, cookies: set } = await submit(id, fields, asPage)
    assert.equal(headers.location, 'https://shop.example/')
    assert.deepEqual(set, [])
    assert.equal(rotations(), 0)
  })
})
