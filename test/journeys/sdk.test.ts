// The official client drives this server as it drives Kratos. A server application passes its browser's cookies on; a
// native app keeps a session token.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  Configuration,
  FrontendApi,
  IdentityApi,
  MetadataApi,
  type SettingsFlow,
  type Session,
  type UiContainer,
} from '@ory/client'
import { cookieHeader, remember } from '../support/agent.ts'
import { startServer, type InnerServer } from '../support/server.ts'
import { validateResponse } from '../support/validate-response.ts'

let server: InnerServer
before(async () => (server = await startServer()))
after(() => server.stop())

const password = 'analytical-engine'
const changed = 'difference-engine'

type Received<T> = {
  status: number
  data: T
  headers: Record<string, unknown>
  config: { method?: string; url?: string }
}

/** An answer of the server as the client understood it, after a look at what the description says. */
async function received<T>(pending: Promise<unknown>): Promise<{ status: number; data: T; cookies: string[] }> {
  const { status, data, headers, config } = (await pending) as Received<T>
  const url = new URL(config.url!)
  const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : '')
  const operation = validateResponse({
    port: url.origin === server.adminUrl ? 'admin' : 'public',
    method: config.method!.toUpperCase(),
    path: url.pathname,
    status,
    contentType: text('content-type'),
    location: text('location'),
    body: data === '' ? '' : JSON.stringify(data),
  })
  assert.ok(operation, `the client asked for ${url.pathname}, which is not described`)
  return { status, data, cookies: (headers['set-cookie'] as string[] | undefined) ?? [] }
}

const configured = (basePath: string) =>
  new Configuration({ basePath, baseOptions: { validateStatus: () => true, maxRedirects: 0 } })
const frontend = () => new FrontendApi(configured(server.publicUrl))

const csrfIn = (ui: UiContainer): string => {
  const node = ui.nodes.find(({ attributes }) => attributes.node_type === 'input' && attributes.name === 'csrf_token')
  return node?.attributes.node_type === 'input' ? String(node.attributes.value) : ''
}

test('a native app signs somebody up, changes their password, signs out and in again', async () => {
  const api = frontend()
  const traits = { email: 'native@shop.example' }
  const begun = await received<{ id: string }>(api.createNativeRegistrationFlow())
  const registered = await received<{ session_token: string; session: Session }>(
    api.updateRegistrationFlow({
      flow: begun.data.id,
      updateRegistrationFlowBody: { method: 'password', password, traits },
    }),
  )
  assert.equal(registered.status, 200)
  const xSessionToken = registered.data.session_token

  const me = await received<Session>(api.toSession({ xSessionToken }))
  assert.deepEqual([me.status, me.data.active, me.data.identity?.traits], [200, true, traits])
  assert.equal(me.data.id, registered.data.session.id)

  const settings = await received<SettingsFlow>(api.createNativeSettingsFlow({ xSessionToken }))
  const saved = await received<SettingsFlow>(
    api.updateSettingsFlow({
      flow: settings.data.id,
      xSessionToken,
      updateSettingsFlowBody: { method: 'password', password: changed },
    }),
  )
  assert.deepEqual([saved.status, saved.data.state], [200, 'success'])

  const out = await received(api.performNativeLogout({ performNativeLogoutBody: { session_token: xSessionToken } }))
  assert.equal(out.status, 204)
  assert.equal((await received(api.toSession({ xSessionToken }))).status, 401)

  const login = await received<{ id: string }>(api.createNativeLoginFlow())
  const again = await received<{ session_token: string; session: Session }>(
    api.updateLoginFlow({
      flow: login.data.id,
      updateLoginFlowBody: { method: 'password', identifier: traits.email, password: changed },
    }),
  )
  assert.deepEqual([again.status, again.data.session.identity?.id], [200, me.data.identity?.id])
})

test('an application passes cookies on: sign up, settings, the other sessions, sign out', async () => {
  const api = frontend()
  const jar = new Map<string, string>()
  const traits = { email: 'browser@shop.example' }
  async function browse<T>(pending: Promise<unknown>): Promise<{ status: number; data: T }> {
    const answer = await received<T>(pending)
    for (const line of answer.cookies) remember(jar, line)
    return answer
  }
  const passedOn = () => ({ cookie: cookieHeader(jar) })

  const begun = await browse<{ id: string }>(api.createBrowserRegistrationFlow())
  const flow = await browse<{ id: string; ui: UiContainer }>(
    api.getRegistrationFlow({ id: begun.data.id, ...passedOn() }),
  )
  const registered = await browse<{ session: Session }>(
    api.updateRegistrationFlow({
      flow: flow.data.id,
      ...passedOn(),
      updateRegistrationFlowBody: { method: 'password', password, traits, csrf_token: csrfIn(flow.data.ui) },
    }),
  )
  assert.equal(registered.status, 200)

  const me = await browse<Session>(api.toSession(passedOn()))
  assert.deepEqual([me.status, me.data.identity?.traits], [200, traits])
  assert.deepEqual((await browse<Session[]>(api.listMySessions(passedOn()))).data, [])

  const settings = await browse<SettingsFlow>(api.createBrowserSettingsFlow(passedOn()))
  const saved = await browse<SettingsFlow>(
    api.updateSettingsFlow({
      flow: settings.data.id,
      ...passedOn(),
      updateSettingsFlowBody: { method: 'password', password: changed, csrf_token: csrfIn(settings.data.ui) },
    }),
  )
  assert.deepEqual([saved.status, saved.data.state], [200, 'success'])

  const leave = await browse<{ logout_token: string }>(api.createBrowserLogoutFlow(passedOn()))
  const left = await browse(api.updateLogoutFlow({ token: leave.data.logout_token, ...passedOn() }))
  assert.equal(left.status, 204)
  assert.equal((await browse(api.toSession(passedOn()))).status, 401)
})

test('operators create, find, change and delete an identity and end its sessions', async () => {
  const api = new IdentityApi(configured(server.adminUrl))
  const created = await received<{ id: string; traits: unknown }>(
    api.createIdentity({
      createIdentityBody: {
        schema_id: 'person',
        traits: { email: 'op@shop.example' },
        credentials: { password: { config: { password } } },
        external_id: 'customer/7',
      },
    }),
  )
  assert.equal(created.status, 201)
  const { id } = created.data

  const login = await received<{ id: string }>(frontend().createNativeLoginFlow())
  const signedIn = await received<{ session: Session }>(
    frontend().updateLoginFlow({
      flow: login.data.id,
      updateLoginFlowBody: { method: 'password', identifier: 'op@shop.example', password },
    }),
  )
  const found = await received<{ id: string }[]>(api.listIdentities({ credentialsIdentifier: 'OP@shop.example' }))
  assert.deepEqual(
    found.data.map((each) => each.id),
    [id],
  )
  assert.equal((await received<{ id: string }>(api.getIdentityByExternalID({ externalID: 'customer/7' }))).data.id, id)

  const renamed = await received<{ traits: unknown }>(
    api.patchIdentity({ id, jsonPatch: [{ op: 'add', path: '/traits/name', value: 'Op' }] }),
  )
  assert.deepEqual(renamed.data.traits, { email: 'op@shop.example', name: 'Op' })

  const sessions = await received<Session[]>(api.listIdentitySessions({ id, active: true }))
  assert.deepEqual(
    sessions.data.map((each) => each.id),
    [signedIn.data.session.id],
  )
  assert.equal(
    (await received<Session>(api.getSession({ id: signedIn.data.session.id, expand: ['identity'] }))).status,
    200,
  )
  assert.equal((await received(api.extendSession({ id: signedIn.data.session.id }))).status, 200)
  assert.equal((await received(api.disableSession({ id: signedIn.data.session.id }))).status, 204)
  assert.equal((await received(api.deleteIdentity({ id }))).status, 204)
  assert.equal((await received(api.getIdentity({ id }))).status, 404)
})

test('operators learn which version it is', async () => {
  const api = new MetadataApi(configured(server.adminUrl))
  assert.match((await received<{ version: string }>(api.getVersion())).data.version, /^v\d+\.\d+\.\d+/)
})
