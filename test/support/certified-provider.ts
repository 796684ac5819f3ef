import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { cookieHeader, remember } from './agent.ts'

/** An OpenID provider that others have made and certified, with its own forms for signing in and agreeing. */
export type CertifiedProvider = {
  issuer: string
  /** What it says of whoever signs in under a name; by default that they have a verified address. */
  people: Map<string, Record<string, unknown>>
  /** A browser that nobody knows there yet. */
  visitor(): Visitor
  close(): Promise<void>
}

export type Visitor = {
  /** Arrives at an address, signs in if that is asked for, and agrees; where the provider sends the browser then. */
  approve(url: string, name: string): Promise<string>
  /** Arrives and goes no further. */
  refuse(url: string): Promise<string>
  /** How many forms the provider has shown so far. */
  readonly forms: number
}

/** Its clients: `plain` may, `strict` has to protect its codes with PKCE. Their secrets are `<name>-secret`. */
export async function startCertifiedProvider(): Promise<CertifiedProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const people = new Map<string, Record<string, unknown>>()
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    clients: ['plain', 'strict'].map((name) => ({
      client_id: name,
      client_secret: `${name}-secret`,
      redirect_uris: ['https://shop.example/callback'],
    })),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key for the cookies of tests'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'only' }] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        ...(people.get(id) ?? { email: `${id}@shop.example`, email_verified: true, name: id }),
      }),
    }),
    pkce: { required: (_context, { clientId }) => clientId === 'strict' },
    features: { devInteractions: { enabled: true } },
  })
  // The servers of the tests are found on another port each time.
  provider.Client.prototype.redirectUriAllowed = (uri) => ['127.0.0.1', 'localhost'].includes(new URL(uri).hostname)
  server.on('request', provider.callback())

  return {
    issuer,
    people,
    visitor: () => createVisitor(issuer),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function createVisitor(issuer: string): Visitor {
  const jar = new Map<string, string>()
  let forms = 0

  /** Follows redirects as long as they stay at the provider; the page at their end, or where they leave to. */
  async function go(url: string, form?: Record<string, string>): Promise<{ left?: string; page: string; at: string }> {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', cookie: cookieHeader(jar) },
      ...(form ? { method: 'POST', body: new URLSearchParams(form) } : {}),
    })
    for (const line of response.headers.getSetCookie()) remember(jar, line)
    const page = await response.text()
    const location = response.headers.get('location')
    if (location === null) return { page, at: url }
    const next = new URL(location, url).href
    return next.startsWith(issuer) ? go(next) : { left: next, page: '', at: url }
  }

  return {
    get forms() {
      return forms
    },
    async approve(url, name) {
      let step = await go(url)
      while (step.left === undefined) {
        const prompt = /name="prompt" value="(login|consent)"/.exec(step.page)?.[1]
        const action = /<form[^>]*action="([^"]+)"/.exec(step.page)?.[1]
        if (!prompt || !action) throw new Error(`The provider says: ${step.page.slice(0, 500)}`)
        forms++
        step = await go(new URL(action, step.at).href, {
          prompt,
          ...(prompt === 'login' ? { login: name, password: 'x' } : {}),
        })
      }
      return step.left
    },
    async refuse(url) {
      const step = await go(url)
      const { left } = step.left === undefined ? await go(`${step.at}/abort`) : step
      if (left === undefined) throw new Error('The provider lets nobody go.')
      return left
    },
  }
}
