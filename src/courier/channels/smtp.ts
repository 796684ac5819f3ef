import { readFileSync } from 'node:fs'
import { lookup as resolve } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import type { NodemailerError, SendMailOptions, SMTPPoolOptions } from 'nodemailer'
import { isReachable } from '../../http/outbound.ts'
import type { Static } from '../../lib/shape.ts'
import type { courier } from '../config.ts'
import type { StoredMessage } from '../message.ts'
import { DeliveryError, sendTimeoutMs, type Channel } from './channel.ts'

type SmtpConfig = Static<typeof courier>['smtp']

type Deps = {
  smtp: SmtpConfig & { connection_uri: string }
  /** Whether private, loopback and link-local addresses are out of reach. */
  disallowPrivateRanges: boolean
  warn(problem: { error: unknown }, text: string): void
}

/** The longest wait for any single step of the conversation. */
const stepTimeoutMs = 10_000
const maxConnections = 4
/** Servers end connections that rest; one that has been ended would cost the next message a try. */
const idleTimeoutMs = 20_000

/** What a connection URI asks for. */
export type SmtpTarget = Pick<SMTPPoolOptions, 'host' | 'port' | 'secure' | 'requireTLS'> & {
  auth: { user: string; pass: string } | undefined
  skipVerify: boolean
  serverName: string | undefined
}

/**
 * `smtp://` insists on STARTTLS unless `disable_starttls=true`, which still uses it where it is offered; `smtps://` is
 * TLS from the first byte. `skip_ssl_verify=true` accepts any certificate, `server_name` is the name that it has to bear.
 * @throws Error that does not repeat the URI
 */
export function parseConnectionUri(uri: string): SmtpTarget {
  const url = URL.parse(uri.replace(/^smtp(s?):/, 'http$1:'))
  if (!url || !/^smtps?:\/\//.test(uri)) throw new Error('courier.smtp.connection_uri is no address of a mail server.')
  const secure = uri.startsWith('smtps:')
  const isOn = (name: string) => ['1', 't', 'true'].includes((url.searchParams.get(name) ?? '').toLowerCase())
  // The parser of web addresses leaves out the ports that are usual there.
  const [authority = ''] = /^[^/?#]*/.exec(uri.replace(/^smtps?:\/\//, ''))!
  const port = /:(\d+)$/.exec(authority.slice(authority.lastIndexOf('@') + 1))?.[1]
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: port === undefined ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && !isOn('disable_starttls'),
    auth:
      url.username === '' && url.password === ''
        ? undefined
        : { user: decoded(url.username), pass: decoded(url.password) },
    skipVerify: isOn('skip_ssl_verify'),
    serverName: url.searchParams.get('server_name') ?? undefined,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A password with a percent sign of its own.
    return text
  }
}

/** Mails over a few connections that are kept. */
export function createSmtpChannel({ smtp, disallowPrivateRanges, warn }: Deps): Channel {
  const target = parseConnectionUri(smtp.connection_uri)
  let opening: ReturnType<typeof open> | undefined

  // Loading it takes 60 ms, which a process that sends nothing need not wait for.
  async function open() {
    const { createTransport } = await import('nodemailer')
    const { auth, skipVerify, serverName, ...where } = target
    const options: SMTPPoolOptions & { pool: true } = {
      ...where,
      ...(auth ? { auth } : {}),
      pool: true,
      maxConnections,
      // A message that goes out anew when its connection broke may have arrived before: that is for the queue to decide.
      maxRequeues: 0,
      idleTimeout: idleTimeoutMs,
      name: smtp.local_name,
      connectionTimeout: stepTimeoutMs,
      greetingTimeout: stepTimeoutMs,
      socketTimeout: stepTimeoutMs,
      dnsTimeout: stepTimeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      tls: {
        minVersion: 'TLSv1.2',
        rejectUnauthorized: !skipVerify,
        ...(serverName === undefined ? {} : { servername: serverName }),
        ...clientCertificate(smtp, warn),
      },
    }
    if (disallowPrivateRanges) {
      options.getSocket = (_options, done) => {
        guardedSocket(target).then(
          (connection) => done(null, { connection }),
          (error: unknown) => done(error as Error),
        )
      }
    }
    return createTransport(options)
  }

  return {
    async send(message) {
      const transport = await (opening ??= open())
      let info
      try {
        info = await transport.sendMail({ ...mailOf(message, smtp), signal: AbortSignal.timeout(sendTimeoutMs) })
      } catch (error) {
        throw deliveryError(error as NodemailerError)
      }
      // With further recipients in the headers the server may have taken the mail for those only.
      const refusal = info.rejectedErrors?.find(({ recipient }) => recipient === message.recipient)
      if (refusal) throw deliveryError(refusal)
    },
    close() {
      void opening?.then((transport) => transport.close())
    },
  }
}

/** A message as nodemailer takes it. `Bcc` and `Cc` of the configured headers reach the envelope, `Bcc` nothing else. */
function mailOf(
  { recipient, subject, body, htmlBody }: StoredMessage,
  { from_address, from_name, headers = {} }: SmtpConfig,
): SendMailOptions {
  const known = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const own = Object.entries(headers).filter(([name]) => !addressHeaders.has(name.toLowerCase()))
  const addresses = [...addressHeaders].flatMap(([name, option]) =>
    known.has(name) ? [[option, known.get(name)]] : [],
  )
  return {
    from: from_name === undefined || from_name === '' ? from_address : { name: from_name, address: from_address },
    to: { name: '', address: recipient },
    subject,
    text: body,
    ...(htmlBody === null ? {} : { html: htmlBody }),
    headers: own.map(([key, value]) => ({ key, value })),
    ...Object.fromEntries(addresses),
    // No mail program has to guess where a line may be broken.
    encoding: 'quoted-printable',
  }
}

const addressHeaders = new Map([
  ['cc', 'cc'],
  ['bcc', 'bcc'],
  ['reply-to', 'replyTo'],
])

function clientCertificate(
  { client_cert_path: cert, client_key_path: key }: SmtpConfig,
  warn: Deps['warn'],
): { cert?: string; key?: string } {
  if (cert === '' || key === '') return {}
  try {
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  } catch (error) {
    warn({ error }, 'The client certificate for the mail server cannot be read. The server is asked without one.')
    return {}
  }
}

/** A connection to an address that is looked at before, and once more when it stands. */
async function guardedSocket({ host = '', port }: SmtpTarget): Promise<Socket> {
  const found = isIP(host) ? [{ address: host }] : await resolve(host, { all: true })
  const [allowed] = found.filter(({ address }) => isReachable(address, { privateToo: false }))
  if (!allowed) throw new DeliveryError(`${host} is not an address to which this server may connect.`)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: allowed.address, port: Number(port), timeout: stepTimeoutMs })
    const fail = (error: Error) => {
      socket.destroy()
      reject(error)
    }
    socket.once('error', fail)
    socket.once('timeout', () => fail(new DeliveryError(`${host} took too long to answer.`)))
    socket.once('connect', () => {
      if (!isReachable(socket.remoteAddress ?? '', { privateToo: false }))
        return fail(new DeliveryError(`${host} is not an address to which this server may connect.`))
      socket.removeAllListeners('error')
      socket.removeAllListeners('timeout')
      socket.setTimeout(0)
      resolve(socket)
    })
  })
}

/** What went wrong, for the operator. A refusal of this very message for good is permanent; one of the sign-in is not. */
function deliveryError(error: NodemailerError): Error {
  if (error instanceof DeliveryError) return error
  const { permanent = false, command = '', responseCode, response } = error
  const ofThisMessage = /^(RCPT TO|DATA)/.test(command)
  return new DeliveryError('The mail server did not take the message.', {
    permanent: permanent && ofThisMessage,
    reason:
      response === undefined || responseCode === undefined
        ? error.message
        : `To ${command} it answered: ${response.slice(0, 500)}`,
    cause: error,
  })
}
