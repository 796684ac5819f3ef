import bcrypt from 'bcrypt'
import { measure, median, type Connection } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { password, signedIn, signIn, whoami } from './people.ts'

const cost = 10

/** How much of the hash rate is left for logins, and what they do to everybody else. */
export const logins = (bench: Bench): Promise<void> =>
  withServer(bench, { bcryptCost: cost }, async (server) => {
    const { seconds, rounds, report } = bench
    const checked = whoami(await signedIn(server, 'grace@shop.example'))
    const login = async (connection: Connection) => (await signIn(connection, 'grace@shop.example')) !== ''
    const hash = await bcrypt.hash(password, cost)
    const [shares, slowdowns]: [number[], number[]] = [[], []]
    for (let i = 0; i < rounds; i++) {
      // Few fit into a second, and at the end of each sample some cores have nothing to do.
      const bare = await hashRate(hash, 5 * seconds)
      const storm = await measure({ server, connections: 8, seconds: 5 * seconds, work: login })
      shares.push(storm.perSecond / bare)
      const idle = await measure({ server, connections: 4, seconds, work: checked })
      const [during] = await Promise.all([
        measure({ server, connections: 4, seconds, work: checked }),
        measure({ server, connections: 32, seconds, work: login }),
      ])
      slowdowns.push(during.p99Ms / idle.p99Ms)
    }
    report(`logins, as a share of the bare hash rate (bcrypt ${cost})`, median(shares), '', { least: 0.9 })
    report('session checks during 32 parallel logins, p99 against idle', median(slowdowns), '×', { most: 3 })
  })

async function hashRate(hash: string, seconds: number): Promise<number> {
  const started = performance.now()
  const until = started + seconds * 1000
  let count = 0
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (performance.now() < until) {
        await bcrypt.compare(password, hash)
        count++
      }
    }),
  )
  return (count / (performance.now() - started)) * 1000
}
