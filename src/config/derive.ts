import { randomBytes } from 'node:crypto'
import { availableParallelism, hostname } from 'node:os'
import { ledToPages } from '../pages/config.ts'
import type { Config } from './schema.ts'

/** What the loader computes from other keys and the machine. A new object; the given one is left alone. */
export function derive(config: Config): Config {
  const { serve, session, cookies, hashers, secrets, selfservice } = config
  const secure = String(!config.dev)
  const publicUrl = serve.public.base_url ?? baseUrl(serve.public, config.dev)
  const secret = secrets.default?.length ? secrets.default : [processSecret()]
  const domain = session.cookie.domain ?? cookies.domain
  const { totp } = selfservice.methods
  return {
    ...config,
    serve: {
      public: { ...serve.public, base_url: publicUrl },
      admin: { ...serve.admin, base_url: serve.admin.base_url ?? baseUrl(serve.admin, config.dev) },
    },
    secrets: { ...secrets, default: secret, cookie: secrets.cookie?.length ? secrets.cookie : secret },
    cookies: { ...cookies, secure: truth(cookies.secure ?? secure) },
    session: {
      ...session,
      earliest_possible_extend: session.earliest_possible_extend ?? session.lifespan,
      cookie: {
        ...session.cookie,
        ...(domain === undefined ? {} : { domain }),
        path: session.cookie.path ?? cookies.path,
        same_site: session.cookie.same_site ?? cookies.same_site,
        // compat: does not fall back to `cookies.secure` – driver/config/config.go.
        secure: truth(session.cookie.secure ?? secure),
      },
    },
    hashers: {
      ...hashers,
      argon2: { ...hashers.argon2, parallelism: hashers.argon2.parallelism ?? availableParallelism() * 2 },
    },
    selfservice: {
      ...selfservice,
      flows: ledToPages(selfservice.flows, config.pages, publicUrl),
      methods: {
        ...selfservice.methods,
        totp: { ...totp, config: { ...totp.config, issuer: totp.config.issuer ?? hostOf(publicUrl) } },
      },
    },
  }
}

const truth = (text: string): string => String(['1', 't', 'true'].includes(text.toLowerCase()))

function baseUrl({ host, port }: { host: string; port: number }, dev: boolean): string {
  const everywhere = host === '' || host === '0.0.0.0' || host === '::' || host.startsWith('unix:')
  const name = everywhere ? hostname() : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return `${dev ? 'http' : 'https'}://${name}:${port}/`
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : '')

/** The secrets that will still be there after the next start. */
export const lastingSecrets = (secrets: readonly string[]): string[] =>
  secrets.filter((secret) => secret !== secretOfThisProcess)

let secretOfThisProcess: string | undefined
/** Made once, so that a reload does not end sessions. */
const processSecret = (): string => (secretOfThisProcess ??= randomBytes(32).toString('base64url'))
