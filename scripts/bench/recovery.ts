import { call, median, type Connection } from './load.ts'
import { startMailSink } from './mail-sink.ts'
import { withServer, type Bench } from './measurement.ts'
import { createPerson, expect, over } from './people.ts'

/** Codes for forgotten passwords, sent to a mail server. */
export const mailedRecovery = (connectionUri: string) => ({
  methods: { code: { enabled: true } },
  flows: { recovery: { enabled: true, use: 'code' } },
  courier: { smtp: { connection_uri: connectionUri } },
})

/** Begins a recovery and names an address. @returns how long the answer to the address took, in milliseconds */
export async function startRecovery(connection: Connection, email: string): Promise<number> {
  const { id } = expect<{ id: string }>(await connection.send(call('GET', '/self-service/recovery/api')), 200)
  const request = call('POST', `/self-service/recovery?flow=${id}`, { json: { method: 'code', email } })
  const began = performance.now()
  const answer = await connection.send(request)
  const tookMs = performance.now() - began
  expect(answer, 200)
  return tookMs
}

const samples = 500

/** Whether time tells an address that is known from one that is not. Messages are sent meanwhile, as they always are. */
export async function recovery(bench: Bench): Promise<void> {
  const sink = await startMailSink()
  try {
    await withServer(bench, { bcryptCost: 4, ...mailedRecovery(sink.uri), watchCourier: true }, async (server) => {
      const times = { known: [] as number[], unknown: [] as number[] }
      for (let i = 0; i < samples; i++) await createPerson(server, `person${i}@shop.example`)
      await over(server.publicPort, async (connection) => {
        for (let i = 0; i < 50; i++) await startRecovery(connection, `nobody${i}@shop.example`)
        for (let i = 0; i < samples; i++) {
          // Each comes first as often as the other, so that neither always pays for what its predecessor left behind.
          const order = i % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)
          for (const kind of order) {
            const email = kind === 'known' ? `person${i}@shop.example` : `absent${i}@shop.example`
            times[kind].push(await startRecovery(connection, email))
          }
        }
      })
      const ratio = median(times.known) / median(times.unknown)
      const apart = (Math.max(ratio, 1 / ratio) - 1) * 100
      bench.report('recovery started for a known address: median', median(times.known), ' ms')
      bench.report('recovery started for an unknown address: median', median(times.unknown), ' ms')
      bench.report(`how far these are apart (two samples of ${samples} that took turns)`, apart, ' %', { most: 5 })
    })
  } finally {
    await sink.close()
  }
}
