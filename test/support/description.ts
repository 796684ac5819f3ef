import { startServer } from './server.ts'

/** The description of the API as text, from a server whose addresses are those of a first try. */
export async function describeServer(): Promise<string> {
  const server = await startServer({
    config: {
      serve: { public: { base_url: 'http://127.0.0.1:4433/' }, admin: { base_url: 'http://127.0.0.1:4434/' } },
    },
  })
  try {
    const response = await fetch(`${server.adminUrl}/openapi.json`)
    if (!response.ok) throw new Error(`${response.status} ${await response.text()} ${server.logged.join('')}`)
    return `${JSON.stringify(await response.json(), null, 2)}\n`
  } finally {
    await server.stop()
  }
}
