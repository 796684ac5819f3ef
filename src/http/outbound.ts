import { lookup as resolve, type LookupAddress, type LookupOptions } from 'node:dns'
import { setTimeout as wait } from 'node:timers/promises'
import ipaddr from 'ipaddr.js'
import type { Agent, Dispatcher } from 'undici'

export type OutboundInit = {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** For one attempt, from the look-up of the name to the last byte. 30,000 unless given. */
  timeoutMs?: number
  /** The largest body that is taken. 1 MiB unless given. */
  maxBytes?: number
  /** How many redirects are followed, each checked like the first address. 0 unless given: the redirect is the answer. */
  followRedirects?: number
  /** How often it is tried again after a failed connection, a time-out, 429 or 5xx. 0 unless given. */
  retries?: number
  /** Whether the body of an answer with this status is read. All are, unless given; without it `body` is empty. */
  readsBody?(status: number): boolean
  /** Names, in lower case, of further headers that a redirect takes to no other origin. */
  secretHeaders?: readonly string[]
}

/** Header names are in lower case; several lines of one name are joined by `, `. */
export type OutboundResponse = { status: number; headers: Record<string, string>; body: Buffer }

/** Sends one request to the outside. Throws `OutboundError`; any status that came is an answer. */
export type Outbound = (url: string, init?: OutboundInit) => Promise<OutboundResponse>

/** `refused`: an address to which this server does not connect; nothing was sent. */
export type OutboundProblem = 'refused' | 'timeout' | 'too-large' | 'network'

/** The message names the host at most: paths and queries may hold secrets. */
export class OutboundError extends Error {
  readonly kind: OutboundProblem
  constructor(kind: OutboundProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

export type OutboundOptions = {
  /** Whether private, loopback and link-local addresses are out of reach. */
  disallowPrivateRanges: boolean
  /** Globs of URLs for which that does not hold; `*` stays within a part between `.` and `/`, `**` does not. */
  exceptionUrls: string[]
  /** The pause before the second attempt; it doubles for each further one. */
  retryDelayMs?: number
}

const privateRanges = new Set(['private', 'loopback', 'linkLocal'])
const privateRanges6 = new Set(['loopback', 'uniqueLocal'])
const globalUnicast6 = ipaddr.parseCIDR('2000::/3')

/**
 * Whether a connection to this IP address may be made. Reserved, multicast and translated ranges (NAT64, 6to4, Teredo)
 * never are a place where a service lives; an IPv4 address in IPv6 clothes counts as what it is.
 */
export function isReachable(address: string, { privateToo }: { privateToo: boolean }): boolean {
  if (!ipaddr.isValid(address)) return false
  const ip = ipaddr.process(address)
  const range = ip.range()
  if (range === 'unicast') return ip.kind() === 'ipv4' || ip.match(globalUnicast6)
  return privateToo && (ip.kind() === 'ipv4' ? privateRanges : privateRanges6).has(range)
}

/**
 * The one way to the outside: web hooks, gateways, schemas, Jsonnet and providers are asked through it.
 *
 * Against requests forged by way of this server (SSRF) an address is checked three times, since each check alone has a
 * gap: in the URL (a literal never passes the look-up), at the look-up (a name may stand for an inner address) and at the
 * connected socket (whatever led there).
 */
export function createOutbound({
  disallowPrivateRanges,
  exceptionUrls,
  retryDelayMs = 250,
}: OutboundOptions): Outbound & { close(): Promise<void> } {
  const exceptions = exceptionUrls.map(globPattern)
  const agents = new Map<boolean, Promise<Agent>>()
  const agentFor = (privateToo: boolean): Promise<Agent> => {
    let agent = agents.get(privateToo)
    if (!agent) agents.set(privateToo, (agent = guardedAgent(privateToo)))
    return agent
  }

  async function send(address: string, init: OutboundInit): Promise<OutboundResponse> {
    let url = parseUrl(address)
    let { method = 'GET', headers = {}, body } = init
    const signal = AbortSignal.timeout(init.timeoutMs ?? 30_000)

    for (let redirectsLeft = init.followRedirects ?? 0; ; redirectsLeft--) {
      const privateToo = !disallowPrivateRanges || exceptions.some((pattern) => pattern.test(withoutQuery(url)))
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (ipaddr.isValid(host) && !isReachable(host, { privateToo })) throw refused(host)

      const response = await exchange(await agentFor(privateToo), url, {
        method,
        headers,
        body,
        signal,
        maxBytes: init.maxBytes ?? 1024 * 1024,
        readsBody: init.readsBody ?? always,
      })
      const { location } = response.headers
      if (init.followRedirects === undefined || init.followRedirects === 0) return response
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response
      if (redirectsLeft === 0) throw new OutboundError('network', `${url.host} redirects too often.`)

      const next = parseUrl(location, url)
      if (next.origin !== url.origin) headers = withoutCredentials(headers, init.secretHeaders)
      if (response.status === 303 || (response.status < 303 && method === 'POST')) {
        method = method === 'HEAD' ? 'HEAD' : 'GET'
        body = undefined
        headers = withoutContent(headers)
      }
      url = next
    }
  }

  async function outbound(url: string, init: OutboundInit = {}): Promise<OutboundResponse> {
    for (let retriesLeft = init.retries ?? 0, delayMs = retryDelayMs; ; retriesLeft--, delayMs *= 2) {
      try {
        const response = await send(url, init)
        if (retriesLeft === 0 || !(response.status === 429 || (response.status >= 500 && response.status !== 501)))
          return response
      } catch (error) {
        if (retriesLeft === 0 || !(error instanceof OutboundError) || !['network', 'timeout'].includes(error.kind))
          throw error
      }
      await wait(delayMs)
    }
  }

  return Object.assign(outbound, {
    async close() {
      await Promise.all([...agents.values()].map(async (agent) => (await agent).destroy()))
    },
  })
}

/** undici takes 60 ms to load, which a server that asks nobody need not wait for. */
async function guardedAgent(privateToo: boolean): Promise<Agent> {
  const { Agent, buildConnector } = await import('undici')
  const connect = buildConnector({ lookup: guardedLookup(privateToo), timeout: 30_000 })
  return new Agent({
    connections: 64,
    connect(options, callback) {
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null)
        const { remoteAddress = '' } = socket
        if (isReachable(remoteAddress, { privateToo })) return callback(null, socket)
        socket.destroy()
        callback(refused(options.hostname), null)
      })
    },
  })
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** A `dns.lookup` that leaves out the addresses that are not to be reached. */
const guardedLookup = (privateToo: boolean) => (hostname: string, options: LookupOptions, callback: LookupCallback) =>
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '')
    const allowed = addresses.filter(({ address }) => isReachable(address, { privateToo }))
    const [first] = allowed
    if (!first) return callback(refused(hostname), '')
    if (options.all) return callback(null, allowed)
    callback(null, first.address, first.family)
  })

type Exchange = {
  method: string
  headers: Record<string, string>
  body: string | Buffer | undefined
  signal: AbortSignal
  maxBytes: number
  readsBody: (status: number) => boolean
}

const always = () => true
/** What may still come of a body that nobody reads, so that the connection can be used again. */
const maxDiscardedBytes = 64 * 1024

async function exchange(
  agent: Agent,
  url: URL,
  { method, headers, body, signal, maxBytes, readsBody }: Exchange,
): Promise<OutboundResponse> {
  try {
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as Dispatcher.HttpMethod,
      headers: withAuthorization(url, headers),
      body: body ?? null,
      signal,
    })
    return {
      status: response.statusCode,
      headers: Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ]),
      ),
      body: readsBody(response.statusCode) ? await readUpTo(response.body, maxBytes, url.host) : discard(response.body),
    }
  } catch (cause) {
    if (cause instanceof OutboundError) throw cause
    // The address may have been refused while connecting; undici hands that over as it is, Node wraps several tries.
    const inner = cause instanceof AggregateError ? cause.errors[0] : (cause as { cause?: unknown }).cause
    if (inner instanceof OutboundError) throw inner
    if (signal.aborted || String((cause as { code?: unknown }).code).endsWith('_TIMEOUT')) {
      throw new OutboundError('timeout', `${url.host} took too long to answer.`, { cause })
    }
    throw new OutboundError('network', `${url.host} cannot be reached.`, { cause })
  }
}

/** Nobody waits for it; the time limit of the request ends it too. */
function discard(stream: Dispatcher.ResponseData['body']): Buffer {
  stream.dump({ limit: maxDiscardedBytes }).catch(() => undefined)
  return Buffer.alloc(0)
}

async function readUpTo(stream: Dispatcher.ResponseData['body'], maxBytes: number, host: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  // Leaving the loop by an error destroys the stream and with it the connection.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw new OutboundError('too-large', `${host} answered with more than ${maxBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length)
}

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href) ?? undefined
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new OutboundError('refused', 'This is no http or https address.')
  return url
}

const refused = (host: string) =>
  new OutboundError('refused', `${host} is not an address to which this server may connect.`)

function withoutQuery(url: URL): string {
  const bare = new URL(url)
  bare.search = bare.hash = ''
  return bare.href
}

/** Name and password of a URL become basic authentication, unless the request brings its own. */
function withAuthorization({ username, password }: URL, headers: Record<string, string>): Record<string, string> {
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  if ((username === '' && password === '') || names.includes('authorization')) return headers
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { ...headers, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

const without = (headers: Record<string, string>, pattern: RegExp) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !pattern.test(name)))

/** What was meant for one origin does not go to another. */
const withoutCredentials = (headers: Record<string, string>, more: readonly string[] = []) =>
  Object.fromEntries(
    Object.entries(without(headers, /^(authorization|proxy-authorization|cookie|host)$/i)).filter(
      ([name]) => !more.includes(name.toLowerCase()),
    ),
  )
/** A signature is over the body. */
const withoutContent = (headers: Record<string, string>) =>
  without(headers, /^(content-.*|transfer-encoding|webhook-signature)$/i)

/** A glob with the separators `.` and `/`: `*`, `**`, `?`, `[a-z]`, `[!a-z]` and `{one,other}`. */
export function globPattern(glob: string): RegExp {
  let depth = 0
  const source = glob.replace(
    /\\(.)|\*\*|\[(!?)([^\]]*)\]|[^]/g,
    (token, escaped?: string, not?: string, set?: string) => {
      if (escaped !== undefined) return escape(escaped)
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\[\]^]/g, '\\$&')}]`
      switch (token) {
        case '**':
          return '.*'
        case '*':
          return '[^./]*'
        case '?':
          return '[^./]'
        case '{':
          depth++
          return '(?:'
        case '}':
          if (depth === 0) return '\\}'
          depth--
          return ')'
        case ',':
          return depth > 0 ? '|' : ','
        default:
          return escape(token)
      }
    },
  )
  return new RegExp(`^${source}${')'.repeat(depth)}$`, 's')
}

const escape = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
