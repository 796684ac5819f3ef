import { call, measure, median, type Connection } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { expect, signedIn } from './people.ts'

type SettingsFlow = { id: string; identity: { traits: { email: string } } }

/** Begins a settings flow, reads it and changes the name, as an app does. */
export async function changeProfile(connection: Connection, token: string, serial: number): Promise<unknown> {
  const headers = { 'x-session-token': token }
  const begun = await connection.send(call('GET', '/self-service/settings/api', { headers }))
  const { id, identity } = expect<SettingsFlow>(begun, 200)
  expect(await connection.send(call('GET', `/self-service/settings/flows?id=${id}`, { headers })), 200)
  const json = { method: 'profile', traits: { email: identity.traits.email, name: `Ada ${serial}` } }
  return expect(await connection.send(call('POST', `/self-service/settings?flow=${id}`, { headers, json })), 200)
}

const party = { id: 'localhost', display_name: 'Shop', origins: ['http://localhost:4455'] }
/** Every method that has a place in the settings. */
export const allMethods = {
  totp: { enabled: true, config: { issuer: 'Shop' } },
  lookup_secret: { enabled: true },
  webauthn: { enabled: true, config: { passwordless: false, rp: party } },
  passkey: { enabled: true, config: { rp: party } },
  code: { enabled: true },
}

/** What all methods cost those who use none of them, in every visit of the settings. */
export const settings = (bench: Bench): Promise<void> =>
  withServer(bench, { bcryptCost: 4 }, (plain) =>
    withServer(bench, { bcryptCost: 4, methods: allMethods }, async (full) => {
      const { connections, seconds, rounds, report } = bench
      const peopleOf = (server: typeof plain) =>
        Promise.all(Array.from({ length: connections }, (_, i) => signedIn(server, `person${i}@shop.example`)))
      const tokens = { plain: await peopleOf(plain), full: await peopleOf(full) }
      let serial = 0
      const sample = async (server: typeof plain, people: readonly string[], visitors: number) => {
        const work = (connection: Connection, i: number) => changeProfile(connection, people[i]!, serial++)
        const measured = await measure({ server, connections: visitors, seconds, work })
        if (measured.failures > 0) throw new Error('settings could not be changed')
        return measured
      }
      const both = async (visitors: number) => ({
        few: await sample(plain, tokens.plain, visitors),
        all: await sample(full, tokens.full, visitors),
      })
      // Code that runs for the first time is not compiled yet, which costs more where there is more of it.
      for (let i = 0; i < 6; i++) await both(connections)

      const waits: number[] = []
      // What a round costs depends on whether the database tidies up in it; so the rounds count together.
      const used = { few: 0, all: 0 }
      for (let i = 0; i < rounds; i++) {
        const alone = await both(1)
        waits.push(alone.all.p50Ms / alone.few.p50Ms)
        const crowd = await both(connections)
        used.few += crowd.few.cpuMs
        used.all += crowd.all.cpuMs
      }
      report('settings, create, get and submit: time with all methods, against two', median(waits), '×', { most: 1.5 })
      report(`the same in a crowd of ${connections}: processor time with all methods`, used.all / rounds, ' ms')
      report(`the same in a crowd of ${connections}: processor time, against two`, used.all / used.few, '×')
    }),
  )
