import { call, Connection, type Answer } from './load.ts'
import type { BenchServer } from './server.ts'

export const password = 'difference-engine-1842'

/** What an answer holds. @throws Error when it has another status, with what it says */
export function expect<T>(answer: Answer, status: number): T {
  if (answer.status !== status) throw new Error(`${answer.status} in place of ${status}: ${answer.body.slice(0, 500)}`)
  return JSON.parse(answer.body) as T
}

/** Uses a connection for as long as something takes. */
export async function over<T>(port: number, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = new Connection(port)
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}

export const createPerson = ({ adminPort }: BenchServer, email: string): Promise<unknown> =>
  over(adminPort, async (admin) => {
    const credentials = { password: { config: { password } } }
    const json = { schema_id: 'person', traits: { email }, credentials }
    return expect(await admin.send(call('POST', '/admin/identities', { json })), 201)
  })

/** Signs in as an app does. @returns the session token */
export async function signIn(connection: Connection, email: string): Promise<string> {
  const { id } = expect<{ id: string }>(await connection.send(call('GET', '/self-service/login/api')), 200)
  const json = { method: 'password', identifier: email, password }
  const answer = await connection.send(call('POST', `/self-service/login?flow=${id}`, { json }))
  return expect<{ session_token: string }>(answer, 200).session_token
}

/** A new person, signed in. @returns the session token */
export async function signedIn(server: BenchServer, email: string): Promise<string> {
  await createPerson(server, email)
  return over(server.publicPort, (connection) => signIn(connection, email))
}

/** The same request over and over; anything but 200 is a failure. */
export const get = (path: string, headers: Record<string, string> = {}) => {
  const request = call('GET', path, { headers })
  return async (connection: Connection): Promise<boolean> => (await connection.send(request)).status === 200
}

export const whoami = (token: string) => get('/sessions/whoami', { 'x-session-token': token })
