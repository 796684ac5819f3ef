import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export type MailSink = {
  /** For `courier.smtp.connection_uri`. */
  uri: string
  /** When messages were taken, in milliseconds of `performance.now()`. */
  taken: readonly number[]
  /** Resolves when `count` messages have come in altogether. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

/** A mail server on this machine that throws away what it is given. */
export async function startMailSink(): Promise<MailSink> {
  const taken: number[] = []
  let waiting: { count: number; resolve(): void } | undefined
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, _session, done) {
      stream.resume()
      stream.on('end', () => {
        taken.push(performance.now())
        if (waiting && taken.length >= waiting.count) waiting.resolve()
        done()
      })
    },
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    uri: `smtp://127.0.0.1:${port}/?disable_starttls=true`,
    taken,
    received: (count) =>
      new Promise((resolve) => {
        if (taken.length >= count) resolve()
        else waiting = { count, resolve }
      }),
    close: () => new Promise((resolve) => void server.close(resolve)),
  }
}
