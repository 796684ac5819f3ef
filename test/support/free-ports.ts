import { createServer, type AddressInfo } from 'node:net'

/** A port of 127.0.0.1 on which nobody listens at the moment. */
export function freePort(): Promise<number> {
  return new Promise((found, reject) => {
    const probe = createServer()
    probe.on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => found(port))
    })
  })
}

export type ServerPorts = { publicPort: number; adminPort: number }

/** Starts a server on free ports: on other ones when, between the look for them and their use, somebody took one. */
export async function onFreePorts<T>(start: (ports: ServerPorts) => Promise<T>): Promise<T> {
  for (let attemptsLeft = 5; ; attemptsLeft--) {
    try {
      return await start({ publicPort: await freePort(), adminPort: await freePort() })
    } catch (error) {
      if (!isTaken(error) || attemptsLeft === 0) throw error
    }
  }
}

/** Said by the server in this process, or printed by one in a process of its own. */
const isTaken = (error: unknown): boolean => /Another process listens on this port/.test(String(error))
