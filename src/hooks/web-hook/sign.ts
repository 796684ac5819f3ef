import { createHmac } from 'node:crypto'

export type Signed = {
  /** The same for all attempts of one delivery. */
  id: string
  /** Whole seconds since 1970. */
  timestamp: number
  body: string
}

/**
 * The headers by which a target knows that a request comes from here and is not an old one. Every secret signs, so that
 * a target can move from one to the next.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureHeaders(secrets: readonly string[], { id, timestamp, body }: Signed): Record<string, string> {
  if (secrets.length === 0) return {}
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  })
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
