import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export type ReceivedMail = {
  from: string
  to: string[]
  data: string
  secure: boolean
  user: string | undefined
  hello: string
}

export type MailServer = {
  port: number
  /** What was taken, in order. */
  mails: ReceivedMail[]
  /** How many connections were opened. */
  connections(): number
  /** Resolves when `count` mails have come in altogether. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

/**
 * A mail server that keeps what it is given. Without options it speaks plain SMTP on a free port and wants no password.
 * @param refuse the answer to a recipient, such as `550 nobody`, or undefined to take it
 */
export async function startMailServer(
  options: SMTPServerOptions = {},
  { refuse = () => undefined, port = 0 }: { refuse?: (recipient: string) => string | undefined; port?: number } = {},
): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  let connections = 0
  let waiting: { count: number; resolve: () => void }[] = []
  const refusal = (answer: string) =>
    Object.assign(new Error(answer.slice(4)), { responseCode: Number(answer.slice(0, 3)) })
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key === undefined ? ['STARTTLS'] : [],
    ...options,
    onConnect(session, done) {
      connections++
      if (options.onConnect) options.onConnect.call(server, session, done)
      else done()
    },
    onRcptTo({ address }, _session, done) {
      const answer = refuse(address)
      done(answer === undefined ? undefined : refusal(answer))
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          data: Buffer.concat(chunks).toString(),
          secure: session.secure,
          user: session.user as string | undefined,
          hello: String(session.hostNameAppearsAs),
        })
        waiting = waiting.filter(({ count, resolve }) => mails.length < count || resolve())
        done()
      })
    },
  })
  server.on('error', () => {
    // Clients that give up in the middle are part of the tests.
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    connections: () => connections,
    received: (count) =>
      mails.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The text of a header, decoded, and of the parts of a mail. */
export function readMail(data: string): { headers: Record<string, string>; parts: { type: string; text: string }[] } {
  const { headers, body } = split(data)
  const type = headers['content-type'] ?? 'text/plain'
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1]
  if (boundary === undefined)
    return {
      headers,
      parts: [{ type: type.split(';')[0]!, text: decoded(body, headers['content-transfer-encoding']) }],
    }
  const parts = body.split(`--${boundary}`).slice(1, -1)
  return { headers, parts: parts.flatMap((part) => readMail(part.replace(/^\r\n/, '').replace(/\r\n$/, '')).parts) }
}

function split(data: string): { headers: Record<string, string>; body: string } {
  const at = data.indexOf('\r\n\r\n')
  const lines = data
    .slice(0, at)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      words(line.slice(line.indexOf(':') + 1).trim()),
    ]),
  )
  return { headers, body: data.slice(at + 4) }
}

function decoded(body: string, encoding = ''): string {
  if (/base64/i.test(encoding)) return Buffer.from(body, 'base64').toString()
  if (!/quoted-printable/i.test(encoding)) return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

/** Encoded words (RFC 2047). */
const words = (text: string): string =>
  text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?[^?]+\?([qb])\?([^?]*)\?=/gi, (_, how: string, content: string) =>
      how.toLowerCase() === 'b'
        ? Buffer.from(content, 'base64').toString()
        : decoded(content.replaceAll('_', ' '), 'quoted-printable'),
    )
