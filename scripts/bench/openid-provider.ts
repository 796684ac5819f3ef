import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

export type OpenidProvider = {
  issuer: string
  clientId: string
  /** The person agrees at once. @returns the address to which the provider sends the browser back */
  approve(address: string, subject: string): string
  close(): Promise<void>
}

/** An OpenID provider that believes everybody: it measures nothing but the other side. */
export async function startOpenidProvider(): Promise<OpenidProvider> {
  const clientId = 'shop'
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'only', alg: 'ES256', use: 'sig' }] }
  let issuer = ''
  const answers: Record<string, (body: string) => Promise<unknown>> = {
    '/.well-known/openid-configuration': async () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      code_challenge_methods_supported: ['S256'],
    }),
    '/keys': async () => keys,
    '/token': async (body) => {
      // The code says all that has to be known about its person.
      const [subject = '', nonce = ''] = JSON.parse(new URLSearchParams(body).get('code') ?? '[]') as string[]
      const claims = { nonce, email: `${subject}@shop.example`, email_verified: true }
      const idToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'only' })
        .setIssuer(issuer)
        .setAudience(clientId)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(privateKey)
      return { access_token: 'access', token_type: 'bearer', expires_in: 300, id_token: idToken }
    },
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const answer = answers[new URL(request.url!, issuer).pathname]
      const body = JSON.stringify((await answer?.(Buffer.concat(chunks).toString())) ?? {})
      response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(body)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    clientId,
    approve(address, subject) {
      const asked = new URL(address).searchParams
      const back = new URL(asked.get('redirect_uri')!)
      back.searchParams.set('code', JSON.stringify([subject, asked.get('nonce') ?? '']))
      back.searchParams.set('state', asked.get('state')!)
      return back.href
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
