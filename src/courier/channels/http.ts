import type { Outbound } from '../../http/outbound.ts'
import { bodyFormat, configuredHeaders, formBody } from '../../http/configured-request.ts'
import type { deliveryRequest } from '../../http/config.ts'
import type { Jsonnet } from '../../lib/jsonnet/jsonnet.ts'
import type { Static } from '../../lib/shape.ts'
import type { LoadSource } from '../../lib/source.ts'
import type { StoredMessage } from '../message.ts'
import { DeliveryError, sendTimeoutMs, type Channel } from './channel.ts'

type RequestConfig = Static<typeof deliveryRequest>
type Deps = {
  request: RequestConfig
  outbound: Outbound
  loadSource: LoadSource
  jsonnet: Pick<Jsonnet, 'evaluateToText' | 'evaluate'>
}

const timeoutMs = 10_000

/** A gateway that takes messages as HTTP requests, with a body that a Jsonnet snippet makes of `ctx`. */
export function createHttpChannel({ request, outbound, loadSource, jsonnet }: Deps): Channel {
  return {
    async send(message) {
      const began = performance.now()
      const { url } = request
      if (url === undefined) throw new DeliveryError('The channel has no address to send messages to.')
      const headers = configuredHeaders(request)
      const body = request.method === 'TRACE' ? undefined : await bodyOf(message, headers['content-type']!)
      // A snippet that comes from afar may be late. By then the message may be another dispatcher's.
      if (performance.now() - began > sendTimeoutMs - timeoutMs)
        throw new DeliveryError('The body for the gateway was not made in time.')
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
    const format = bodyFormat(type)
    if (format === 'unknown') throw new DeliveryError(`The channel cannot make a body of the type ${type}.`)
    if (format === 'json') return jsonnet.evaluateToText(snippet, variables)
    const form = formBody(await jsonnet.evaluate(snippet, variables))
    if (form === undefined) throw new DeliveryError('The body of a form has to be an object of texts.')
    return form
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
