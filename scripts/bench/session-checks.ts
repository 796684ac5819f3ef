import { measure, median } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { get, signedIn, whoami } from './people.ts'

/** What a session check costs beside an answer that does nothing. */
export const sessionChecks = (bench: Bench): Promise<void> =>
  withServer(bench, { bcryptCost: 4 }, async (server) => {
    const { connections, seconds, rounds, report } = bench
    const [nothing, checked] = [get('/health/alive'), whoami(await signedIn(server, 'ada@shop.example'))]
    const shares: number[] = []
    for (let i = 0; i < rounds; i++) {
      const bare = await measure({ server, connections, seconds, work: nothing })
      const checks = await measure({ server, connections, seconds, work: checked })
      if (checks.failures > 0) throw new Error(`${checks.failures} session checks failed`)
      shares.push(checks.perSecond / bare.perSecond)
    }
    // On PostgreSQL it is the database's share of the machine that counts.
    const goal = bench.onPostgres ? undefined : { least: 0.4 }
    report('session checks, as a share of answers that do nothing', median(shares), '', goal)
  })
