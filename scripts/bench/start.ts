import { median } from './load.ts'
import { withServer, type Bench } from './measurement.ts'

/** Start-up and memory, each time with a fresh process. */
export async function start(bench: Bench): Promise<void> {
  const [ready, resident]: [number[], number[]] = [[], []]
  for (let i = 0; i < 5; i++)
    await withServer(bench, { bcryptCost: 4 }, async (server) => {
      ready.push(server.readyMs)
      await new Promise((resolve) => setTimeout(resolve, 1000))
      resident.push(server.residentMb())
    })
  bench.report('ready after the start (schema made in passing)', median(ready) / 1000, ' s', { most: 0.5 })
  bench.report('resident memory when idle', median(resident), ' MB', { most: 120 })
}
