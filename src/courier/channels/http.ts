import type { Outbound } from '../../http/outbound.ts'
import { encodeQuery } from '../../http/query.ts'
import type { deliveryRequest } from '../../http/config.ts'
import { isObject } from '../../lib/json.ts'
import type { Jsonnet } from '../../lib/jsonnet/jsonnet.ts'
import type { Static } from '../../lib/shape.ts'
import type { LoadSource } from '../../lib/source.ts'
import type { StoredMessage } from '../message.ts'
import { DeliveryError, type Channel } from './channel.ts'

type RequestConfig = Static<typeof deliveryRequest>
type Deps = {
  request: RequestConfig
  outbound: Outbound
  loadSource: LoadSource
  jsonnet: Pick<Jsonnet, 'evaluateToText' | 'evaluate'>
}

const timeoutMs = 10_000
const formType = 'application/x-www-form-urlencoded'

/** A gateway that takes messages as HTTP requests, with a body that a Jsonnet snippet makes of `ctx`. */
export function createHttpChannel({ request, outbound, loadSource, jsonnet }: Deps): Channel {
  return {
    async send(message) {
      const { url } = request
      if (url === undefined) throw new DeliveryError('The channel has no address to send messages to.')
      const headers = headersOf(request)
      const body = request.method === 'TRACE' ? undefined : await bodyOf(message, headers['content-type']!)
      const response = await outbound(url, {
        method: request.method,
        headers,
        ...(body === undefined ? {} : { body }),
        timeoutMs,
      })
      if (response.status < 200 || response.status > 299)
        throw new DeliveryError(`The gateway answered with status ${response.status}.`)
    },
    close() {},
  }

  async function bodyOf(message: StoredMessage, type: string): Promise<string> {
    const snippet = await loadSource(request.body)
    const variables = { tla: { ctx: contextOf(message) } }
    const media = type.split(';')[0]!.trim().toLowerCase()
    if (media === formType) return formOf(await jsonnet.evaluate(snippet, variables))
    if (media !== 'application/json') throw new DeliveryError(`The channel cannot make a body of the type ${media}.`)
    return jsonnet.evaluateToText(snippet, variables)
  }
}

/** What the snippet sees of a message. */
const contextOf = ({ recipient, subject, body, htmlBody, template, data, via, requestHeaders }: StoredMessage) => ({
  recipient,
  subject,
  body,
  ...(htmlBody ? { html_body: htmlBody } : {}),
  template_type: template,
  template_data: data,
  message_type: via,
  request_headers: requestHeaders,
})

/** The configured headers and credentials; names in lower case. */
function headersOf({ headers = {}, auth }: RequestConfig): Record<string, string> {
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

function formOf(value: unknown): string {
  if (!isObject(value)) throw new DeliveryError('The body of a form has to be an object of texts.')
  return encodeQuery(
    Object.entries(value).map(([name, field]) => {
      if (typeof field !== 'string') throw new DeliveryError('The body of a form has to be an object of texts.')
      return [name, field] as const
    }),
  )
}
