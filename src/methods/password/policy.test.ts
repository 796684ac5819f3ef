import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '../../crypto/secret.ts'
import { ApiError } from '../../errors.ts'
import type { OutboundInit, OutboundResponse } from '../../http/outbound.ts'
import { breachCheck, brokenRule, type PasswordRules } from './policy.ts'

const rules: PasswordRules = {
  identifiers: ['ada@lovelace.example'],
  minLength: 8,
  maxBytes: 72,
  similarityCheck: true,
}
const broken = (password: string, more: Partial<PasswordRules> = {}) =>
  brokenRule(new Secret(password), { ...rules, ...more })

test('a password has a least length, counted in bytes', () => {
  assert.deepEqual(broken('short'), { id: 4000032, context: { min_length: 8, actual_length: 5 } })
  assert.deepEqual(broken('ü7é'), { id: 4000032, context: { min_length: 8, actual_length: 5 } })
  assert.equal(broken('öäüß'), undefined)
  assert.equal(broken('qw7ertz8'), undefined)
  assert.equal(broken('        '), undefined)
})

test('a password has a greatest length where the hasher has one', () => {
  assert.deepEqual(broken('x'.repeat(73)), { id: 4000033, context: { max_length: 72, actual_length: 73 } })
  assert.deepEqual(broken('ü'.repeat(37)), { id: 4000033, context: { max_length: 72, actual_length: 74 } })
  assert.equal(broken('y7'.repeat(36)), undefined)
  assert.equal(broken('x'.repeat(5000), { maxBytes: undefined }), undefined)
})

test('a password is not one of the identifiers, nor much of one, in whatever letter case', () => {
  const similar = { id: 4000031, context: undefined }
  for (const password of [
    'ada@lovelace.example',
    'ADA@LOVELACE.EXAMPLE',
    'ada@lovelace.exa1234',
    'lovelace',
    'xx-lovelace-xx',
    'lovelace.example!!',
  ]) {
    assert.deepEqual(broken(password), similar, password)
  }
})

test('exactly half of the password in common, or five changes, are fine', () => {
  assert.equal(broken('lovelace12345678'), undefined)
  assert.deepEqual(broken('lovelace1234567'), { id: 4000031, context: undefined })
  assert.equal(broken('vwxyzfgh', { identifiers: ['abcdefgh'] }), undefined)
  assert.deepEqual(broken('wxyzefgh', { identifiers: ['abcdefgh'] }), { id: 4000031, context: undefined })
})

test('similarity outranks the greatest length, and the least length outranks both', () => {
  const identifier = `${'long'.repeat(18)}@x`
  assert.equal(broken(identifier, { identifiers: [identifier] })?.id, 4000031)
  assert.equal(broken('ada@lov', { identifiers: ['ada@lov'] })?.id, 4000032)
})

test('similarity is not looked at when switched off, nor for texts of more than 256 bytes or none', () => {
  assert.equal(broken('ada@lovelace.example', { similarityCheck: false }), undefined)
  assert.equal(broken('x'.repeat(257), { identifiers: ['x'.repeat(257)], maxBytes: undefined }), undefined)
  assert.equal(broken('x'.repeat(256), { identifiers: ['x'.repeat(256)], maxBytes: undefined })?.id, 4000031)
  assert.equal(broken('xxxx', { identifiers: [''], minLength: 1 }), undefined)
})

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()

/** A breach list that knows one password, and what it was asked. */
function list(answer: Partial<OutboundResponse> | Error) {
  const asked: { url: string; init: OutboundInit | undefined }[] = []
  const outbound = async (url: string, init?: OutboundInit): Promise<OutboundResponse> => {
    asked.push({ url, init })
    if (answer instanceof Error) throw answer
    return { status: 200, headers: {}, body: Buffer.alloc(0), ...answer }
  }
  return { asked, outbound }
}

const known = sha1('password1')
const range = Buffer.from(['0'.repeat(35) + ':0', `${known.slice(5)}:2413945`, 'F'.repeat(35) + ':7'].join('\r\n'))
const options = { host: 'api.pwnedpasswords.com', maxBreaches: 0, ignoreNetworkErrors: false }

test('a breached password is refused with the number of its breaches, and only five digits are told', async () => {
  const { asked, outbound } = list({ body: range })
  const check = breachCheck({ ...options, outbound })
  assert.deepEqual(await check(new Secret('password1')), { id: 4000034, context: { breaches: 2413945 } })
  assert.equal(asked[0]!.url, `https://api.pwnedpasswords.com/range/${known.slice(0, 5)}`)
  assert.deepEqual(asked[0]!.init!.headers, { 'Add-Padding': 'true' })
  assert.ok(asked[0]!.init!.timeoutMs! > 0 && asked[0]!.init!.maxBytes! > 0)
})

test('passwords that are not listed, listed for padding, or within the limit pass', async () => {
  const { outbound } = list({ body: range })
  assert.equal(await breachCheck({ ...options, outbound })(new Secret('difference-engine')), undefined)
  assert.equal(
    await breachCheck({ ...options, outbound: list({ body: Buffer.from(`${known.slice(5)}:0`) }).outbound })(
      new Secret('password1'),
    ),
    undefined,
  )
  const few = list({ body: Buffer.from(`${known.slice(5).toLowerCase()}:3\n`) }).outbound
  assert.equal(await breachCheck({ ...options, outbound: few, maxBreaches: 3 })(new Secret('password1')), undefined)
  assert.deepEqual(await breachCheck({ ...options, outbound: few, maxBreaches: 2 })(new Secret('password1')), {
    id: 4000034,
    context: { breaches: 3 },
  })
})

test('a range is asked for once, and the host may be a base of its own', async () => {
  const { asked, outbound } = list({ body: range })
  const check = breachCheck({ ...options, host: 'http://127.0.0.1:8080/', outbound })
  await check(new Secret('password1'))
  await check(new Secret('password1'))
  assert.deepEqual(
    asked.map(({ url }) => url),
    [`http://127.0.0.1:8080/range/${known.slice(0, 5)}`],
  )
})

test('a list that cannot be asked refuses everything, or nothing if that is to be ignored, and is asked again', async () => {
  for (const failure of [
    new Error('no route'),
    { status: 503 },
    { body: Buffer.from('<html>Welcome to the hotel</html>') },
  ]) {
    const { asked, outbound } = list(failure)
    const strict = breachCheck({ ...options, outbound })
    await assert.rejects(
      strict(new Secret('password1')),
      (error: unknown) => error instanceof ApiError && error.body.id === 'upstream_error' && error.body.status === 502,
    )
    await assert.rejects(strict(new Secret('password1')))
    assert.equal(asked.length, 2)
    assert.equal(
      await breachCheck({ ...options, outbound, ignoreNetworkErrors: true })(new Secret('password1')),
      undefined,
    )
  }
})
