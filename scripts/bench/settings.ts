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

/** What second factors cost those who have none, in every visit of the settings. */
export const settings = (bench: Bench): Promise<void> =>
  withServer(bench, { bcryptCost: 4 }, (plain) =>
    withServer(bench, { bcryptCost: 4, methods: allMethods }, async (full) => {
      const { connections, seconds, rounds, report } = bench
      const peopleOf = (server: typeof plain) =>
        Promise.all(Array.from({ length: connections }, (_, i) => signedIn(server, `person${i}@shop.example`)))
      const tokens = { plain: await peopleOf(plain), full: await peopleOf(full) }
      let serial = 0
      const sample = (server: typeof plain, people: readonly string[]) => {
        const work = (connection: Connection, i: number) => changeProfile(connection, people[i]!, serial++)
        return measure({ server, connections, seconds, work })
      }
      // Code that runs for the first time is not compiled yet, which costs more where there is more of it.
      for (let i = 0; i < 3; i++) {
        await sample(plain, tokens.plain)
        await sample(full, tokens.full)
      }
      const [ratios, used]: [number[], number[]] = [[], []]
      for (let i = 0; i < rounds; i++) {
        const [few, all] = [await sample(plain, tokens.plain), await sample(full, tokens.full)]
        if (few.failures + all.failures > 0) throw new Error('settings could not be changed')
        ratios.push(all.cpuMs / few.cpuMs)
        used.push(all.cpuMs)
      }
      report('settings: create, get, submit with all methods: processor time', median(used), ' ms')
      report('settings with all methods, against profile and password alone', median(ratios), '×', { most: 1.5 })
    }),
  )
