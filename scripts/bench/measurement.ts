import type { BenchServer, ServerOptions } from './server.ts'

export type Goal = { least: number } | { most: number }

/** What a measurement is given. */
export type Bench = {
  /** How long each sample takes, in seconds. */
  seconds: number
  /** How many samples of each kind take turns; figures are their medians. */
  rounds: number
  connections: number
  onPostgres: boolean
  /** Starts a server on an empty database of its own. */
  start(options: ServerOptions): Promise<BenchServer>
  /** Says a figure; `unit` follows the number. Without a goal it is for the reader alone. */
  report(what: string, value: number, unit: string, goal?: Goal): void
}

export type Measurement = (bench: Bench) => Promise<void>

/** Does something with a server, which ends afterwards in any case. */
export async function withServer<T>(
  { start }: Bench,
  options: ServerOptions,
  work: (server: BenchServer) => Promise<T>,
): Promise<T> {
  const server = await start(options)
  try {
    return await work(server)
  } finally {
    await server.stop()
  }
}
