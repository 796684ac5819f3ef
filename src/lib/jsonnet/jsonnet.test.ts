import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createJsonnet, JsonnetError } from './jsonnet.ts'

const jsonnet = createJsonnet({ timeoutMs: 300 })
after(() => jsonnet.close())

const fails =
  (kind: string, message = /./) =>
  (error: unknown) =>
    error instanceof JsonnetError && error.kind === kind && message.test(error.message)

test('an external variable is the value itself, not its text', async () => {
  const snippet = `
local session = std.extVar('session');
{ mail: session.identity.traits.email, count: std.length(session.list), all: session } // the end`
  const session = { identity: { traits: { email: 'ada@example.test' } }, list: [1, 2.5, true, null, 'ä€😀'] }
  assert.deepEqual(await jsonnet.evaluate(snippet, { extVars: { session } }), {
    mail: 'ada@example.test',
    count: 5,
    all: session,
  })
})

test('an external variable that was not given is an error', async () => {
  await assert.rejects(
    jsonnet.evaluate(`std.extVar('claims')`, { extVars: { session: {} } }),
    fails('failed', /claims/),
  )
})

test('a snippet that is a function gets its parameters by name', async () => {
  const tla = { ctx: { flow: { id: 'f1' } } }
  assert.deepEqual(await jsonnet.evaluate('function(ctx, kind="x") { id: ctx.flow.id, kind: kind }', { tla }), {
    id: 'f1',
    kind: 'x',
  })
})

test('a snippet that is a plain value needs no parameters', async () => {
  assert.deepEqual(await jsonnet.evaluate('{ a: 1 }', { tla: { ctx: {} } }), { a: 1 })
})

test('names of parameters cannot smuggle code in', async () => {
  await assert.rejects(jsonnet.evaluate('function(a) a', { tla: { 'a=1, b': 1 } }), fails('failed', /plain name/))
})

test('the standard library, local values and methods of objects work', async () => {
  const snippet = `
local Person(name='Alice') = { local greeting = 'Hello ' + name, name: name, welcome: self.greet('!'), greet(end):: greeting + end };
{
  people: [Person(), Person('Bob') { extra: true }],
  sum: std.foldl(function(a, b) a + b, [1, 2, 3], 0),
  text: '%s is %d' % ['x', 5],
  merged: std.mergePatch({ a: 1, b: 2 }, { b: null }),
  hash: std.md5('a'),
  keys: [k for k in std.objectFields({ b: 1, a: 2 }) if k != 'c'],
  [if std.length('ab') == 2 then 'computed']: std.asciiUpper('ok'),
  parsed: std.parseJson('[1]'),
}`
  assert.deepEqual(await jsonnet.evaluate(snippet), {
    people: [
      { name: 'Alice', welcome: 'Hello Alice!' },
      { extra: true, name: 'Bob', welcome: 'Hello Bob!' },
    ],
    sum: 6,
    text: 'x is 5',
    merged: { a: 1 },
    hash: '0cc175b9c0f1b6a831c399e269772661',
    keys: ['a', 'b'],
    computed: 'OK',
    parsed: [1],
  })
})

test('the text of a result is indented, its members in order of their names', async () => {
  assert.equal(await jsonnet.evaluateToText('{ b: 1, a: ["x"] }'), '{\n    "a": [\n        "x"\n    ],\n    "b": 1\n}')
})

test('errors of a snippet and of its grammar come with the line that they are in', async () => {
  await assert.rejects(jsonnet.evaluate(`error 'cancel'`), fails('failed', /runtime error: cancel/))
  await assert.rejects(jsonnet.evaluate('{ claims: '), fails('failed', /syntax error/))
  await assert.rejects(jsonnet.evaluate('{\n\n a: foo }'), fails('failed', /foo\n\s+snippet:3:/))
})

test('an error that looks like a result is still an error', async () => {
  await assert.rejects(jsonnet.evaluate(`error '{"claims": {}}'`), fails('failed'))
})

test('files cannot be read', async () => {
  for (const word of ['import', 'importstr', 'importbin']) {
    await assert.rejects(jsonnet.evaluate(`${word} '/etc/hostname'`), fails('failed', /not supported/), word)
  }
})

test('the library that only this engine has is out of reach', async () => {
  assert.equal(await jsonnet.evaluate('arakoo'), null)
})

test('a recursion without end is found out', async () => {
  await assert.rejects(jsonnet.evaluate('local f(x) = f(x + 1) + 1; f(1)'), fails('failed', /stack overflow/))
})

test('a result that is too large is not taken', async () => {
  await assert.rejects(jsonnet.evaluate('std.range(1, 200000)'), fails('too-large'))
})

test('a snippet that uses up the memory ends alone', async () => {
  const doubling = `local double(n) = if n == 0 then 'xxxxxxxxxx' else local half = double(n - 1); half + half; `
  await assert.rejects(jsonnet.evaluate(`${doubling} std.length(double(29))`), fails('failed', /memory/))
  assert.equal(await jsonnet.evaluate('1 + 1'), 2)
})

test('a snippet nested too deep ends alone', async () => {
  await assert.rejects(jsonnet.evaluate('('.repeat(20_000) + '1' + ')'.repeat(20_000)), fails('failed', /nested/))
  assert.equal(await jsonnet.evaluate('1 + 1'), 2)
})

test('a snippet that takes too long is ended, and those that waited behind it run', async () => {
  const endless = jsonnet.evaluate('std.foldl(function(a, b) a + b, std.range(1, 1000000000), 0)')
  const behind = jsonnet.evaluate(`'patient'`)
  await assert.rejects(endless, fails('timeout'))
  assert.equal(await behind, 'patient')
})

test('no evaluation fails for what those before it have left behind', async () => {
  const patient = createJsonnet()
  for (let n = 0; n < 2500; n++)
    assert.deepEqual(await patient.evaluate('function(n) { n: n }', { tla: { n } }), { n }, `evaluation ${n}`)
  await patient.close()
})

test('evaluations at the same time each get their own result', async () => {
  const two = createJsonnet({ workers: 2 })
  const numbers = Array.from({ length: 40 }, (_, i) => i)
  assert.deepEqual(
    await Promise.all(numbers.map((n) => two.evaluate(`std.extVar('n') * 2`, { extVars: { n } }))),
    numbers.map((n) => n * 2),
  )
  await two.close()
})

test('only so many evaluations wait', async () => {
  const small = createJsonnet({ maxWaiting: 2 })
  const results = await Promise.allSettled(['1', '2', '3', '4'].map((snippet) => small.evaluate(snippet)))
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason as JsonnetError).kind)),
    [1, 2, 3, 'busy'],
  )
  await small.close()
})

test('what runs or comes when it is closed is told so', async () => {
  const closing = createJsonnet()
  const running = closing.evaluate('1')
  await Promise.all([assert.rejects(running, fails('closed')), closing.close()])
  await assert.rejects(closing.evaluate('1'), fails('closed'))
})

test('a worker that was started ahead does the first evaluation, and none starts once closed', async () => {
  let started = 0
  const count = () => started++
  process.on('worker', count)
  const early = createJsonnet()
  early.prepare()
  early.prepare()
  assert.equal(await early.evaluate('1 + 1'), 2)
  assert.equal(started, 1)
  await early.close()
  early.prepare()
  await setImmediate()
  assert.equal(started, 1)
  process.off('worker', count)
})

test('a worker that has nothing to do keeps no process alive', () => {
  const module = JSON.stringify(new URL('./jsonnet.ts', import.meta.url).href)
  const script = `import { createJsonnet } from ${module}; createJsonnet().prepare()`
  const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { timeout: 20_000 })
  assert.equal(status, 0)
})
