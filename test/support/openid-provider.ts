import { createHash, randomUUID } from 'node:crypto'
import { startHttpStub, type HttpStub, type StubAnswer, type StubRequest } from './http-stub.ts'
import { createSigner, type Signer } from './signed-tokens.ts'

/** What a provider says of a person. */
export type Said = Readonly<Record<string, unknown>> & { sub: string }

/** An OpenID provider at which everybody is signed in already. */
export type OpenIdProvider = {
  issuer: string
  signer: Signer
  stub: HttpStub
  /** A browser arrives at an address that it was sent to, and its person agrees; where it is sent back to. */
  approve(url: string, person: Said): string
  /** The person does not agree. */
  refuse(url: string): string
  /** Who can be chosen on the page at which browsers arrive, by `sub`; everybody else only refuses there. */
  people: Said[]
  close(): Promise<void>
}

/** Codes are good once; PKCE, client and address are checked as the standard says. */
export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const stub = await startHttpStub()
  const signer = createSigner()
  const grants = new Map<string, { asked: URLSearchParams; person: Said }>()
  const issuer = stub.origin

  const people: Said[] = []
  stub.otherwise((request) => {
    if (request.path.startsWith('/authorize?')) return consent(issuer + request.path)
    switch (request.path) {
      case '/.well-known/openid-configuration':
        return answer(200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/jwks`,
          id_token_signing_alg_values_supported: ['RS256'],
          code_challenge_methods_supported: ['S256'],
        })
      case '/jwks':
        return answer(200, signer.jwks)
      case '/token':
        return tokens(request)
      default:
        return answer(404, {})
    }
  })

  function tokens({ body, headers }: StubRequest): StubAnswer {
    const form = new URLSearchParams(body)
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isOurs =
      grant &&
      headers.authorization === `Basic ${Buffer.from('client:secret').toString('base64')}` &&
      form.get('redirect_uri') === grant.asked.get('redirect_uri') &&
      challenge === grant.asked.get('code_challenge')
    if (!isOurs) return answer(400, { error: 'invalid_grant' })
    const now = Math.floor(performance.timeOrigin / 1000 + performance.now() / 1000)
    return answer(200, {
      access_token: `at-${randomUUID()}`,
      refresh_token: `rt-${randomUUID()}`,
      token_type: 'Bearer',
      id_token: signer.sign({ iss: issuer, aud: 'client', iat: now, exp: now + 600, ...grant.person }),
    })
  }

  const back = (url: string, parameters: Record<string, string>) => {
    const asked = new URL(url).searchParams
    const target = new URL(asked.get('redirect_uri')!)
    for (const [name, value] of Object.entries({ ...parameters, state: asked.get('state')! }))
      target.searchParams.set(name, value)
    return target.href
  }

  const approve = (url: string, person: Said) => {
    const code = randomUUID()
    grants.set(code, { asked: new URL(url).searchParams, person })
    return back(url, { code })
  }
  const refuse = (url: string) => back(url, { error: 'access_denied', error_description: 'no' })

  function consent(url: string): StubAnswer {
    const link = (address: string, text: string) => `<li><a href="${address.replaceAll('&', '&amp;')}">${text}</a></li>`
    const links = [
      ...people.map((person) => link(approve(url, person), `Go on as ${person.sub}`)),
      link(refuse(url), 'No'),
    ]
    return { status: 200, headers: { 'content-type': 'text/html' }, body: `<h1>Acme</h1><ul>${links.join('')}</ul>` }
  }

  return {
    issuer,
    signer,
    stub,
    people,
    approve,
    refuse,
    close: () => stub.close(),
  }
}

const answer = (status: number, value: unknown): StubAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})
