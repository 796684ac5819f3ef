import { validateResponse } from './validate-response.ts'

export type Addresses = { publicUrl: string; adminUrl: string }

export type Answer = {
  status: number
  headers: Headers
  location: string | null
  /** The JSON object or list that came; empty where it was something else. */
  body: Record<string, unknown>
}

export type Sent = {
  accept?: string
  json?: unknown
  form?: Record<string, string> | [string, string][]
  headers?: Record<string, string>
}

export type Agent = {
  /** One request, redirects not followed. @throws Error for an answer that differs from the description of the API */
  request(method: string, url: string, sent?: Sent): Promise<Answer>
  jar: Map<string, string>
  token: string | undefined
  /** Whether it keeps cookies and sends them back. */
  readonly hasCookies: boolean
}

type Held = { jar?: Map<string, string>; token?: string | undefined; hasCookies?: boolean }

/** Something that sends requests and remembers cookies or a token. Paths are those of the public port. */
export function createAgent(server: Addresses, { jar = new Map(), token, hasCookies = true }: Held = {}): Agent {
  const agent: Agent = { request, jar, token, hasCookies }
  return agent

  async function request(
    method: string,
    url: string,
    { accept = 'application/json', json, form, headers }: Sent = {},
  ): Promise<Answer> {
    const target = new URL(url, server.publicUrl)
    const content = json !== undefined ? JSON.stringify(json) : form && new URLSearchParams(form).toString()
    const response = await fetch(target, {
      method,
      redirect: 'manual',
      headers: {
        accept,
        ...(content === undefined
          ? {}
          : { 'content-type': json === undefined ? 'application/x-www-form-urlencoded' : 'application/json' }),
        ...(hasCookies && jar.size > 0 ? { cookie: cookieHeader(jar) } : {}),
        ...(agent.token === undefined ? {} : { 'x-session-token': agent.token }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
    })
    if (hasCookies) for (const line of response.headers.getSetCookie()) remember(jar, line)
    const text = await response.text()
    const location = response.headers.get('location')
    const contentType = response.headers.get('content-type') ?? ''
    validateResponse({
      port: target.origin === new URL(server.adminUrl).origin ? 'admin' : 'public',
      method,
      path: target.pathname,
      status: response.status,
      contentType,
      location,
      body: text,
    })
    const isJson = contentType.startsWith('application/json') && text !== ''
    return {
      status: response.status,
      headers: response.headers,
      location,
      body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
    }
  }
}

export const cookieHeader = (jar: ReadonlyMap<string, string>): string =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

/** Keeps a cookie, or forgets it when it has come to its end. */
export function remember(jar: Map<string, string>, line: string): void {
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
  if (/;\s*max-age=0\b/i.test(line)) jar.delete(name!)
  else jar.set(name!, value!)
}
