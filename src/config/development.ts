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
            credentials: { password: { identifier: true } },
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

/** What `serve --dev` uses when no file is given: reachable from this machine only, and ready without any set-up. */
export const developmentConfig = {
  dsn: `sqlite://${developmentFolder}/zelos.sqlite?_fk=true`,
  dev: true,
  serve: {
    public: {
      host: '127.0.0.1',
      base_url: 'http://127.0.0.1:4433/',
      cors: { enabled: true, allowed_origins: ['http://127.0.0.1:4455'] },
    },
    admin: { host: '127.0.0.1', base_url: 'http://127.0.0.1:4434/' },
  },
  identity: {
    default_schema_id: 'person',
    schemas: [{ id: 'person', url: `base64://${Buffer.from(JSON.stringify(person)).toString('base64')}` }],
  },
  // Every flow without a `ui_url` leads to the pages that come along.
  selfservice: {
    default_browser_return_url: 'http://127.0.0.1:4433/',
    allowed_return_urls: ['http://127.0.0.1:4433', 'http://127.0.0.1:4455'],
    flows: { registration: { after: { password: { hooks: [{ hook: 'session' }] } } } },
  },
}
