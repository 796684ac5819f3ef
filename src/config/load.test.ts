import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Sources, loadConfig } from './load.ts'
import { describe } from './problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'zelos-load-'))
after(() => rmSync(folder, { recursive: true }))

let count = 0
function file(content: unknown, extension = 'json'): string {
  const path = join(folder, `${count++}.${extension}`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const minimal = {
  dsn: 'memory',
  secrets: { default: ['a-secret-for-the-tests'] },
  identity: { schemas: [{ id: 'default', url: 'base64://e30=' }] },
  selfservice: { default_browser_return_url: 'https://shop.example/' },
  serve: { public: { base_url: 'https://id.shop.example/' } },
}

async function accepted(change: Record<string, unknown> = {}, { env = {}, ...more }: Partial<Sources> = {}) {
  const loaded = await loadConfig({
    files: [file(minimal), file(change), ...(more.files ?? [])],
    env,
    flags: more.flags ?? {},
  })
  assert.ok(loaded.ok, loaded.ok ? '' : describe(loaded.problems))
  return loaded
}

async function refused(change: Record<string, unknown>, env: Sources['env'] = {}) {
  const loaded = await loadConfig({ files: [file(minimal), file(change)], env })
  assert.ok(!loaded.ok, 'this was meant to be refused')
  return loaded.problems
}

test('every default is filled in, also below keys that the file does not mention', async () => {
  const { config } = await accepted()
  assert.equal(config.serve.public.port, 4433)
  assert.equal(config.selfservice.flows.settings.privileged_session_max_age, '1h')
  assert.deepEqual(config.selfservice.flows.login.after.password.hooks, [])
  assert.equal(config.selfservice.methods.password.config.min_password_length, 8)
  assert.equal(config.identity.schemas[0]?.selfservice_selectable, false)
})

test('later files are laid over earlier ones: objects by member, lists as a whole', async () => {
  const { config } = await accepted(
    { session: { lifespan: '2h' }, secrets: { default: ['first-of-two-secrets', 'second-of-two-secrets'] } },
    {
      files: [
        file('[session.cookie]\nname = "sid"\n', 'toml'),
        file('secrets: { default: [only-one-secret-now] }', 'yaml'),
      ],
    },
  )
  assert.equal(config.session.lifespan, '2h')
  assert.equal(config.session.cookie.name, 'sid')
  assert.deepEqual(config.secrets.default, ['only-one-secret-now'])
})

test('a YAML number with a leading zero is octal, as file modes are written', async () => {
  const { config } = await accepted({}, { files: [file('serve: { admin: { socket: { mode: 0700 } } }', 'yml')] })
  assert.equal(config.serve.admin.socket.mode, 0o700)
})

test('flags win over files, and the environment over flags', async () => {
  assert.equal((await accepted({ dev: false }, { flags: { dev: true } })).config.dev, true)
  assert.equal((await accepted({}, { flags: { dev: true }, env: { DEV: 'false' } })).config.dev, false)
})

test('a variable sets the key that its name spells, converted to the type of the key', async () => {
  const { config } = await accepted(
    {},
    {
      env: {
        SELFSERVICE_FLOWS_SETTINGS_UI_URL: '/settings',
        serve_public_port: '8080',
        SELFSERVICE_FLOWS_REGISTRATION_ENABLED: 'false',
        SECRETS_DEFAULT: 'sixteen-letters-1,"with, a comma 12345"',
        SECRETS_COOKIE: '["sixteen-letters-2"]',
        COURIER_SMTP_HEADERS: '{"X-A":"b"}',
        SELFSERVICE_FLOWS_LOGIN_AFTER_HOOKS_0_HOOK: 'revoke_active_sessions',
        VERSION: '1.2',
        HELP: 'x',
        WATCH_COURIER: 'true',
        SELFSERVICE_FLOWS_FOO: '1',
      },
    },
  )
  assert.equal(config.selfservice.flows.settings.ui_url, '/settings')
  assert.equal(config.serve.public.port, 8080)
  assert.equal(config.selfservice.flows.registration.enabled, false)
  assert.deepEqual(config.secrets.default, ['sixteen-letters-1', 'with, a comma 12345'])
  assert.deepEqual(config.secrets.cookie, ['sixteen-letters-2'])
  assert.deepEqual(config.courier.smtp.headers, { 'X-A': 'b' })
  assert.deepEqual(config.selfservice.flows.login.after.hooks, [{ hook: 'revoke_active_sessions' }])
  assert.equal(config['watch-courier'], false)
})

test('a variable with an index changes one member of one element', async () => {
  const { config } = await accepted(
    {},
    {
      env: {
        IDENTITY_SCHEMAS_0_ID: 'renamed',
        IDENTITY_SCHEMAS_1_ID: 'second',
        IDENTITY_SCHEMAS_1_URL: 'base64://e30=',
      },
    },
  )
  assert.deepEqual(
    config.identity.schemas.map(({ id, url }) => [id, url]),
    [
      ['renamed', 'base64://e30='],
      ['second', 'base64://e30='],
    ],
  )
})

test('elements that are skipped by index are refused by number', async () => {
  const problems = await refused({}, { SELFSERVICE_METHODS_OIDC_CONFIG_PROVIDERS_1_ID: 'x' })
  assert.ok(problems.some(({ path }) => path === 'selfservice.methods.oidc.config.providers.0'))
})

test('a problem that comes from a variable names it', async () => {
  const [problem] = await refused({}, { SELFSERVICE_FLOWS_LOGIN_LIFESPAN: '5d' })
  assert.equal(problem?.path, 'selfservice.flows.login.lifespan')
  assert.match(problem?.source ?? '', /SELFSERVICE_FLOWS_LOGIN_LIFESPAN/)
})

test('all problems are reported at once, elements by number', async () => {
  const problems = await refused({
    session: { lifespan: '5d' },
    log: { level: 'warn' },
    identity: { schemas: [{ id: 'default', url: 'x.json' }] },
  })
  assert.deepEqual(problems.map(({ path }) => path).toSorted(), [
    'identity.schemas.0.url',
    'log.level',
    'session.lifespan',
  ])
})

test('a misspelt key or value comes with the one that was probably meant', async () => {
  const problems = await refused({ sesion: {}, log: { level: 'eror' } })
  assert.match(problems.find(({ path }) => path === 'sesion')?.remedy ?? '', /session/)
  assert.match(problems.find(({ path }) => path === 'log.level')?.remedy ?? '', /error/)
})

test('no report shows a secret, wherever it was written by mistake', async () => {
  const secret = 'hunter2hunter2'
  const problems = await refused({
    secrets: { default: [secret], deflt: [secret] },
    secret,
    dsn: { secret },
    courier: {
      smtp: { connection_uri: `http://ada:${secret}@mail.example/` },
      http: `smtp://ada:${secret}@mail.example/`,
    },
    serve: {
      public: { base_url: `https://ada:${secret}@id.example/%zz`, tls: { key: { base64: 5, path: [secret] } } },
    },
    selfservice: {
      methods: { oidc: { config: { providers: [{ client_secret: [secret], apple_private_key: { secret } }] } } },
      flows: { login: { after: { hooks: `[{"hook":"web_hook","config":{"auth":"${secret}"}}]` } } },
    },
  })
  assert.ok(problems.length >= 9)
  assert.ok(!describe(problems).includes(secret), describe(problems))
})

test('a file that cannot be parsed is named with the place, not with its text', async () => {
  for (const [text, extension, place] of [
    ['{ "dsn": "memory",\n "secrets": hunter2 }', 'json', /well-formed|line 2/],
    ['dsn: memory\nsecrets: {hunter2', 'yaml', /line 2/],
    ['dsn = "memory"\nhunter2', 'toml', /line 2/],
  ] as const) {
    const path = file(text, extension)
    const loaded = await loadConfig({ files: [path], env: {} })
    assert.ok(!loaded.ok)
    assert.equal(loaded.problems[0]?.path, path)
    assert.match(loaded.problems[0].reason, place)
    assert.ok(!describe(loaded.problems).includes('hunter2'))
  }
})

test('a file of another kind, or one that is missing, is refused by its name', async () => {
  for (const path of [file('x', 'ini'), join(folder, 'missing.yaml')]) {
    const loaded = await loadConfig({ files: [path], env: {} })
    assert.deepEqual(loaded.ok ? [] : loaded.problems.map((problem) => problem.path), [path])
  }
})

test('cookies are secure outside development mode, and the session cookie follows the others except in that', async () => {
  const live = (await accepted({ cookies: { domain: 'shop.example', secure: 'false', same_site: 'None' } })).config
  assert.deepEqual(
    [
      live.cookies.secure,
      live.session.cookie.secure,
      live.session.cookie.domain,
      live.session.cookie.same_site,
      live.session.cookie.path,
    ],
    ['false', 'true', 'shop.example', 'None', '/'],
  )
  const dev = (await accepted({ dev: true })).config
  assert.deepEqual([dev.cookies.secure, dev.session.cookie.secure], ['false', 'false'])
})

test('an unset base URL is made from host and port, with http in development mode only', async () => {
  const admin = { serve: { admin: { host: '127.0.0.1', port: 9000 } } }
  assert.equal((await accepted(admin)).config.serve.admin.base_url, 'https://127.0.0.1:9000/')
  assert.equal((await accepted({ ...admin, dev: true })).config.serve.admin.base_url, 'http://127.0.0.1:9000/')
})

test('without secrets one is made for this process, the same at each load, with a warning', async () => {
  const sources = { files: [file({ ...minimal, secrets: {} })], env: {} }
  const [first, second] = [await loadConfig(sources), await loadConfig(sources)]
  assert.ok(first.ok && second.ok)
  assert.deepEqual(first.config.secrets.default, second.config.secrets.default)
  assert.deepEqual(first.config.secrets.cookie, first.config.secrets.default)
  assert.ok(first.config.secrets.default[0]!.length >= 32)
  assert.equal(first.hash, second.hash)
  assert.ok(first.warnings.some((warning) => warning.includes('secrets.default')))
})

test('an ordinary configuration comes without warnings, and each thing that is missing with exactly one', async () => {
  assert.deepEqual((await accepted()).warnings, [])
  const webHook = { hook: 'web_hook', config: { url: 'https://h.example/', method: 'POST' } }
  const foreign = { hook: 'organization' }
  const { warnings } = await accepted({
    selfservice: {
      methods: { b2b: { config: { organizations: [{ id: '5c4fbd47-0a3f-4d0f-a2f5-2b3a5a1f2c11', domains: [] }] } } },
      flows: { login: { after: { hooks: [webHook, foreign] } }, settings: { after: { hooks: [webHook, foreign] } } },
    },
  })
  assert.equal(warnings.length, 2)
})

test('CORS with cookies for every website is warned of', async () => {
  const cors = (more: object) => ({ serve: { public: { cors: { enabled: true, ...more } } } })
  assert.equal((await accepted(cors({}))).warnings.length, 1)
  assert.equal((await accepted(cors({ allowed_origins: [] }))).warnings.length, 1)
  assert.equal((await accepted(cors({ allow_credentials: false }))).warnings.length, 0)
  assert.equal((await accepted(cors({ allowed_origins: ['https://shop.example'] }))).warnings.length, 0)
})

test('rules across keys hold', async () => {
  const provider = { id: 'a', client_id: 'c', mapper_url: 'base64://e30=' }
  const oidc = (more: object) => ({
    selfservice: { methods: { oidc: { config: { providers: [{ ...provider, ...more }] } } } },
  })
  const at = 'selfservice.methods.oidc.config.providers.0'
  const cases: [Record<string, unknown>, string][] = [
    [{ ciphers: { algorithm: 'aes' } }, 'secrets.cipher'],
    [oidc({ provider: 'generic' }), `${at}.client_secret`],
    [oidc({ provider: 'generic', client_secret: 's', apple_team_id: 't' }), `${at}.apple_team_id`],
    [oidc({ provider: 'microsoft', client_secret: 's' }), `${at}.microsoft_tenant`],
    [oidc({ provider: 'apple', apple_team_id: 't', apple_private_key_id: 'k' }), `${at}.apple_private_key`],
    [{ courier: { channels: [{ id: 'sms' }] } }, 'courier.channels.0.request_config'],
    [
      {
        selfservice: {
          methods: { password: { config: { migrate_hook: { config: { signing_secrets: ['short'] } } } } },
        },
      },
      'selfservice.methods.password.config.migrate_hook.config.signing_secrets.0',
    ],
    [{ courier: { templates: { recovery: { valid: {} } } } }, 'courier.templates.recovery.valid.email'],
    [
      { selfservice: { methods: { passkey: { config: { timeouts: { login: '0s' } } } } } },
      'selfservice.methods.passkey.config.timeouts.login',
    ],
  ]
  for (const [change, path] of cases)
    assert.deepEqual(
      (await refused(change)).map((problem) => problem.path),
      [path],
    )
})
