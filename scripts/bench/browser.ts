import { call, headersOf, type Answer, type Connection } from './load.ts'
import { expect } from './people.ts'

export const asBrowser = { accept: 'text/html,application/xhtml+xml', 'accept-encoding': 'gzip, br' }

/** What stands in a request's first line for an address. */
export const pathOf = (address: string): string => address.replace(/^https?:\/\/[^/]+/, '').replaceAll('&amp;', '&')

/** Cookies by name, as a browser keeps them. */
export type Jar = Record<string, string>

export const cookieHeader = (jar: Jar): Record<string, string> => ({
  cookie: Object.entries(jar)
    .map(([name, value]) => `${name}=${value}`)
    .join('; '),
})

/** The jar with what an answer sets. */
export function withCookies(jar: Jar, answer: Answer): Jar {
  const set = headersOf(answer, 'set-cookie').map((line) => line.split(';')[0]!)
  return {
    ...jar,
    ...Object.fromEntries(set.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
  }
}

/** Begins a flow by visiting it. @returns the path of its page, and the headers with which the browser asks for it */
export async function beginBrowser(
  connection: Connection,
  name: string,
  jar: Jar,
): Promise<{ address: string; headers: Jar }> {
  const path = `/self-service/${name}/browser`
  const answer = await connection.send(call('GET', path, { headers: { ...asBrowser, ...cookieHeader(jar) } }))
  const [location] = headersOf(answer, 'location')
  if (location === undefined) throw new Error(`${path} answered ${answer.status} and leads nowhere`)
  return { address: pathOf(location), headers: { ...asBrowser, ...cookieHeader(withCookies(jar, answer)) } }
}

type Flow = { id: string; ui: { nodes: { attributes: { name?: string; value?: unknown } }[] } }

/** A flow as a single-page app gets it, with what has to go along with its submission. */
export async function beginApp(
  connection: Connection,
  name: string,
  jar: Jar = {},
): Promise<{ id: string; csrfToken: unknown; jar: Jar }> {
  const answer = await connection.send(call('GET', `/self-service/${name}/browser`, { headers: cookieHeader(jar) }))
  const { id, ui } = expect<Flow>(answer, 200)
  const csrfToken = ui.nodes.find(({ attributes }) => attributes.name === 'csrf_token')?.attributes.value
  return { id, csrfToken, jar: withCookies(jar, answer) }
}
