import { beginApp, cookieHeader, pathOf, withCookies } from './browser.ts'
import { call, headersOf, measure, median, type Connection } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { startOpenidProvider, type OpenidProvider } from './openid-provider.ts'
import { expect, over } from './people.ts'

const mapper = `local claims = std.extVar('claims');
{ identity: { traits: { [if 'email' in claims then 'email' else null]: claims.email } } }`

/** People who come back and sign in with a provider on the same machine: begin, off to the provider, callback. */
export async function socialSignIn(bench: Bench): Promise<void> {
  const provider = await startOpenidProvider()
  const shop = {
    id: 'shop',
    provider: 'generic',
    client_id: provider.clientId,
    client_secret: 'secret',
    issuer_url: provider.issuer,
    scope: ['openid', 'email'],
    mapper_url: `base64://${Buffer.from(mapper).toString('base64')}`,
  }
  const after = { oidc: { hooks: [{ hook: 'session' }] } }
  const options = {
    bcryptCost: 4,
    methods: { oidc: { enabled: true, config: { providers: [shop] } } },
    flows: { registration: { after } },
  }
  try {
    await withServer(bench, options, async (server) => {
      const { connections, seconds, rounds, report } = bench
      // The first sign-in of each registers them.
      const subject = (index: number) => `subject-${index}`
      for (let i = 0; i < connections; i++) await over(server.publicPort, (c) => signIn(c, provider, subject(i)))
      const [rates, used]: [number[], number[]] = [[], []]
      for (let i = 0; i < rounds; i++) {
        const work = (connection: Connection, index: number) => signIn(connection, provider, subject(index))
        const measured = await measure({ server, connections, seconds, work })
        if (measured.failures > 0) throw new Error(`${measured.failures} social sign-ins failed`)
        rates.push(measured.perSecond)
        used.push(measured.cpuMs)
      }
      report('social sign-ins per second', median(rates), '')
      report('processor time: a social sign-in', median(used), ' ms')
    })
  } finally {
    await provider.close()
  }
}

async function signIn(connection: Connection, provider: OpenidProvider, subject: string): Promise<void> {
  const { id, csrfToken, jar } = await beginApp(connection, 'login')
  const json = { method: 'oidc', provider: 'shop', csrf_token: csrfToken }
  const headers = cookieHeader(jar)
  const begun = await connection.send(call('POST', `/self-service/login?flow=${id}`, { headers, json }))
  const { redirect_browser_to } = expect<{ redirect_browser_to: string }>(begun, 422)
  const back = pathOf(provider.approve(redirect_browser_to, subject))
  const arrived = await connection.send(call('GET', back, { headers: cookieHeader(withCookies(jar, begun)) }))
  if (!headersOf(arrived, 'set-cookie').some((cookie) => cookie.startsWith('ory_kratos_session=')))
    throw new Error(
      `no session: ${arrived.status} ${headersOf(arrived, 'location').join()} ${arrived.body.slice(0, 500)}`,
    )
}
