import type { Static } from '../lib/shape.ts'
import type { outboundAuth } from './config.ts'
import { encodeQuery } from './query.ts'
import { isObject } from '../lib/json.ts'

/** What a configuration says about the headers of a request that this server makes. */
type RequestConfig = {
  headers?: Record<string, string> | undefined
  auth?: Static<typeof outboundAuth> | undefined
}

const formType = 'application/x-www-form-urlencoded'

/** The configured headers and credentials, names in lower case. Bodies are JSON unless `content-type` says otherwise. */
export function configuredHeaders({ headers = {}, auth }: RequestConfig): Record<string, string> {
  const own = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { 'content-type': 'application/json', ...own, ...credentials(auth, own.cookie) }
}

function credentials(auth: RequestConfig['auth'], cookie: string | undefined): Record<string, string> {
  if (auth === undefined) return {}
  if (auth.type === 'basic_auth') {
    const { user, password } = auth.config
    return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  }
  const { name, value, in: place } = auth.config
  if (place !== 'cookie') return { [name.toLowerCase()]: value }
  return { cookie: [...(cookie === undefined ? [] : [cookie]), `${name}=${value}`].join('; ') }
}

/** How a body is written: as JSON, as a form, or in a way that this server does not know. */
export function bodyFormat(contentType: string): 'json' | 'form' | 'unknown' {
  const media = contentType.split(';')[0]!.trim().toLowerCase()
  return media === 'application/json' ? 'json' : media === formType ? 'form' : 'unknown'
}

/** The body of a form, its fields in alphabetical order; undefined for anything but an object of texts. */
export function formBody(value: unknown): string | undefined {
  if (!isObject(value)) return undefined
  const fields = Object.entries(value)
  const texts = fields.filter((field): field is [string, string] => typeof field[1] === 'string')
  return texts.length === fields.length ? encodeQuery(texts) : undefined
}
