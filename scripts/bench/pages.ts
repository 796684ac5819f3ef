import { asBrowser, beginApp, beginBrowser, cookieHeader, pathOf, withCookies, type Jar } from './browser.ts'
import { call, headersOf, measure, median, type Answer, type Connection } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { createPerson, expect, over, password } from './people.ts'
import { allMethods } from './settings.ts'

/** Weight and processor time of pages that hold as much as they can: every method is enabled. */
export const pages = (bench: Bench): Promise<void> =>
  withServer(bench, { bcryptCost: 4, methods: allMethods }, async (server) => {
    const { connections, seconds, rounds, report } = bench
    await createPerson(server, 'ada@shop.example')
    const session = await over(server.publicPort, signInBrowser)
    for (const name of ['login', 'registration', 'settings']) {
      const cookies = name === 'settings' ? session : {}
      const { address, headers } = await over(server.publicPort, (connection) =>
        beginBrowser(connection, name, cookies),
      )
      const page = call('GET', address, { headers })
      const first = await over(server.publicPort, (connection) => connection.send(page))
      if (first.status !== 200) throw new Error(`the page ${name} answered ${first.status}`)
      const sizeBytes = Buffer.byteLength(first.body)
      const files = [...first.body.matchAll(/(?:href|src)="([^"]*\/pages\/[^"]+\.(?:css|js))"/g)].map(
        ([, path]) => path!,
      )
      const weights = await over(server.publicPort, async (connection) => {
        const sizes: number[] = []
        for (const file of files)
          sizes.push(lengthOf(await connection.send(call('GET', pathOf(file), { headers: asBrowser }))))
        return sizes
      })
      const total = weights.reduce((sum, size) => sum + size, sizeBytes)
      report(`page ${name}: weight`, sizeBytes / 1024, ' KB', { most: 30 })
      report(`page ${name}: weight with its style sheet and script, once`, total / 1024, ' KB')

      const work = async (connection: Connection) => (await connection.send(page)).status === 200
      // The first pages are drawn by code that is not compiled yet.
      await measure({ server, connections, seconds, work })
      const used: number[] = []
      for (let i = 0; i < rounds; i++) used.push((await measure({ server, connections, seconds, work })).cpuMs)
      report(`page ${name}: processor time, reading the flow included`, median(used), ' ms', { most: 1 })
    }
  })

const lengthOf = (answer: Answer): number =>
  Number(headersOf(answer, 'content-length')[0] ?? Buffer.byteLength(answer.body))

async function signInBrowser(connection: Connection): Promise<Jar> {
  const { id, csrfToken, jar } = await beginApp(connection, 'login')
  const json = { method: 'password', identifier: 'ada@shop.example', password, csrf_token: csrfToken }
  const headers = cookieHeader(jar)
  const answer = await connection.send(call('POST', `/self-service/login?flow=${id}`, { headers, json }))
  expect(answer, 200)
  return withCookies(jar, answer)
}
