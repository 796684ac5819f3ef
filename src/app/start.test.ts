import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
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

const folder = mkdtempSync(join(tmpdir(), 'zelos-start-'))
after(() => rmSync(folder, { recursive: true }))

test('a start that fails over an address or a socket says which one', async () => {
  const file = join(folder, 'notes.txt')
  writeFileSync(file, 'keep me')
  const socket = (name: string) => `unix:${join(folder, name)}`
  const running = await startServer({ config: { serve: { public: { host: socket('taken.sock') } } } })
  for (const [serve, key, reason] of [
    [{ host: '192.0.2.1' }, 'host', /does not have this address/],
    [{ host: 'unix:/nowhere/zelos.sock' }, 'host', /folder does not exist/],
    [{ host: socket('notes.txt') }, 'host', /no socket/],
    [{ host: socket('taken.sock') }, 'host', /Another process/],
    [{ host: socket('own.sock'), socket: { owner: 'nobody-such' } }, 'socket.owner', /no such user/],
    [{ host: socket('own.sock'), socket: { group: 'nobody-such' } }, 'socket.group', /no such group/],
  ] as const) {
    await assert.rejects(startServer({ config: { serve: { public: serve } } }), (error) => {
      assert.ok(error instanceof ConfigurationError, String(error))
      assert.equal(error.problems[0]?.path, `serve.public.${key}`)
      assert.match(error.problems[0]!.reason, reason)
      return true
    })
  }
  assert.equal(readFileSync(file, 'utf8'), 'keep me')

  // Whoever was there first still is.
  const path = join(folder, 'taken.sock')
  const status = await new Promise((resolve, reject) =>
    get({ socketPath: path, path: '/health/alive' }, (response) => resolve(response.statusCode)).on('error', reject),
  )
  assert.equal(status, 200)
  await running.stop()
})

test('a socket that an earlier server has left is taken over', async () => {
  const path = join(folder, 'left.sock')
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['--eval', script])
  assert.ok(existsSync(path))
  const server = await startServer({ config: { serve: { public: { host: `unix:${path}`, socket: { mode: 0o700 } } } } })
  assert.equal(statSync(path).mode & 0o777, 0o700)
  await server.stop()
})

test('what new configurations have replaced ends with the server at the latest, and so does one that is refused', async () => {
  const running = new Set<Worker>()
  const watch = (worker: Worker) => {
    running.add(worker)
    worker.once('exit', () => running.delete(worker))
  }
  process.on('worker', watch)
  const body = `base64://${Buffer.from('function(ctx) ctx').toString('base64')}`
  const hook = { hook: 'web_hook', config: { url: 'http://127.0.0.1:1/', method: 'POST', body } }
  const config = { selfservice: { flows: { login: { after: { password: { hooks: [hook] } } } } } }
  const server = await startServer({ config })
  for (let i = 0; i < 3; i++) await server.reload(config)
  const templates = { recovery: { valid: { email: { subject: 'base64://e3s=' } } } }
  await assert.rejects(server.reload({ ...config, courier: { templates } }), ConfigurationError)
  assert.equal((await fetch(`${server.publicUrl}/health/alive`)).status, 200)
  await setImmediate()
  assert.equal(running.size, 4)
  await server.stop()
  assert.equal(running.size, 0)
  process.off('worker', watch)
})

/** The keys that a server has complained about. */
const keysIn = (logged: readonly string[]): string[] =>
  logged.flatMap((line) => (JSON.parse(line) as { key?: string }).key ?? [])

test('a new configuration is used also when a template for HTML is broken, as mails go out without', async () => {
  const server = await startServer()
  const templates = {
    recovery: { valid: { email: { body: { html: 'base64://e3s=', plaintext: 'base64://dGV4dA==' } } } },
  }
  await server.reload({ courier: { templates } })
  assert.deepEqual(keysIn(server.logged), ['courier.templates.recovery.valid.email.body.html'])
  await server.stop()
})

test('a new configuration is used also when one of its identity schemas is broken, and the operator is told', async () => {
  const server = await startServer()
  const schemas = [
    { id: 'person', url: 'base64://eyJwcm9wZXJ0aWVzIjp7InRyYWl0cyI6eyJwcm9wZXJ0aWVzIjp7Im5hbWUiOnt9fX19fQ==' },
    { id: 'broken', url: 'BASE64://bm8gSlNPTg==' },
  ]
  await server.reload({ identity: { default_schema_id: 'broken', schemas } })
  const schemaOf = (id: string) => fetch(`${server.publicUrl}/schemas/${id}`).then(({ status }) => status)
  assert.equal(await schemaOf('person'), 200)
  await setImmediate()
  assert.deepEqual(keysIn(server.logged), ['identity.schemas.1.url'])
  assert.doesNotMatch(server.logged.join('\n'), /bm8gSlNP/)
  assert.equal((await fetch(`${server.publicUrl}/self-service/registration/api`)).status, 500)
  await server.reload({ identity: { schemas: schemas.slice(0, 1) } })
  assert.equal((await fetch(`${server.publicUrl}/self-service/registration/api`)).status, 200)
  await server.stop()
})
