import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'zelos-main-'))
after(() => rmSync(folder, { recursive: true }))
const launcher = join(import.meta.dirname, '../bin/zelos')

function zelos(args: string[], { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(launcher, args, {
    input,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    cwd: folder,
  })
  return { status, stdout, stderr }
}

test('version names the release', () => {
  const { status, stdout } = zelos(['version'])
  assert.equal(status, 0)
  assert.match(stdout, /^Version: {4}v\d+\.\d+\.\d+\nGit Hash: {3}\S+\nBuild Time: \S+\n$/)
})

test('a command that only leads to others prints its help and succeeds', () => {
  for (const args of [[], ['migrate'], ['help'], ['help', 'serve'], ['--help']]) {
    const { status, stdout, stderr } = zelos(args)
    assert.deepEqual([status, stderr], [0, ''], args.join(' '))
    assert.match(stdout, /^Usage: zelos/)
  }
})

test('a usage error is said on standard error, and the status is 1', () => {
  for (const args of [
    ['nonsense'],
    ['migrate', 'nonsense'],
    ['serve', '--nonsense'],
    ['version', 'x'],
    ['migrate', 'sql', 'up'],
    ['serve', '-c'],
  ]) {
    const { status, stdout, stderr } = zelos(args)
    assert.deepEqual([status, stdout], [1, ''], args.join(' '))
    assert.match(stderr, /^Error: .*\n/)
  }
})

test('serve says on standard error what is wrong with a configuration, and ends with status 1', () => {
  const file = join(folder, 'broken.yaml')
  writeFileSync(file, 'dsn: memory\nlog: { level: warn }\n')
  const { status, stdout, stderr } = zelos(['serve', '-c', file])
  assert.deepEqual([status, stdout], [1, ''])
  assert.match(stderr, /^log\.level: "warn"$/m)
  assert.match(stderr, /^identity\.schemas$/m)
  assert.match(stderr, /^Error: /m)
})

test('serve without a file says how to name one', () => {
  const { status, stderr } = zelos(['serve'])
  assert.equal(status, 1)
  assert.match(stderr, /--config/)
})

test('migrate sql shows what is pending, asks, applies, and finds nothing to do the second time', () => {
  const dsn = `sqlite://${join(folder, 'up.sqlite')}`
  assert.match(zelos(['migrate', 'sql', 'status', dsn]).stdout, /^Version +Name +Status\n.* Pending\n/)

  const declined = zelos(['migrate', 'sql', 'up', dsn], { input: 'n\n' })
  assert.equal(declined.status, 0)
  assert.equal(zelos(['migrate', 'sql', 'up', dsn], { input: '' }).status, 1)
  assert.match(zelos(['migrate', 'sql', 'status', dsn]).stdout, / Pending\n/)

  const applied = zelos(['migrate', 'sql', 'up', dsn], { input: 'maybe\ny\n' })
  assert.equal(applied.status, 0)
  assert.match(applied.stdout, /create table/)
  assert.match(applied.stdout, /Successfully applied migrations!\n$/)
  const again = zelos(['migrate', 'sql', dsn])
  assert.equal(again.status, 0)
  assert.match(again.stdout, /Nothing is pending/)

  const status = JSON.parse(zelos(['migrate', 'sql', 'status', '--format', 'json', dsn]).stdout) as {
    state: string
    content: string
  }[]
  assert.ok(status.length > 0 && status.every(({ state, content }) => state === 'Applied' && content !== ''))
})

test('migrate sql takes the database from the environment or a file that is otherwise incomplete', () => {
  const dsn = `sqlite://${join(folder, 'env.sqlite')}`
  const file = join(folder, 'only-dsn.json')
  writeFileSync(file, JSON.stringify({ dsn }))
  assert.equal(zelos(['migrate', 'sql', 'up', '-e', '--yes'], { env: { DSN: dsn } }).status, 0)
  assert.match(zelos(['migrate', 'sql', 'status', '-e', '-c', file]).stdout, / Applied\n/)
  assert.equal(zelos(['migrate', 'sql', 'up', '-e', '--yes'], { env: { DSN: '' } }).status, 1)
})

test('migrations do not go back', () => {
  const { status, stderr } = zelos(['migrate', 'sql', 'down', '--steps', '1', 'memory'])
  assert.equal(status, 1)
  assert.match(stderr, /^Error: migrations only go forward/)
})
