import { ConfigurationError } from '../config/problem.ts'
import type { ListenSettings } from '../http/server.ts'

type Place = Pick<ListenSettings, 'host' | 'port' | 'socket'>
type Key = 'host' | 'port' | 'socket' | 'socket.owner' | 'socket.group'
type Trouble = [key: Key, reason: string, remedy: string]

const ports: Record<string, Trouble> = {
  EADDRINUSE: ['port', 'Another process listens on this port.', 'End it, or choose another port.'],
  EACCES: ['port', 'This process may not listen on this port.', 'Choose one above 1023, or grant the right to it.'],
  EADDRNOTAVAIL: ['host', 'This machine does not have this address.', 'Name one that it has, or none at all for all.'],
  ENOTFOUND: ['host', 'This name leads to no address.', 'Name an address of this machine, or none at all for all.'],
}

const sockets: Record<string, Trouble> = {
  EADDRINUSE: ['host', 'Another process listens on this socket.', 'End it, or choose another path.'],
  EEXIST: ['host', 'There is something at this path that is no socket.', 'Remove it, or choose another path.'],
  // Reported for a folder that is missing as well.
  EACCES: [
    'host',
    'Its folder does not exist, or this process may not write to it.',
    'Create it, or choose another one.',
  ],
  ENOUSER: ['socket.owner', 'There is no such user.', 'Name one that exists, or leave the key out.'],
  ENOGROUP: ['socket.group', 'There is no such group.', 'Name one that exists, or leave the key out.'],
  EPERM: [
    'socket',
    'This process may not give the socket away.',
    'Leave owner and group out, or grant the right to it.',
  ],
}

/**
 * What hinders a server from listening, for whoever wrote the configuration; other errors stay as they are.
 * @param name of the part of `serve`
 */
export function listenProblem(name: 'public' | 'admin', place: Place, error: unknown): unknown {
  const { code = '' } = error as { code?: string }
  const found = (place.host.startsWith('unix:') ? sockets : ports)[code]
  if (!found) return error
  const [key, reason, remedy] = found
  const value = valueOf(key, place)
  return new ConfigurationError(
    [{ path: `serve.${name}.${key}`, ...(value === undefined ? {} : { value }), reason, remedy }],
    { cause: error },
  )
}

function valueOf(key: Key, { host, port, socket }: Place): string | undefined {
  switch (key) {
    case 'host':
      return JSON.stringify(host)
    case 'port':
      return String(port)
    case 'socket.owner':
      return JSON.stringify(socket.owner)
    case 'socket.group':
      return JSON.stringify(socket.group)
    case 'socket':
      return undefined
  }
}
