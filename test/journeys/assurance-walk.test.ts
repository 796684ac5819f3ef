// A long random walk of one person through signing in and out, second factors and settings, with three devices. A small
// model says before each step what will come of it, and after each step who every device is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { microsPerSecond, type Micros } from '../../src/lib/clock.ts'
import { createClient, textIds, type Client, type ClientKind, type Form, type Step } from '../support/clients.ts'
import { appCode, appSecretIn, backupCodesIn, wrongAppCode } from '../support/second-factors.ts'
import { pages, startServer, type InnerServer } from '../support/server.ts'

// npm run test:long walks further; STEPS and SEED tell another walk.
const steps = Number(process.env.STEPS ?? (process.env.ZELOS_TEST_LONG === '1' ? 10_000 : 500))
const seed = Number(process.env.SEED ?? 20_260_729)

const ada = { email: 'ada@shop.example', password: 'analytical-engine' }
const hour = 3600
const lifespanSeconds = 24 * hour
const privilegedSeconds = 15 * 60
const formSeconds = 2 * hour

const config = {
  session: { lifespan: '24h', whoami: { required_aal: 'highest_available' } },
  selfservice: {
    methods: { totp: { enabled: true }, lookup_secret: { enabled: true } },
    flows: { settings: { privileged_session_max_age: '15m', lifespan: '2h', required_aal: 'highest_available' } },
  },
}

// -- the model ---------------------------------------------------------------------------------------------------------

/** What a device's session has shown, and when. */
type ModelSession = { second: boolean; authenticatedAt: Micros; expiresAt: Micros }
type Device = { client: Client; name: string; session: ModelSession | undefined }
type Person = {
  app: { secret: string; lastStep: number } | undefined
  codes: { code: string; used: boolean }[] | undefined
}
/** A settings form that lies open somewhere. */
type OpenForm = { form: Form; openedAt: Micros; codes: string[] | undefined }

type World = { server: InnerServer; person: Person; devices: Device[]; identityId: string; kept: OpenForm | undefined }

const isAlive = ({ session }: Device, now: Micros): boolean => session !== undefined && session.expiresAt > now
const hasSecond = ({ app, codes }: Person): boolean => app !== undefined || codes !== undefined
const isPrivileged = (session: ModelSession, now: Micros): boolean =>
  session.authenticatedAt + privilegedSeconds * microsPerSecond > now

/** What stands between a device and the settings, if anything. */
function obstacle({ person, server }: World, device: Device): 'signed out' | 'step up' | undefined {
  if (!isAlive(device, server.now())) return 'signed out'
  return hasSecond(person) && !device.session!.second ? 'step up' : undefined
}

const lasting = (now: Micros) => ({ authenticatedAt: now, expiresAt: now + lifespanSeconds * microsPerSecond })

// -- what happened, in the words of the model -----------------------------------------------------------------------------

type Outcome = string

function outcomeOf(step: Step): Outcome {
  if (step.kind === 'form') {
    const texts = textIds(step.form).filter((id) => id !== 1010003 && id !== 1010004)
    if (texts.join() === '1050001') return 'saved'
    return texts.length === 0 ? 'shown' : texts.join()
  }
  const { status, body, location } = step
  const { id } = (body.error ?? {}) as { id?: string }
  if (status === 401) return 'signed out'
  if (status === 410) return 'expired'
  if (id === 'session_aal2_required') return 'step up'
  if (id === 'session_refresh_required') return 'refresh'
  if (id === 'session_already_available') return 'in already'
  if (location !== null) return outcomeOfRedirect(location)
  // 422: the session is there, and asks for a second factor.
  return status === 200 || status === 422 ? 'in' : `${status} ${JSON.stringify(body)}`
}

function outcomeOfRedirect(location: string): Outcome {
  const url = new URL(location)
  if (url.pathname === '/self-service/login/browser')
    return url.searchParams.has('refresh') ? 'refresh' : url.searchParams.has('aal') ? 'step up' : 'signed out'
  if (url.origin !== pages) return location
  if (url.pathname === '/welcome') return 'in'
  return url.pathname === '/login' || url.pathname === '/error' ? 'signed out' : location
}

/** Opens a form; where there is none, the reason. */
async function open({ client }: Device, flow: string, query: Record<string, string> = {}): Promise<Form | Outcome> {
  const address = `/self-service/${flow}/${client.kind === 'native' ? 'api' : 'browser'}?${new URLSearchParams(query).toString()}`
  const accept = client.kind === 'browser' ? 'text/html' : 'application/json'
  const answer = await client.agent.request('GET', address, { accept })
  if (answer.status === 200) return answer.body as unknown as Form
  const location = answer.location === null ? undefined : new URL(answer.location)
  const id = location?.origin === pages ? location.searchParams.get('flow') : null
  if (id) return (await client.agent.request('GET', `/self-service/${flow}/flows?id=${id}`)).body as unknown as Form
  const outcome = outcomeOf({ kind: 'end', ...answer })
  return outcome === 'in' ? 'in already' : outcome
}

// -- steps: each does something and says what had to come of it ------------------------------------------------------------

type Chance = { next(): number; pick<T>(list: readonly T[]): T; odds(percent: number): boolean }
type Report = { what: string; expected: Outcome; actual: Outcome }
type Walk = (world: World, device: Device, chance: Chance) => Promise<Report>

const signIn: Walk = async (world, device, chance) => {
  const refresh = chance.odds(50)
  const right = chance.odds(85)
  const form = await open(device, 'login', refresh ? { refresh: 'true' } : {})
  const what = `${refresh ? 'refreshes' : 'signs in'} with ${right ? 'the' : 'a wrong'} password`
  if (isAlive(device, world.server.now()) && !refresh) return { what, expected: 'in already', actual: shownOr(form) }
  const actual = await submitOr(device, form, {
    method: 'password',
    identifier: ada.email,
    password: right ? ada.password : 'difference-engine',
  })
  const now = world.server.now()
  const leadsOn = hasSecond(world.person) && !(isAlive(device, now) && device.session!.second)
  if (right) device.session = { second: isAlive(device, now) && device.session!.second, ...lasting(now) }
  if (!right) return { what, expected: '4000006', actual }
  return { what, expected: leadsOn && device.client.kind === 'browser' ? 'step up' : 'in', actual }
}

const stepUp: Walk = async (world, device, chance) => {
  const refresh = chance.odds(30)
  const { fields, what, proves, refusal } = secondFactor(world, chance)
  const form = await open(device, 'login', { aal: 'aal2', ...(refresh ? { refresh: 'true' } : {}) })
  if (!isAlive(device, world.server.now())) return { what, expected: 'signed out', actual: shownOr(form) }
  if (device.session!.second && !refresh) return { what, expected: 'in already', actual: shownOr(form) }
  const actual = await submitOr(device, form, fields)
  if (refusal !== undefined) return { what, expected: refusal, actual }
  proves()
  device.session = { second: true, ...lasting(world.server.now()) }
  return { what, expected: 'in', actual }
}

type Proof = { what: string; fields: Record<string, unknown>; refusal: Outcome | undefined; proves(): void }

function secondFactor({ person, server }: World, chance: Chance): Proof {
  if (chance.odds(50)) {
    const { app } = person
    if (!app || chance.odds(25)) {
      const totp_code = app ? wrongAppCode(app.secret, server.now()) : '123456'
      const refusal = app ? '4000008' : '4000011'
      return { what: 'gives a wrong app code', fields: { method: 'totp', totp_code }, refusal, proves() {} }
    }
    const seconds = Math.floor(server.now() / microsPerSecond)
    // Just before a step ends, the code of the one before it may be too old when it arrives.
    const later = chance.pick(seconds % 30 > 25 ? [0, 1] : [-1, 0, 1])
    const step = Math.floor(seconds / 30) + later
    return {
      what: `gives the app code of step ${step}, after ${app.lastStep}`,
      fields: { method: 'totp', totp_code: appCode(app.secret, server.now(), later) },
      refusal: step > app.lastStep ? undefined : '4000008',
      proves: () => void (app.lastStep = step),
    }
  }
  const { codes } = person
  const used = codes?.filter((entry) => entry.used) ?? []
  const entry = codes && chance.odds(80) ? chance.pick(used.length > 0 && chance.odds(40) ? used : codes) : undefined
  return {
    what: `gives a backup code that is ${entry ? (entry.used ? 'used' : 'good') : 'none'}`,
    fields: { method: 'lookup_secret', lookup_secret: entry?.code ?? 'nonsense' },
    refusal: !codes ? '4000014' : !entry ? '4000016' : entry.used ? '4000012' : undefined,
    proves: () => void (entry!.used = true),
  }
}

const changeSettings: Walk = async (world, device, chance) => {
  const kept = device.client.kind === 'native' && chance.odds(40) ? world.kept : undefined
  const opened = kept?.form ?? (await open(device, 'settings'))
  const expected = obstacle(world, device)
  if (typeof opened === 'string' || (!kept && expected !== undefined))
    return { what: 'opens the settings', expected: expected ?? 'a form', actual: shownOr(opened) }
  const form: OpenForm = kept ?? { form: opened, openedAt: world.server.now(), codes: undefined }
  if (device.client.kind === 'native' && chance.odds(40)) world.kept = form
  const report = await submitChange(world, device, form, change(world, form, chance.pick(actions)))
  const isMade = report.actual === report.expected && form.codes !== undefined
  return isMade && chance.odds(70) ? submitChange(world, device, form, change(world, form, 'confirm')) : report
}

/** A change with what comes of it, once nothing stands in its way. */
type Change = {
  what: string
  fields: Record<string, unknown>
  expected: Outcome
  carriedOut(form: Form): void
  proves?: boolean
}

async function submitChange(
  world: World,
  device: Device,
  open: OpenForm,
  { what, ...change }: Change,
): Promise<Report> {
  const { server } = world
  const step = await device.client.submit(open.form, change.fields)
  const actual = outcomeOf(step)
  const inTheWay = obstacle(world, device)
  if (inTheWay) return { what, expected: inTheWay, actual }
  if (open.openedAt + formSeconds * microsPerSecond < server.now()) {
    if (world.kept === open) world.kept = undefined
    return { what: `${what} in an old form`, expected: 'expired', actual }
  }
  if (!isPrivileged(device.session!, server.now())) return { what, expected: 'refresh', actual }
  if (step.kind === 'form') {
    open.form = step.form
    if (actual === 'saved') {
      // The form's action leads to a follow-up flow from here on.
      open.codes = undefined
      open.openedAt = server.now()
    }
    if (actual === change.expected) apply(world, device, change, step.form)
  }
  return { what, expected: change.expected, actual }
}

function apply({ server }: World, device: Device, change: Pick<Change, 'carriedOut' | 'proves'>, form: Form): void {
  change.carriedOut(form)
  // Setting a second factor up proves it, but does not prolong the session.
  if (change.proves) device.session = { ...device.session!, second: true, authenticatedAt: server.now() }
}

const actions = [
  'set up',
  'set up',
  'set up wrongly',
  'unlink',
  'make',
  'make',
  'confirm',
  'reveal',
  'reveal',
  'disable',
] as const
type Action = (typeof actions)[number]

function change(world: World, open: OpenForm, action: Action): Change {
  const { person, server } = world
  const nothing = () => {}
  switch (action) {
    case 'set up':
    case 'set up wrongly': {
      const secret = secretOr(open.form)
      const isRight = action === 'set up' && secret !== undefined
      const totp_code = secret === undefined ? '123456' : (isRight ? appCode : wrongAppCode)(secret, server.now())
      const what = `sets an app up with ${isRight ? 'the' : 'a wrong'} code`
      const fields = { method: 'totp', totp_code }
      if (person.app) return { what, fields, expected: 'saved', carriedOut: nothing }
      // Without a secret in the form there is nothing that a code could fit.
      if (!isRight) return { what, fields, expected: secret ? '4000008' : '4000001', carriedOut: nothing }
      return {
        what,
        fields,
        expected: 'saved',
        proves: true,
        carriedOut: () => void (person.app = { secret, lastStep: -1 }),
      }
    }
    case 'unlink':
      return {
        what: 'removes the app',
        fields: { totp_unlink: true },
        expected: person.app ? 'saved' : '4000002',
        carriedOut: () => void (person.app = undefined),
      }
    case 'make':
      return {
        what: 'makes backup codes',
        fields: { lookup_secret_regenerate: true },
        expected: 'shown',
        carriedOut: (form) => void (open.codes = backupCodesIn(form)),
      }
    case 'confirm': {
      const { codes } = open
      return {
        what: 'confirms backup codes',
        fields: { lookup_secret_confirm: true },
        expected: codes ? 'saved' : '4000001',
        proves: codes !== undefined,
        carriedOut: () => codes && void (person.codes = codes.map((code) => ({ code, used: false }))),
      }
    }
    case 'reveal':
      return {
        what: 'looks at the backup codes',
        fields: { lookup_secret_reveal: true },
        expected: person.codes ? 'shown' : '4000001',
        carriedOut: (form) =>
          person.codes &&
          assert.deepEqual(
            backupCodesIn(form),
            person.codes.map(({ code, used }) => (used ? 'used' : code)),
          ),
      }
    case 'disable':
      return {
        what: 'does without backup codes',
        fields: { lookup_secret_disable: true },
        expected: 'saved',
        carriedOut: () => void (person.codes = undefined),
      }
  }
}

/** A page's change waits for a new login, and is carried out after it – after nothing else. */
const parkChange: Walk = async (world, _device, chance) => {
  const { server } = world
  const page = world.devices.find(({ client }) => client.kind === 'browser')!
  const what = 'parks a change'
  const form = await open(page, 'settings')
  const inTheWay = obstacle(world, page)
  if (typeof form === 'string' || inTheWay) return { what, expected: inTheWay ?? 'a form', actual: shownOr(form) }
  server.pass(privilegedSeconds + 1)
  if (!isAlive(page, server.now())) return { what, expected: 'nothing', actual: 'nothing' }
  const waiting: OpenForm = { form, openedAt: server.now(), codes: undefined }
  const planned = change(world, waiting, chance.pick(actions))
  const sent = await page.client.submit(form, planned.fields)
  if (outcomeOf(sent) !== 'refresh') return { what, expected: 'refresh', actual: outcomeOf(sent) }
  if (sent.kind === 'form') throw new Error('a form cannot ask for a login')
  const back = new URL(sent.location!).searchParams.get('return_to')!

  const how = chance.pick(['refreshed', 'refreshed', 'as before', 'signed in anew'] as const)
  if (how === 'refreshed') {
    const login = (await open(page, 'login', { refresh: 'true' })) as Form
    await page.client.submit(login, { method: 'password', identifier: ada.email, password: ada.password })
    page.session = { second: page.session!.second, ...lasting(server.now()) }
  } else if (how === 'signed in anew') {
    await page.client.signOut()
    const login = (await open(page, 'login')) as Form
    await page.client.submit(login, { method: 'password', identifier: ada.email, password: ada.password })
    page.session = { second: false, ...lasting(server.now()) }
  }
  const returned = await page.client.agent.request('GET', back, { accept: 'text/html' })
  const place = new URL(returned.location ?? pages)
  const id = place.pathname === '/settings' ? place.searchParams.get('flow') : null
  const report = `${what}: ${planned.what}; comes back ${how}`
  if (how !== 'refreshed') {
    // Either it asks for more, or it is refused; what is checked after every step is that nothing has changed.
    return {
      what: report,
      expected: 'not carried out',
      actual: id && (await isSavedNow(page, id)) ? 'saved' : 'not carried out',
    }
  }
  if (!id) return { what: report, expected: planned.expected, actual: outcomeOf({ kind: 'end', ...returned }) }
  const after = (await page.client.agent.request('GET', `/self-service/settings/flows?id=${id}`))
    .body as unknown as Form
  const actual = outcomeOf({ kind: 'form', form: after })
  if (actual === planned.expected) apply(world, page, planned, after)
  return { what: report, expected: planned.expected, actual }
}

const isSavedNow = async ({ client }: Device, id: string): Promise<boolean> =>
  (await client.agent.request('GET', `/self-service/settings/flows?id=${id}`)).body.state === 'success'

const signOut: Walk = async ({ server }, device) => {
  if (!isAlive(device, server.now())) return { what: 'is signed out', expected: 'nothing', actual: 'nothing' }
  await device.client.signOut()
  device.session = undefined
  return { what: 'signs out', expected: 'done', actual: 'done' }
}

const waits = [31, 5 * 60 + 7, 16 * 60 + 3, 3 * hour + 11, 23 * hour + 13, 25 * hour + 17]

const wait: Walk = async ({ server }, _device, chance) => {
  const seconds =
    chance.pick(waits.slice(0, chance.odds(80) ? 3 : waits.length)) + Math.round(chance.next() * 1000) / 1000
  server.pass(seconds)
  return { what: `waits ${seconds} s`, expected: 'done', actual: 'done' }
}

const operatorRemoves: Walk = async ({ server, person, devices, identityId }, _device, chance) => {
  const type = chance.pick(['totp', 'lookup_secret'])
  const { status } = await devices[0]!.client.agent.request(
    'DELETE',
    `${server.adminUrl}/admin/identities/${identityId}/credentials/${type}`,
  )
  const expected = (type === 'totp' ? person.app : person.codes) ? '204' : '404'
  if (type === 'totp') person.app = undefined
  else person.codes = undefined
  return { what: `loses ${type} to an operator`, expected, actual: String(status) }
}

const walks: readonly Walk[] = [
  ...Array.from({ length: 5 }, () => signIn),
  ...Array.from({ length: 12 }, () => stepUp),
  ...Array.from({ length: 12 }, () => changeSettings),
  ...Array.from({ length: 2 }, () => parkChange),
  ...Array.from({ length: 4 }, () => wait),
  signOut,
  operatorRemoves,
]

const shownOr = (form: Form | Outcome): Outcome => (typeof form === 'string' ? form : 'a form')

const submitOr = async ({ client }: Device, form: Form | Outcome, fields: Record<string, unknown>): Promise<Outcome> =>
  typeof form === 'string' ? form : outcomeOf(await client.submit(form, fields))

function secretOr(form: Form): string | undefined {
  try {
    return appSecretIn(form)
  } catch {
    return undefined
  }
}

/** Everybody is who the model says, at the level that it says. */
async function checkDevices({ server, person, devices }: World): Promise<void> {
  const answers = await Promise.all(devices.map(({ client }) => client.agent.request('GET', '/sessions/whoami')))
  for (const [index, device] of devices.entries()) {
    const { status, body } = answers[index]!
    const alive = isAlive(device, server.now())
    const level = device.session?.second ? 'aal2' : 'aal1'
    const expected = !alive ? [401, undefined] : hasSecond(person) && level === 'aal1' ? [403, undefined] : [200, level]
    assert.deepEqual([status, body.authenticator_assurance_level], expected, `who ${device.name} is`)
  }
}

/** Numbers that look random and are the same for the same seed: mulberry32. */
function chanceFrom(start: number): Chance {
  let state = start
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    pick: (list) => list[Math.floor(next() * list.length)]!,
    odds: (percent) => next() * 100 < percent,
  }
}

test(`nobody reaches a level or a change that was not proven, in ${steps} random steps`, async (context) => {
  const server = await startServer({ config })
  const kinds: ClientKind[] = ['native', 'native', 'spa', 'browser']
  const devices = kinds.map(
    (kind, index): Device => ({
      client: createClient(server, kind),
      name: `${kind} ${index}`,
      session: undefined,
    }),
  )
  const chance = chanceFrom(seed)
  const history: string[] = []
  const seen = new Map<string, number>()
  try {
    const created = await devices[0]!.client.agent.request('POST', `${server.adminUrl}/admin/identities`, {
      json: {
        schema_id: 'person',
        traits: { email: ada.email },
        credentials: { password: { config: { password: ada.password } } },
      },
    })
    const world: World = {
      server,
      devices,
      person: { app: undefined, codes: undefined },
      identityId: String(created.body.id),
      kept: undefined,
    }
    for (let step = 1; step <= steps; step++) {
      const device = chance.pick(devices)
      const { what, expected, actual } = await chance.pick(walks)(world, device, chance)
      history.push(`${step} ${device.name} ${what}: ${actual}`)
      seen.set(expected, (seen.get(expected) ?? 0) + 1)
      assert.equal(actual, expected, `step ${step}: ${device.name} ${what}`)
      await checkDevices(world)
    }
  } catch (error) {
    for (const line of [`seed ${seed}`, ...history.slice(-25), ...server.logged]) context.diagnostic(line)
    throw error
  } finally {
    await server.stop()
  }
  // The walk has been everywhere; what is rare needs more steps.
  const common = ['in', 'in already', 'signed out', 'step up', 'refresh', 'saved', 'shown', 'not carried out']
  const refusals = ['4000001', '4000006', '4000008', '4000011', '4000012', '4000014', '4000016']
  for (const outcome of [...common, ...(steps < 2000 ? [] : refusals)])
    assert.ok(seen.has(outcome), `never seen: ${outcome}`)
})
