/** The identity schema of a first try: an e-mail address to sign in with, and a name. */
const person = {
  $id: 'https://zelos.example/schemas/person.json',
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Person',
  type: 'object',
  properties: {
    traits: {
      type: 'object',
      properties: {
        email: {
          type: 'string',
          format: 'email',
          title: 'E-mail address',
          minLength: 3,
          'ory.sh/kratos': {
            credentials: {
              password: { identifier: true },
              code: { identifier: true, via: 'email' },
              webauthn: { identifier: true },
              passkey: { display_name: true },
              totp: { account_name: true },
            },
            recovery: { via: 'email' },
            verification: { via: 'email' },
          },
        },
        name: {
          type: 'object',
          properties: { first: { type: 'string', title: 'First name' }, last: { type: 'string', title: 'Last name' } },
        },
      },
      required: ['email'],
      additionalProperties: false,
    },
  },
}

/** Folder of the development database, below the working directory. */
export const developmentFolder = '.data'

/** Browsers let passkeys be used under a name only, not under 127.0.0.1. Both lead here: nothing listens anywhere else. */
const origin = 'http://localhost:4433'
/** Where applications of one's own usually run while they are written. */
const applications = ['http://localhost:4455', 'http://127.0.0.1:4455']

const signsIn = { hooks: [{ hook: 'session' }] }

/** What `serve --dev` uses when no file is given: reachable from this machine only, and ready without any set-up. */
export const developmentConfig = {
  dsn: `sqlite://${developmentFolder}/zelos.sqlite?_fk=true`,
  dev: true,
  serve: {
    public: {
      host: '127.0.0.1',
      base_url: `${origin}/`,
      cors: { enabled: true, allowed_origins: applications },
    },
    admin: { host: '127.0.0.1', base_url: 'http://127.0.0.1:4434/' },
  },
  identity: {
    default_schema_id: 'person',
    schemas: [{ id: 'person', url: `base64://${Buffer.from(JSON.stringify(person)).toString('base64')}` }],
  },
  // Every flow without a `ui_url` leads to the pages that come along.
  selfservice: {
    default_browser_return_url: `${origin}/`,
    allowed_return_urls: [origin, 'http://127.0.0.1:4433', ...applications],
    methods: {
      code: { enabled: true, passwordless_enabled: true },
      link: { enabled: true },
      totp: { enabled: true, config: { issuer: 'Zelos' } },
      lookup_secret: { enabled: true },
      passkey: {
        enabled: true,
        config: { rp: { id: 'localhost', display_name: 'Zelos', origins: [origin] } },
      },
    },
    flows: {
      registration: { after: { password: signsIn, code: signsIn, passkey: signsIn } },
      recovery: { enabled: true },
      verification: { enabled: true },
    },
  },
}
