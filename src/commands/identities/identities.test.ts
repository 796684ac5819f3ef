import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { zelos as run } from '../../../test/support/command.ts'
import { startServer, type InnerServer } from '../../../test/support/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'zelos-commands-'))
let server: InnerServer
before(async () => {
  server = await startServer()
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const zelos = (args: string[], input = '') =>
  run(args, { input, cwd: folder, env: { KRATOS_ADMIN_URL: server.adminUrl } })

const hash = '$2a$04$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'
const person = (name: string, more: object = {}) => ({
  schema_id: 'person',
  traits: { email: `${name}@shop.example` },
  ...more,
})
const written = (name: string, content: unknown) => {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  return name
}
type Shown = { id: string; traits: { email: string }; state: string; external_id?: string }
const created = async (name: string, more: object = {}): Promise<Shown> => {
  const { status, stdout, stderr } = await zelos(
    ['import', 'identities', '--format', 'json'],
    JSON.stringify(person(name, more)),
  )
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Shown
}

test('an identity that is imported alone is shown as one item, its values between tabs', async () => {
  const { status, stdout, stderr } = await zelos([
    'import',
    'identities',
    written('one.json', person('ada', { external_id: 'crm-1' })),
  ])
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(
    stdout,
    /^ID\t+[-0-9a-f]{36}\nEXTERNAL ID\t+crm-1\nVERIFIED ADDRESSES\tada@shop\.example\nRECOVERY ADDRESSES\tada@shop\.example\nSCHEMA ID\t+person\nSCHEMA URL\t+http:\S+\n$/,
  )
})

test('of several imported identities those that are refused are named, and the others are shown as a list', async () => {
  const file = written('three.json', [person('bea'), { schema_id: 'person', traits: {} }, person('bea')])
  const { status, stdout, stderr } = await zelos(['import', 'identities', file, written('more.json', person('cy'))])
  assert.equal(status, 1)
  assert.match(stdout, /^ID\t+EXTERNAL ID\t+VERIFIED ADDRESSES\t+RECOVERY ADDRESSES\t+SCHEMA ID\tSCHEMA URL\n/)
  assert.match(stdout, /\n[-0-9a-f]{36}\t+<none>\t+bea@shop\.example\t+bea@shop\.example\t+person\t/)
  assert.match(stdout, /\n\nNEXT PAGE TOKEN\n$/)
  assert.match(stderr, /^three\.json\[1\]: /m)
  assert.match(stderr, /^three\.json\[2\]: /m)
})

test('nothing is imported when a file is missing, breaks off or holds something else', async () => {
  const good = written('good.json', person('nobody'))
  for (const other of [
    'missing.json',
    written('cut.json', '[{"a":1},{"b":'),
    written('list.json', '[1]'),
    written('bad.json', '{a}'),
  ]) {
    for (const command of [
      ['import', 'identities'],
      ['identities', 'import'],
    ]) {
      // In a batch the server finds it.
      if (command[0] === 'identities' && other === 'bad.json') continue
      const { status, stdout, stderr } = await zelos([...command, good, other])
      assert.deepEqual([status, stdout], [1, ''], other)
      assert.match(stderr, /^Error: .*\n$/)
    }
  }
  const { stdout } = await zelos(['list', 'identities', '--page-size', '500', '--format', 'json'])
  assert.doesNotMatch(stdout, /"email":"nobody@/)
})

test('identities are shown by their ids, in both spellings', async () => {
  const { id } = await created('dora', { external_id: 'crm/2', metadata_public: { plan: 'free' } })
  for (const command of [
    ['get', 'identity'],
    ['identities', 'get'],
  ]) {
    const { status, stdout } = await zelos([...command, id, '--format', 'json-pretty'])
    assert.equal(status, 0)
    assert.match(stdout, /^\{\n {2}"created_at": /)
    const shown = JSON.parse(stdout) as Shown & Record<string, unknown>
    assert.equal(shown.id, id)
    assert.deepEqual(Object.keys(shown), Object.keys(shown).toSorted())
    assert.ok(!('metadata_admin' in shown))
  }
  const external = await zelos([
    'get',
    'identity',
    '--external-id',
    'crm/2',
    '--format',
    'jsonpath=metadata_public.plan',
  ])
  assert.deepEqual([external.status, external.stdout], [0, '"free"\n'])
})

test('of several ids those that do not exist are named, and the others are shown', async () => {
  const [a, b] = [await created('eve'), await created('fay')]
  const unknown = '00000000-0000-4000-8000-000000000000'
  const { status, stdout, stderr } = await zelos(['get', 'identity', a.id, unknown, b.id, '--format', 'json'])
  assert.equal(status, 1)
  assert.deepEqual(
    (JSON.parse(stdout) as Shown[]).map(({ id }) => id),
    [a.id, b.id],
  )
  assert.match(stderr, new RegExp(`^${unknown}: `, 'm'))
})

test('each format says the same', async () => {
  const { id } = await created('gil', { metadata_public: { big: 1 } })
  const get = async (format: string) => (await zelos(['get', 'identity', id, '--format', format])).stdout
  assert.match(await get('yaml'), /^ {2}email: gil@shop\.example$/m)
  assert.equal(await get('jsonpointer=/traits/email'), '"gil@shop.example"\n')
  assert.equal(await get('jsonpath=verifiable_addresses.#.via'), '["email"]\n')
  assert.equal(await get('jsonpath=missing'), 'null\n')
  assert.match(await get('nonsense'), /^ID\t+/)
  assert.equal((await zelos(['get', 'identity', id, '-q'])).stdout, `${id}\n`)
  const lost = await zelos(['get', 'identity', id, '--format', 'jsonpointer=/traits/phone'])
  assert.deepEqual([lost.status, lost.stdout], [1, ''])
})

test('content of credentials is shown where it is asked for', async () => {
  const { id } = await created('hal', {
    credentials: { oidc: { config: { providers: [{ provider: 'github', subject: '42' }] } } },
  })
  const { stdout } = await zelos([
    'get',
    'identity',
    id,
    '-i',
    'oidc',
    '--format',
    'jsonpath=credentials.oidc.config.providers.#.subject',
  ])
  assert.equal(stdout, '["42"]\n')
  const { status, stderr } = await zelos(['get', 'identity', id, '-i', 'nonsense'])
  assert.equal(status, 1)
  assert.match(stderr, new RegExp(`^${id}: `, 'm'))
})

test('a list ends with the token of the next page, which leads there', async () => {
  await created('ida')
  await created('jim')
  const first = await zelos(['list', 'identities', '--page-size', '1', '--format', 'json'])
  const page = JSON.parse(first.stdout) as { identities: Shown[]; next_page_token: string }
  assert.equal(page.identities.length, 1)
  const second = await zelos([
    'identities',
    'ls',
    '--page-size',
    '1',
    '--page-token',
    page.next_page_token,
    '--format',
    'json',
  ])
  const next = JSON.parse(second.stdout) as typeof page
  assert.notEqual(next.identities[0]!.id, page.identities[0]!.id)

  const quiet = await zelos(['ls', 'identities', '--page-size', '1', '-q'])
  assert.equal(quiet.stdout, `${page.identities[0]!.id}\n\nNEXT PAGE TOKEN\n`)
  const table = await zelos(['list', 'identities', '--page-size', '1'])
  assert.match(table.stdout, new RegExp(`\\n\\nNEXT PAGE TOKEN\\t+${page.next_page_token}\\n$`))

  assert.equal((await zelos(['list', 'identities', '0', '2', '--format', 'jsonpath=identities.#'])).stdout, '2\n')
  assert.equal((await zelos(['list', 'identities', '0'])).status, 1)
})

test('identities are deleted, once', async () => {
  const [a, b] = [await created('kim'), await created('lea')]
  const both = await zelos(['delete', 'identity', a.id, b.id])
  assert.deepEqual([both.status, both.stdout], [0, `ID\n${a.id}\n${b.id}\n`])
  const again = await zelos(['identities', 'delete', a.id])
  assert.deepEqual([again.status, again.stdout], [1, ''])
  assert.match(again.stderr, new RegExp(`^${a.id}: `, 'm'))
})

test('identities are changed by a patch from flags or a file', async () => {
  const { id } = await created('mia')
  const flags = await zelos([
    'identities',
    'patch',
    id,
    '--add',
    '/traits/name="Mia"',
    '--replace',
    '/state="inactive"',
    '--format',
    'json',
  ])
  const changed = JSON.parse(flags.stdout) as Shown & { traits: { name: string } }
  assert.deepEqual([changed.state, changed.traits.name], ['inactive', 'Mia'])
  const file = written('patch.json', [{ op: 'remove', path: '/traits/name' }])
  const removed = await zelos(['identities', 'patch', id, '--file', file, '--format', 'jsonpath=traits'])
  assert.equal(removed.stdout, '{"email":"mia@shop.example"}\n')

  for (const args of [
    [],
    ['--add', 'x'],
    ['--add', '/state=inactive'],
    ['--file', 'missing.json'],
    ['--remove', '/nothing/there'],
  ]) {
    const { status, stdout } = await zelos(['identities', 'patch', id, ...args])
    assert.deepEqual([status, stdout], [1, ''], args.join(' '))
  }
})

test('files are checked against the form of an identity and its schema, without anybody being created', async () => {
  const good = written('valid.json', [
    person('nora'),
    person('olga', { credentials: { password: { config: { hashed_password: hash } } } }),
  ])
  const { status, stdout } = await zelos(['validate', 'identity', good])
  assert.deepEqual([status, stdout], [0, 'All identity files are valid.\n'])
  assert.doesNotMatch((await zelos(['list', 'identities', '--page-size', '500', '--format', 'json'])).stdout, /nora@/)

  const bad = written('invalid.json', [
    person('paul'),
    { schema_id: 'person', traits: { email: 'nonsense' } },
    { traits: { email: 'q@shop.example' } },
    person('rosa', { unknown: 1 }),
    person('sue', { credentials: { password: { config: { hashed_password: 'nonsense' } } } }),
    person('tim', { state: 'asleep' }),
  ])
  const refused = await zelos(['identities', 'validate', bad])
  assert.deepEqual([refused.status, refused.stdout], [1, ''])
  assert.doesNotMatch(refused.stderr, /invalid\.json\[0\]/)
  for (const index of [1, 2, 3, 4, 5])
    assert.match(refused.stderr, new RegExp(`^invalid\\.json\\[${index}\\]: not valid$`, 'm'))
  assert.match(refused.stderr, /^traits\.email: "nonsense"\n {14}\^-- /m)

  const unknown = await zelos(['validate', 'identity'], JSON.stringify({ schema_id: 'nobody', traits: {} }))
  assert.equal(unknown.status, 1)
})

test('a server has to be named, and to be there', async () => {
  const unnamed = await run(['get', 'identity', 'x'])
  assert.equal(unnamed.status, 1)
  assert.match(unnamed.stderr, /^Error: .*--endpoint/)
  const absent = await run(['list', 'identities', '-e', 'http://127.0.0.1:9'])
  assert.deepEqual([absent.status, absent.stdout], [1, ''])
  assert.match(absent.stderr, /^Error: 127\.0\.0\.1:9 /)
})

test('remote status and remote version ask the server', async () => {
  const { status, stdout } = await zelos(['remote', 'status', '--format', 'json'])
  assert.deepEqual([status, stdout], [0, '{"alive":true,"ready":true}\n'])
  assert.match((await zelos(['remote', 'version'])).stdout, /^VERSION\tv\d/)
  const absent = await run(['remote', 'status', '-e', 'http://127.0.0.1:9'])
  assert.deepEqual([absent.status, absent.stdout], [1, 'ALIVE\tfalse\nREADY\tfalse\n'])
  assert.match(absent.stderr, /^Error: /)
})

type Summary = { imported: number; failed: number; existed: number; skipped: number }
const people = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) =>
    person(`${prefix}${n}`, { credentials: { password: { config: { hashed_password: hash } } } }),
  )
const summaryOf = (stdout: string): Summary => {
  const { imported, failed, existed, skipped } = JSON.parse(stdout) as Summary
  return { imported, failed, existed, skipped }
}

test('many identities are imported in batches, from a list or from lines', async () => {
  const list = written('list-of-many.json', people('ua', 250))
  const lines = written(
    'lines-of-many.jsonl',
    people('ub', 100)
      .map((each) => JSON.stringify(each))
      .join('\n'),
  )
  const { status, stdout, stderr } = await zelos([
    'identities',
    'import',
    list,
    lines,
    '--batch-size',
    '100',
    '--format',
    'json',
  ])
  assert.deepEqual([status, stderr], [0, ''])
  assert.deepEqual(summaryOf(stdout), { imported: 350, failed: 0, existed: 0, skipped: 0 })
  const found = await fetch(`${server.adminUrl}/admin/identities?credentials_identifier=ub99@shop.example`)
  assert.equal(((await found.json()) as unknown[]).length, 1)
})

test('an entry that the server refuses outright does not take its batch with it', async () => {
  const entries: object[] = people('v', 20)
  entries[7] = person('v7', { unknown: 1 })
  entries[13] = person('v13', { state: 'asleep' })
  entries[14] = { schema_id: 'person', traits: {} }
  entries[15] = person('v1')
  const { status, stdout, stderr } = await zelos([
    'identities',
    'import',
    written('mixed.json', entries),
    '--format',
    'json',
  ])
  assert.equal(status, 1)
  assert.deepEqual(summaryOf(stdout), { imported: 16, failed: 4, existed: 0, skipped: 0 })
  for (const index of [7, 13, 14, 15]) assert.match(stderr, new RegExp(`^mixed\\.json\\[${index}\\]: `, 'm'))
})

test('an import that was cut off goes on where it stopped, and counts nobody twice', async () => {
  const file = written('long.json', people('w', 60))
  // Between the command and the server: it takes three batches, passes on the fourth and then loses its answer and dies.
  let batches = 0
  const flaky = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    batches++
    if (batches > 4) return void response.writeHead(403).end('{}')
    const answer = await fetch(`${server.adminUrl}${request.url}`, {
      method: request.method!,
      body: Buffer.concat(chunks),
    })
    if (batches === 4) return void response.writeHead(403).end('{}')
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  })
  await new Promise<void>((resolve) => flaky.listen(0, '127.0.0.1', resolve))
  const args = [
    'identities',
    'import',
    file,
    '--batch-size',
    '10',
    '--concurrency',
    '1',
    '--resume',
    'state.json',
    '--format',
    'json',
  ]
  const cut = await zelos([...args, '-e', `http://127.0.0.1:${(flaky.address() as AddressInfo).port}`])
  flaky.close()
  assert.deepEqual([cut.status, cut.stdout], [1, ''])
  assert.match(cut.stderr, /--resume/)

  const resumed = await zelos(args)
  assert.equal(resumed.status, 0, resumed.stderr)
  assert.deepEqual(summaryOf(resumed.stdout), { imported: 20, failed: 0, existed: 10, skipped: 30 })
  const again = await zelos(args)
  assert.deepEqual(summaryOf(again.stdout), { imported: 0, failed: 0, existed: 0, skipped: 60 })

  writeFileSync(join(folder, 'long.json'), readFileSync(join(folder, 'long.json'), 'utf8').replace('w0@', 'w9000@'))
  const changed = await zelos(args)
  assert.equal(changed.status, 1)
  assert.match(changed.stderr, /has changed/)
})
