import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'

export type SocketSettings = { owner: string; group: string; mode: number }

/**
 * Removes what an earlier server has left where a socket is to be.
 * @throws an error with the code `EADDRINUSE` when a server answers there, `EEXIST` when it is no socket
 */
export async function clearSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket()) throw coded('EEXIST', `${path} is no socket`)
  if (await isAnswered(path)) throw coded('EADDRINUSE', `${path} is in use`)
  unlinkSync(path)
}

const coded = (code: string, text: string): Error => Object.assign(new Error(text), { code })

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(true)
    })
    probe.on('error', () => resolve(false))
  })
}

export type SocketOwner = { uid: number; gid: number }

/**
 * The numbers of an owner and a group; -1 for one that is to stay as it is. Names are looked up in the system's files.
 * @throws an error with the code `ENOUSER` or `ENOGROUP`
 */
export const socketOwner = ({ owner, group }: SocketSettings): SocketOwner => ({
  uid: owner === '' ? -1 : (numberIn('/etc/passwd', owner) ?? fail('ENOUSER', owner)),
  gid: group === '' ? -1 : (numberIn('/etc/group', group) ?? fail('ENOGROUP', group)),
})

function numberIn(file: string, name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name)
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`${name}:`))
  return line === undefined ? undefined : Number(line.split(':')[2])
}

function fail(code: string, name: string): never {
  throw coded(code, `${name} is not known`)
}

export function ownSocket(path: string, { uid, gid }: SocketOwner, mode: number): void {
  chmodSync(path, mode)
  if (uid !== -1 || gid !== -1) chownSync(path, uid, gid)
}
