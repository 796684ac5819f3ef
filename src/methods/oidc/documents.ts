import { errors } from '../../errors.ts'
import { OutboundError, type Outbound } from '../../http/outbound.ts'
import { microsPerSecond, type Clock, type Micros } from '../../lib/clock.ts'
import { isObject, type Json } from '../../lib/json.ts'

/** JSON objects that providers publish – what they can do, and their keys – kept for as long as they say. */
export type Documents = {
  /**
   * @param newerThan one that was fetched before this moment is fetched again
   * @throws Error when it cannot be had; the message names the host at most
   */
  get(url: string, options?: { newerThan?: Micros }): Promise<Record<string, Json>>
}

type Entry = { value: Promise<Record<string, Json>>; fetchedAt: Micros; until: Micros }

const maxDocuments = 200
const maxBytes = 512 * 1024
const shortest: Micros = 5 * 60 * microsPerSecond
const usual: Micros = 3600 * microsPerSecond
const longest: Micros = 24 * 3600 * microsPerSecond
/** How soon a document may be fetched again, whoever asks: a forged token cannot make us ask without end. */
const pause: Micros = 30 * microsPerSecond

export function createDocuments({ outbound, clock }: { outbound: Outbound; clock: Clock }): Documents {
  const entries = new Map<string, Entry>()

  function load(url: string): Entry {
    const now = clock.now()
    const fetched = fetchDocument(outbound, url)
    const entry: Entry = { value: fetched.then(({ document }) => document), fetchedAt: now, until: now + shortest }
    entries.delete(url)
    entries.set(url, entry)
    if (entries.size > maxDocuments) entries.delete(entries.keys().next().value!)
    fetched.then(
      ({ maxAge }) => (entry.until = now + maxAge),
      () => entries.get(url) === entry && entries.delete(url),
    )
    return entry
  }

  return {
    get(url, { newerThan = 0 } = {}) {
      const now = clock.now()
      const known = entries.get(url)
      const isFresh = known && known.until > now && (known.fetchedAt >= newerThan || known.fetchedAt + pause > now)
      return (isFresh ? known : load(url)).value
    },
  }
}

async function fetchDocument(
  outbound: Outbound,
  url: string,
): Promise<{ document: Record<string, Json>; maxAge: Micros }> {
  const { status, headers, body } = await outbound(url, {
    headers: { accept: 'application/json' },
    timeoutMs: 5000,
    maxBytes,
    followRedirects: 3,
    retries: 1,
  })
  if (status !== 200) throw new Error(`${new URL(url).host} answered ${status}.`)
  const document = parseObject(body)
  if (!document) throw new Error(`${new URL(url).host} did not answer with a JSON object.`)
  const seconds = Number(/(?:^|[\s,])max-age=(\d+)/i.exec(headers['cache-control'] ?? '')?.[1] ?? Number.NaN)
  const asked = Number.isFinite(seconds) ? seconds * microsPerSecond : usual
  return { document, maxAge: Math.min(Math.max(asked, shortest), longest) }
}

/** The object in a body; undefined for anything else. */
export function parseObject(body: Buffer): Record<string, Json> | undefined {
  try {
    const value = JSON.parse(body.toString()) as unknown
    return isObject(value) ? (value as Record<string, Json>) : undefined
  } catch {
    return undefined
  }
}

/** What is needed of an OpenID provider's description of itself. */
export type Discovery = {
  authorization: string
  token: string
  jwks: string
  userinfo: string | undefined
  algorithms: readonly string[]
  supportsPkce: boolean
  /** Whether it says who it is when it sends a browser back. */
  sendsIssuer: boolean
}

/**
 * @param issuer with which the document has to agree to the letter
 * @throws errors.invalidConfiguration
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
export async function discover(documents: Documents, issuer: string): Promise<Discovery> {
  const document = await documents
    .get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    .catch((cause: unknown) => {
      const why = cause instanceof OutboundError || cause instanceof Error ? ` ${cause.message}` : ''
      throw errors.invalidConfiguration(`The OpenID provider cannot be asked what it offers.${why}`, cause)
    })
  if (document['issuer'] !== issuer)
    throw errors.invalidConfiguration('The OpenID provider has another issuer than the one in issuer_url.')
  const url = (name: string): string | undefined => {
    const value = document[name]
    return typeof value === 'string' && URL.canParse(value) ? value : undefined
  }
  const needed = (name: string): string => {
    const value = url(name)
    if (value === undefined) throw errors.invalidConfiguration(`The OpenID provider names no ${name}.`)
    return value
  }
  return {
    authorization: needed('authorization_endpoint'),
    token: needed('token_endpoint'),
    jwks: needed('jwks_uri'),
    userinfo: url('userinfo_endpoint'),
    algorithms: textsIn(document['id_token_signing_alg_values_supported']),
    supportsPkce: textsIn(document['code_challenge_methods_supported']).includes('S256'),
    sendsIssuer: document['authorization_response_iss_parameter_supported'] === true,
  }
}

const textsIn = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
