import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { call, measure, median, type Connection } from './load.ts'
import { withServer, type Bench } from './measurement.ts'
import { createPerson, expect, over, password, whoami } from './people.ts'

const waiting = 64

/** What people notice whose requests need no hook, while logins wait for a target that takes calls and says nothing. */
export async function silentHooks(bench: Bench): Promise<void> {
  const target = await startSilentTarget()
  const timeoutMs = bench.seconds * 1000 + 3000
  const body = `base64://${Buffer.from('function(ctx) { flow: ctx.flow.id }').toString('base64')}`
  const config = { url: target.url, method: 'POST', body, timeout: `${timeoutMs}ms`, retries: 0 }
  const login = { after: { password: { hooks: [{ hook: 'web_hook', config }] } } }
  try {
    await withServer(bench, { bcryptCost: 4, flows: { login } }, async (server) => {
      const { seconds, rounds, report } = bench
      await createPerson(server, 'grace@shop.example')
      const token = await signedUp(server.publicPort)
      const work = whoami(token)
      const sample = () => measure({ server, connections: 4, seconds, work })
      await sample()
      const ratios: number[] = []
      for (let i = 0; i < rounds; i++) {
        const idle = await sample()
        const before = target.calls()
        const latest = performance.now() + timeoutMs
        const stuck = Array.from({ length: waiting }, () => over(server.publicPort, attempt))
        while (target.calls() < before + waiting) {
          if (performance.now() > latest)
            throw new Error(`only ${target.calls() - before} of ${waiting} hooks reach their target`)
          await pause(20)
        }
        const during = await sample()
        const statuses = await Promise.all(stuck)
        if (statuses.includes(200)) throw new Error('a login did not wait for its hook')
        ratios.push(during.p99Ms / idle.p99Ms)
      }
      report(`session checks while ${waiting} logins wait for a silent hook, p99 against idle`, median(ratios), '×', {
        most: 2,
      })
    })
  } finally {
    await target.close()
  }
}

/** Somebody who got in by registration, which has no such hook. */
const signedUp = (port: number): Promise<string> =>
  over(port, async (connection) => {
    const { id } = expect<{ id: string }>(await connection.send(call('GET', '/self-service/registration/api')), 200)
    const json = { method: 'password', password, traits: { email: 'ada@shop.example' } }
    const answer = await connection.send(call('POST', `/self-service/registration?flow=${id}`, { json }))
    return expect<{ session_token: string }>(answer, 200).session_token
  })

/** Logs in. @returns the status of what comes in the end */
async function attempt(connection: Connection): Promise<number> {
  const { id } = expect<{ id: string }>(await connection.send(call('GET', '/self-service/login/api')), 200)
  const json = { method: 'password', identifier: 'grace@shop.example', password }
  return (await connection.send(call('POST', `/self-service/login?flow=${id}`, { json }))).status
}

async function startSilentTarget(): Promise<{ url: string; calls(): number; close(): Promise<void> }> {
  const open = new Set<Socket>()
  let calls = 0
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.on('data', (chunk) => {
      if (chunk.toString('latin1').startsWith('POST ')) calls++
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls: () => calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}
