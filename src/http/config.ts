import {
  type Finding,
  choice,
  either,
  flag,
  integer,
  list,
  map,
  object,
  optional,
  derived,
  text,
  uri,
  uriReference,
} from '../lib/shape.ts'

/** Where PEM text comes from. With both given, `base64` wins. */
const pemSource = object({ path: optional(text()), base64: optional(text()) })

const listener = {
  /** An address to bind to, or `unix:` and the path of a socket. */
  host: text({ default: '0.0.0.0' }),
  request_log: object({ disable_for_health: flag(false) }),
  socket: object({
    owner: text({ default: '' }),
    group: text({ default: '' }),
    /** Permission bits as a decimal number: 493 is 0755. */
    mode: integer({ default: 0o755, minimum: 0, maximum: 0o777 }),
  }),
  /** TLS is on when both are given. */
  tls: object({ cert: optional(pemSource), key: optional(pemSource) }),
}

function originRule(origin: string): Finding[] {
  if ((origin.match(/\*/g) ?? []).length > 1)
    return [{ at: [], reason: 'An origin may hold one * at most.', remedy: 'List each origin, or use one wildcard.' }]
  return []
}

const cors = object({
  enabled: flag(false),
  allowed_origins: list(text({ minLength: 1, format: 'origin', rule: originRule }), {
    default: ['*'],
    uniqueItems: true,
  }),
  allowed_methods: list(choice(['POST', 'GET', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'HEAD', 'OPTIONS', 'TRACE']), {
    default: ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'],
  }),
  allowed_headers: list(text(), {
    default: ['Authorization', 'Content-Type', 'Max-Age', 'X-Session-Token', 'X-XSRF-TOKEN', 'X-CSRF-TOKEN'],
  }),
  exposed_headers: list(text(), { default: ['Content-Type'] }),
  allow_credentials: flag(true),
  options_passthrough: flag(false),
  /** Seconds for which a browser may keep the answer to a preflight. */
  max_age: integer({ default: 0, minimum: 0 }),
  debug: flag(false),
})

export const serve = object({
  public: object({
    ...listener,
    port: integer({ default: 4433, minimum: 1, maximum: 65535 }),
    base_url: derived(uriReference()),
    cors,
  }),
  admin: object({
    ...listener,
    port: integer({ default: 4434, minimum: 1, maximum: 65535 }),
    base_url: derived(uri()),
  }),
})

/** Every cookie. `secure` is a text by contract and holds `true` or `false` once loaded. */
export const cookies = object({
  domain: optional(text()),
  path: text({ default: '/' }),
  same_site: choice(['Strict', 'Lax', 'None'], 'Lax'),
  secure: derived(text()),
})

/** Credentials for a request that this server makes. */
export const outboundAuth = either('type', [
  object({ type: choice(['basic_auth']), config: object({ user: text(), password: text() }) }),
  object({
    type: choice(['api_key']),
    config: object({ name: text(), value: text(), in: choice(['header', 'cookie']) }),
  }),
])

/** A Jsonnet text by reference. */
export const jsonnetUrl = text({ format: 'uri', pattern: '^(http|https|file|base64)://' })

// Wire format: what Kratos posts to an HTTP channel when no `body` is configured.
const channelPayload = [
  'function(ctx) {',
  '  recipient: ctx.recipient,',
  '  template_type: ctx.template_type,',
  ...['to', 'recovery_code', 'recovery_url', 'verification_url', 'verification_code'].map(
    (name) =>
      `  ${name}: if "template_data" in ctx && "${name}" in ctx.template_data then ctx.template_data.${name} else null,`,
  ),
  '  subject: ctx.subject,',
  '  body: ctx.body',
  '}',
  '',
].join('\n')

/** A request that delivers a message over HTTP. */
export const deliveryRequest = object({
  url: optional(text({ pattern: '^https?://' })),
  method: text({ default: 'POST' }),
  headers: optional(map(text())),
  body: text({
    default: `base64://${Buffer.from(channelPayload).toString('base64')}`,
    format: 'uri',
    pattern: '^(http|https|file|base64)://',
  }),
  auth: optional(outboundAuth),
})

/** Limits for requests that this server makes, and what web hooks get to see of the one that caused them. */
export const clients = object(
  {
    http: object(
      {
        disallow_private_ip_ranges: flag(false),
        private_ip_exception_urls: list(uriReference(), { default: [] }),
      },
      { open: true },
    ),
    smtp: object({ disallow_private_ip_ranges: flag(false) }, { open: true }),
    web_hook: object(
      {
        header_allowlist: list(text(), {
          default: [
            'Accept',
            'Accept-Encoding',
            'Accept-Language',
            'Content-Length',
            'Content-Type',
            'Origin',
            'Priority',
            'Referer',
            'Sec-Ch-Ua',
            'Sec-Ch-Ua-Mobile',
            'Sec-Ch-Ua-Platform',
            'Sec-Fetch-Dest',
            'Sec-Fetch-Mode',
            'Sec-Fetch-Site',
            'Sec-Fetch-User',
            'True-Client-Ip',
            'User-Agent',
          ],
        }),
      },
      { open: true },
    ),
  },
  { open: true },
)
