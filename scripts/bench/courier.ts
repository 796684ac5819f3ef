import { spawn } from 'node:child_process'
import { startMailSink } from './mail-sink.ts'
import { withServer, type Bench } from './measurement.ts'
import { createPerson, over } from './people.ts'
import { launcher } from './server.ts'
import { mailedRecovery, startRecovery } from './recovery.ts'

const messages = 1000

/** How fast one dispatcher sends what has queued up, to a mail server on the same machine. */
export async function courier(bench: Bench): Promise<void> {
  const sink = await startMailSink()
  try {
    await withServer(bench, { bcryptCost: 4, ...mailedRecovery(sink.uri) }, async (server) => {
      await createPerson(server, 'ada@shop.example')
      await Promise.all(
        Array.from({ length: bench.connections }, (_, index) =>
          over(server.publicPort, async (connection) => {
            for (let i = index; i < messages; i += bench.connections)
              await startRecovery(connection, 'ada@shop.example')
          }),
        ),
      )

      const watcher = spawn(launcher, ['courier', 'watch', '-c', server.file], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const ended = new Promise((resolve) => watcher.once('exit', resolve))
      const early = ended.then((code) => Promise.reject(new Error(`the dispatcher ended with ${code}`)))
      try {
        await Promise.race([sink.received(messages), early])
      } finally {
        early.catch(() => {})
        watcher.kill('SIGTERM')
        await ended
      }
      const tookMs = sink.taken[messages - 1]! - sink.taken[0]!
      bench.report(
        `messages dispatched per second, of ${messages} that had queued up`,
        (messages - 1) / (tookMs / 1000),
        '',
      )
    })
  } finally {
    await sink.close()
  }
}
