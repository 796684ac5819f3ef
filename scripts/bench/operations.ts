import { call, measure, median, type Connection } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { createPerson, expect, get, over, password, signIn, whoami } from './people.ts'
import { changeProfile } from './settings.ts'

/** Processor time of the server for what it does most. It depends on the machine; no request may fail. */
export const operations = (bench: Bench): Promise<void> =>
  withServer(bench, { bcryptCost: 4 }, async (server) => {
    const { connections, seconds, rounds, report } = bench
    const people = Array.from({ length: 300 }, (_, i) => `person${i}@shop.example`)
    for (const email of people) await createPerson(server, email)
    const tokens = await over(server.publicPort, async (connection) => {
      const all: string[] = []
      for (const email of people.slice(0, connections)) all.push(await signIn(connection, email))
      return all
    })
    let next = 0
    const works: Record<string, { port?: number; work(connection: Connection, index: number): Promise<unknown> }> = {
      'an answer that does nothing': { work: get('/health/alive') },
      'a session check': { work: whoami(tokens[0]!) },
      'a login flow': { work: get('/self-service/login/api') },
      'a login (bcrypt 4)': { work: (connection) => signIn(connection, people[next++ % people.length]!) },
      'a registration (bcrypt 4)': { work: (connection) => register(connection, `newcomer${next++}@shop.example`) },
      'settings: create, get, submit': { work: (connection, i) => changeProfile(connection, tokens[i]!, next++) },
      'a page of 250 identities': { port: server.adminPort, work: get('/admin/identities?page_size=250') },
    }
    const failures: number[] = []
    for (const [what, { port, work }] of Object.entries(works)) {
      const used: number[] = []
      for (let i = 0; i < rounds; i++) {
        const measured = await measure({ server, connections, seconds, work, ...(port === undefined ? {} : { port }) })
        used.push(measured.cpuMs)
        failures.push(measured.failures)
      }
      report(`processor time: ${what}`, median(used), ' ms')
    }
    const failed = failures.reduce((sum, count) => sum + count, 0)
    report(`requests that failed over ${connections} connections`, failed, '', { most: 0 })
  })

async function register(connection: Connection, email: string): Promise<unknown> {
  const { id } = expect<{ id: string }>(await connection.send(call('GET', '/self-service/registration/api')), 200)
  const json = { method: 'password', password, traits: { email } }
  return expect(await connection.send(call('POST', `/self-service/registration?flow=${id}`, { json })), 200)
}
