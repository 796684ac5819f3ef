import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { ConfigurationError } from '../config/problem.ts'
import { freePort } from '../../test/support/free-ports.ts'
import { startServer } from '../../test/support/server.ts'

test('a start that fails over a port says which one, and leaves nothing open', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port: taken } = other.address() as AddressInfo
  const free = await freePort()
  await assert.rejects(
    startServer({ config: { serve: { public: { port: free }, admin: { port: taken } } } }),
    (error) => {
      assert.ok(error instanceof ConfigurationError)
      const [{ path, value, remedy }] = error.problems as [ConfigurationError['problems'][number]]
      assert.deepEqual([path, value], ['serve.admin.port', String(taken)])
      assert.match(remedy, /another port/)
      return true
    },
  )
  await new Promise<void>((resolve) => other.close(() => resolve()))

  // What the failed start had opened before is free again, or this process would never end.
  const server = await startServer({ config: { serve: { public: { port: free }, admin: { port: taken } } } })
  await server.stop()
})

test('a start that fails over an address says which one', async () => {
  for (const [host, reason] of [
    ['192.0.2.1', /does not have this address/],
    ['unix:/nowhere/zelos.sock', /folder does not exist/],
  ] as const) {
    await assert.rejects(startServer({ config: { serve: { public: { host } } } }), (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.equal(error.problems[0]?.path, 'serve.public.host')
      assert.match(error.problems[0]!.reason, reason)
      return true
    })
  }
})
