import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { zelos } from '../../test/support/command.ts'
import { connect } from '../db/connect.ts'
import { newUuid } from '../lib/uuid.ts'
import { adjusted } from './hashers/argon2.ts'

const folder = mkdtempSync(join(tmpdir(), 'zelos-commands-'))
after(() => rmSync(folder, { recursive: true }))

const quick = ['--sample-time', '100ms', '--probe-runs', '1']
type Argon2Row = { memory: string; iterations: number; parallelism: number; minimal_duration: string }

test('parameters for argon2 are found that the configuration takes as they are', async () => {
  const { status, stdout, stderr } = await zelos(
    [
      'hashers argon2 calibrate 60 --start-memory 8MB --adjust-memory-by 8MB --parallelism 1'.split(' '),
      '--min-duration 20ms --expected-deviation 10s --format json'.split(' '),
      quick,
    ].flat(),
  )
  assert.equal(status, 0, stderr)
  const { memory, iterations, parallelism, minimal_duration } = JSON.parse(stdout) as Argon2Row
  assert.match(memory, /^\d+[KM]B$/)
  assert.ok(iterations >= 1)
  assert.deepEqual([parallelism, minimal_duration], [1, '20ms'])
  assert.match(stderr, /^Load test 1: /m)
})

test('when no parameters do, everything that was tried is shown, and that is no failure', async () => {
  const { status, stdout } = await zelos(
    [
      'hashers argon2 calibrate 600 --start-memory 8MB --adjust-memory-by 8MB'.split(' '),
      '--min-duration 1ms --expected-deviation 0ms'.split(' '),
      quick,
    ].flat(),
  )
  assert.equal(status, 0)
  assert.match(stdout, /^MEMORY\tITERATIONS\tDURATION\n/)
})

test('after a load test the parameters become cheaper or dearer, one step at a time', () => {
  const MiB = 1024 * 1024
  const now = {
    memoryBytes: 256 * MiB,
    iterations: 2,
    parallelism: 4,
    saltLength: 16,
    keyLength: 32,
    expectedDurationMs: 500,
    expectedDeviationMs: 100,
    dedicatedMemoryBytes: 1024 * MiB,
  }
  const bounds = { limit: 512 * MiB, least: MiB }
  const good = { medianMs: 480, deviationMs: 50, residentBytes: 512 * MiB }
  const next = (load: Partial<typeof good>, settings = now) => {
    const found = adjusted(settings, { ...good, ...load }, bounds)
    return found && [found.memoryBytes / MiB, found.iterations]
  }
  assert.equal(next({}), undefined)
  assert.deepEqual(next({ medianMs: 100 }), [320, 2])
  assert.deepEqual(next({ medianMs: 100 }, { ...now, memoryBytes: 512 * MiB }), [512, 3])
  assert.deepEqual(next({ medianMs: 900 }), [256, 1])
  assert.deepEqual(next({ deviationMs: 400 }, { ...now, iterations: 1 }), [192, 1])
  assert.deepEqual(next({ residentBytes: 2048 * MiB }), [192, 2])
})

test('hashing shows how long it took and never what came out', async () => {
  const file = join(folder, 'hashers.yaml')
  writeFileSync(file, 'hashers: { argon2: { memory: 8MB, parallelism: 1 } }\n')
  const { status, stdout } = await zelos(['hashers', 'argon2', 'hash', 'one', 'two', '--parallel', '-c', file])
  assert.equal(status, 0)
  assert.match(stdout, /^DURATION\n\d+ms\n\d+ms\n$/)
  const load = await zelos([
    'hashers',
    'argon2',
    'load-test',
    '600',
    '--sample-time',
    '50ms',
    '-c',
    file,
    '--format',
    'json',
  ])
  assert.match(JSON.parse(load.stdout).median_request_time as string, /^\d+ms$/)
  writeFileSync(file, 'hashers: { argon2: { memory: lots } }\n')
  const refused = await zelos(['hashers', 'argon2', 'hash', 'one', '-c', file])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /hashers\.argon2\.memory/)
})

test('the cost of bcrypt is the highest that is fast enough', async () => {
  const { status, stdout } = await zelos(
    ['hashers bcrypt calibrate 60 --min-duration 20ms --format json'.split(' '), quick].flat(),
  )
  assert.equal(status, 0)
  const { cost } = JSON.parse(stdout) as { cost: number }
  assert.ok(cost >= 4 && cost <= 12)
})

test('cleanup sql removes what has expired, a batch at a time, and keeps what expired of late', async () => {
  const dsn = `sqlite://${join(folder, 'cleanup.sqlite')}`
  const unready = await zelos(['cleanup', 'sql'], { env: { DSN: dsn } })
  assert.equal(unready.status, 1)
  assert.equal((await zelos(['migrate', 'sql', 'up', dsn, '--yes'])).status, 0)
  const db = await connect(dsn)
  const flow = (expiresAt: number) =>
    db.run(`insert into flows (id, name, type, issued_at, expires_at, data) values ($1, 'login', 'api', 0, $2, '{}')`, [
      newUuid(),
      expiresAt,
    ])
  const ago = (hours: number) => Date.now() * 1000 - hours * 3_600_000_000
  for (const hours of [-1, 1, 1, 48, 48, 48]) await flow(ago(hours))

  const first = await zelos(['cleanup', 'sql', '--keep-last', '24h', '-b', '2'], { env: { DSN: dsn } })
  assert.deepEqual([first.status, first.stdout], [0, 'flows: 2\nSuccessful cleanup!\n'])
  assert.equal((await zelos(['cleanup', 'sql', '--keep-last', '24h', dsn])).stdout, 'flows: 1\nSuccessful cleanup!\n')
  assert.equal((await zelos(['cleanup', 'sql', '-e=false', dsn])).stdout, 'flows: 2\nSuccessful cleanup!\n')
  assert.equal((await db.query('select id from flows')).length, 1)
  await db.close()
  for (const args of [['-e=false'], ['-b', '0', dsn], ['-b', 'x', dsn]])
    assert.equal((await zelos(['cleanup', 'sql', ...args])).status, 1, args.join(' '))
})

test('telephone numbers get the spelling of E.164, unless somebody else has them so', async () => {
  const dsn = `sqlite://${join(folder, 'numbers.sqlite')}`
  assert.equal((await zelos(['migrate', 'sql', 'up', dsn, '--yes'])).status, 0)
  const db = await connect(dsn)
  const identity = newUuid()
  await db.run(
    `insert into identities (id, schema_id, state, traits, created_at, updated_at) values ($1, 'x', 'active', '{}', 0, 0)`,
    [identity],
  )
  for (const number of ['+49 176 671 11 638', '+4917667111638', '+49 30 901820', 'ada@shop.example'])
    await db.run(`insert into identity_credential_identifiers values ('code', $1, $2)`, [number, identity])
  await db.run(`insert into verifiable_addresses values ($1, $2, 'sms', '+49 30 901820', $3, 'sent', null, 0, 0)`, [
    newUuid(),
    identity,
    false,
  ])
  const command = ['migrate', 'normalize-phone-numbers', dsn, '-b', '1', '--batch-delay', '1ms']
  const dry = await zelos([...command, '--dry-run'])
  assert.equal(
    dry.stdout,
    'ci: 2 numbers would be changed\nva: 1 numbers would be changed\nra: 0 numbers would be changed\n',
  )
  const done = await zelos(command)
  assert.deepEqual(
    [done.status, done.stdout],
    [1, 'ci: 1 numbers changed\nva: 1 numbers changed\nra: 0 numbers changed\n'],
  )
  assert.match(done.stderr, /^ci=code:\+49 176 671 11 638: another row/m)
  const [address] = await db.query<{ value: string }>('select value from verifiable_addresses')
  assert.equal(address!.value, '+4930901820')
  assert.match((await zelos([...command, '--start-after', 'va=zzz'])).stdout, /^va: 0 numbers changed$/m)
  await db.close()
  assert.equal((await zelos([...command, '--start-after', 'xx=1'])).status, 1)
})

test('Jsonnet files are printed or written as usual, whichever of its names the command is called by', async () => {
  const file = join(folder, 'mapper.jsonnet')
  writeFileSync(file, 'local claims=std.extVar("claims");\n{"a":claims}')
  const expected = "local claims = std.extVar('claims');\n{ a: claims }\n"
  for (const command of ['jsonnet format', 'format jsonnet']) {
    const { status, stdout } = await zelos([...command.split(' '), join(folder, 'm*.jsonnet')])
    assert.deepEqual([status, stdout], [0, expected])
  }
  const written = await zelos(['format', 'jsonnet', '-w', file])
  assert.deepEqual([written.status, written.stdout, readFileSync(file, 'utf8')], [0, '', expected])

  writeFileSync(file, '{ a: }')
  const broken = await zelos(['jsonnet', 'format', '-w', file])
  assert.deepEqual([broken.status, broken.stdout, readFileSync(file, 'utf8')], [1, '', '{ a: }'])
  assert.match(broken.stderr, /mapper\.jsonnet:1:6 .*\n\n {2}\{ a: \}\n {7}\^\n/)
})

test('the linter says nothing about good files, and where the mistake is in others', async () => {
  const file = join(folder, 'lint.jsonnet')
  writeFileSync(file, 'function(ctx) { a: ctx }')
  for (const command of ['jsonnet lint', 'lint lint', 'lint jsonnet']) {
    writeFileSync(file, 'function(ctx) { a: ctx }')
    const good = await zelos([...command.split(' '), file, join(folder, 'nothing*')])
    assert.deepEqual([good.status, good.stdout, good.stderr], [0, '', ''])
    writeFileSync(file, 'local a = 1;\nfunction(ctx) { a: ctx }')
    const bad = await zelos([...command.split(' '), file])
    assert.equal(bad.status, 1)
    assert.match(bad.stderr, /lint\.jsonnet:1:7 [^]*Linter found issues\.\n$/)
  }
})

test('bash completes commands at every depth, and their flags', async () => {
  const { status, stdout } = await zelos(['completion', 'bash'])
  assert.equal(status, 0)
  const completed = (...words: string[]) => {
    const script = `${stdout}\nCOMP_WORDS=(zelos ${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length}\n_zelos\necho "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim()
  }
  assert.equal(completed('ident'), 'identities')
  assert.equal(completed('identities', 'im'), 'import')
  assert.equal(completed('hashers', 'argon2', 'c'), 'calibrate')
  assert.equal(completed('identities', 'import', '--bat'), '--batch-size')
  assert.equal(completed('identities', 'import', 'some.json', '--res'), '--resume')
  assert.equal(completed('ls', 'ident'), 'identities identity')
})

test('there is completion for zsh and fish, and for no others', async () => {
  const zsh = await zelos(['completion', 'zsh'])
  assert.match(zsh.stdout, /^#compdef zelos\n/)
  const fish = await zelos(['completion', 'fish'])
  assert.match(fish.stdout, /^complete -c zelos -n '__zelos_at \\'identities\\'' -f -a 'get' -d 'Show/m)
  const other = await zelos(['completion', 'csh'])
  assert.deepEqual([other.status, other.stdout], [1, ''])
})
