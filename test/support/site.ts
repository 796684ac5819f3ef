import { createSealer } from '../../src/crypto/cipher.ts'
import { createHashing } from '../../src/crypto/hashers/hashing.ts'
import { createForward } from '../../src/flows/error/forward.ts'
import type { LoginDeps } from '../../src/flows/login/deps.ts'
import { loginRoutes } from '../../src/flows/login/routes.ts'
import { logoutRoutes } from '../../src/flows/logout/routes.ts'
import { createPublicPort, type Port } from '../../src/http/ports.ts'
import { createReturnTo } from '../../src/http/return-to.ts'
import { normaliseGracefully } from '../../src/identities/normalise.ts'
import { compileIdentitySchema } from '../../src/identities/schema/schema.ts'
import type { IdentitySchemas } from '../../src/identities/schemas.ts'
import { identifierFirstLogin } from '../../src/methods/identifier-first/login.ts'
import { passwordLogin, type PasswordLoginDeps } from '../../src/methods/password/login.ts'
import { createAuthenticate } from '../../src/sessions/authenticate.ts'
import { createSessionCookies } from '../../src/sessions/cookie.ts'
import type { UiNode } from '../../src/ui/node.ts'
import type { Db } from '../../src/db/db.ts'
import { checkedPort } from './checked-port.ts'
import { requestOf } from './requests.ts'
import { hour, testClock } from './sessions.ts'

const publicBaseUrl = 'https://id.example'
const csrf = { name: 'csrf', path: '/', secure: false, sameSite: 'Lax' } as const

export const hashing = createHashing({
  config: {
    algorithm: 'bcrypt',
    bcrypt: { cost: 4 },
    argon2: { memory: '8MB', iterations: 1, salt_length: 16, key_length: 32 },
  },
  dev: true,
  maxWaiting: 1000,
})

const person = await compileIdentitySchema(
  JSON.stringify({
    type: 'object',
    properties: {
      traits: {
        type: 'object',
        properties: {
          email: {
            type: 'string',
            title: 'E-mail',
            'ory.sh/kratos': { credentials: { password: { identifier: true } } },
          },
        },
      },
    },
  }),
)
const schemas: IdentitySchemas = {
  defaultId: 'person',
  ids: ['person'],
  has: (id) => id === 'person',
  isSelectable: () => true,
  document: () => Promise.reject(new Error('nobody asks for it')),
  get: () => Promise.resolve(person),
}

type SiteOptions = {
  style?: 'unified' | 'identifier_first'
  mitigateEnumeration?: boolean
  hashing?: Partial<PasswordLoginDeps['hashing']>
} & Partial<Pick<LoginDeps, 'hooksAfter'>>

/** The login and logout flows of a server, on a database of its own. */
export function site(
  db: Db,
  { style = 'unified', mitigateEnumeration = false, hashing: changed = {}, hooksAfter = () => [] }: SiteOptions = {},
) {
  const clock = testClock()
  const rehashFailures: unknown[] = []
  const failures: unknown[] = []
  const lifespanMicros = 24 * hour
  const cookies = createSessionCookies({
    settings: {
      name: 'session',
      path: '/',
      domain: undefined,
      secure: false,
      sameSite: 'Lax',
      persistent: true,
      lifespanMicros,
    },
    sealer: createSealer(['a secret of sixteen characters or more'], 'session'),
    clock,
  })
  const rules = { codePasswordless: false, codeMfa: false, migrationHook: false }
  const authenticate = createAuthenticate({ db, clock, cookies })
  const shared = {
    db,
    clock,
    authenticate,
    cookies,
    publicBaseUrl,
    rules,
    forward: createForward({
      db,
      clock,
      errorUiUrl: 'https://app.example/error',
      onFailure: (_request, error) => failures.push(error),
    }),
    returnTo: createReturnTo({ allowed: ['https://app.example'], publicBaseUrl }),
  }
  const passwordDeps = {
    ...shared,
    hashing: { ...hashing, ...changed },
    normalise: normaliseGracefully,
    onRehashFailure: (error: unknown) => rehashFailures.push(error),
    migration: undefined,
  }
  const methods = [
    passwordLogin(passwordDeps, { enabled: true }),
    ...(style === 'identifier_first' ? [identifierFirstLogin({ ...passwordDeps, mitigateEnumeration })] : []),
  ]
  const login = loginRoutes({
    ...shared,
    crossSite: { csrf, relaxNative: false },
    schemas,
    lifespanOf: () => lifespanMicros,
    settings: {
      uiUrl: 'https://app.example/login',
      lifespanMicros: hour,
      style,
      defaultReturnUrl: 'https://app.example/home',
      returnUrlAfter: () => 'https://app.example/home',
      requiredAal: 'highest_available',
    },
    methods,
    hooksBefore: [],
    hooksAfter,
  })
  const logout = logoutRoutes({
    ...shared,
    settings: { returnUrl: 'https://app.example/bye', clearBrowserData: false },
  })
  const port = checkedPort(
    'public',
    createPublicPort({
      routes: [...login, ...logout],
      basePath: '',
      cors: undefined,
      csrf,
      onFailure: (_request, error) => failures.push(error),
    }),
  )
  return { clock, authenticate, failures, rehashFailures, client: (kind: ClientKind) => client(port, kind) }
}

export type ClientKind = 'browser' | 'spa' | 'native'

/** What the stories look at in an answer. */
type Body = {
  id: string
  active?: string
  use_flow_id?: string
  session_token_exchange_code?: string
  session_token?: string
  session: { id: string; identity: { id: string } | null; authentication_methods: { method: string }[] }
  redirect_browser_to?: string
  logout_token: string
  logout_url: string
  error?: { id?: string; code: number }
  ui: { nodes: UiNode[]; messages?: { id: number; context?: unknown }[] }
}
type Answer = { status: number; location: string | undefined; body: Body; cookies: string[] }

/** Somebody's browser, single-page app or native app, with its cookies. */
function client(port: Port, kind: ClientKind) {
  const jar = new Map<string, string>()
  async function call(
    method: string,
    target: string,
    body?: unknown,
    extra: Record<string, string> = {},
  ): Promise<Answer> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const isForm = kind === 'browser'
    const headers = {
      host: 'id.example',
      accept: isForm ? 'text/html' : 'application/json',
      ...(body === undefined
        ? {}
        : { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' }),
      ...(cookie === '' || kind === 'native' ? {} : { cookie }),
      ...extra,
    }
    const text =
      body === undefined
        ? ''
        : isForm
          ? new URLSearchParams(body as Record<string, string>).toString()
          : JSON.stringify(body)
    const { response } = await port(requestOf(method, target, { headers, body: text }))
    for (const set of response.cookies ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const isJson = (response.headers?.['content-type'] ?? '').startsWith('application/json')
    return {
      status: response.status,
      location: response.headers?.['location'],
      body: (isJson ? JSON.parse(String(response.body)) : {}) as Body,
      cookies: response.cookies ?? [],
    }
  }

  const read = async (id: string): Promise<Answer> =>
    call('GET', `/self-service/login/flows?id=${id}`, undefined, { accept: 'application/json' })

  return {
    jar,
    call,
    read,
    /** Opens a login form. A page is sent to it and reads it there. */
    async open(query = '', headers: Record<string, string> = {}): Promise<Answer> {
      const answer = await call(
        'GET',
        `/self-service/login/${kind === 'native' ? 'api' : 'browser'}${query}`,
        undefined,
        headers,
      )
      const id = kind === 'browser' && new URL(answer.location ?? 'https://nowhere.example').searchParams.get('flow')
      return id ? read(id) : answer
    },
    /** Sends a form with its cross-site token. */
    submit: (form: Body, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
      call(
        'POST',
        `/self-service/login?flow=${form.id}`,
        { ...(kind === 'native' ? {} : { csrf_token: tokenIn(form) }), ...fields },
        headers,
      ),
    /** The form that an answer shows, wherever it shows it. */
    formAfter: async (answer: Answer, form: Body): Promise<Body> =>
      kind === 'browser' ? (await read(form.id)).body : answer.body,
  }
}

const tokenIn = ({ ui }: Body): string => {
  const node = ui.nodes.find(({ attributes }) => attributes.node_type === 'input' && attributes.name === 'csrf_token')
  return node?.attributes.node_type === 'input' ? String(node.attributes.value) : ''
}

/** The ids of all texts of a form that say something is wrong or has happened. */
export const textIds = ({ ui }: Body): number[] =>
  [...(ui.messages ?? []), ...ui.nodes.flatMap(({ messages }) => messages)].map(({ id }) => id)

/** `name:type=value` of each field. */
export const fieldsOf = ({ ui }: Body): string[] =>
  ui.nodes.flatMap(({ attributes }) =>
    attributes.node_type === 'input' && attributes.name !== 'csrf_token'
      ? [`${attributes.name}:${attributes.type}${attributes.value === undefined ? '' : `=${String(attributes.value)}`}`]
      : [],
  )
