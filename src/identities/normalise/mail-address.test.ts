import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMailAddress } from './mail-address.ts'

test('the bare address is read out of a mailbox', () => {
  for (const [text, expected] of [
    ['kim@x.example', 'kim@x.example'],
    ['a@b', 'a@b'],
    ['üser@bücher.example', 'üser@bücher.example'],
    ["!#$%&'*+-/=?^_`{|}~@x.example", "!#$%&'*+-/=?^_`{|}~@x.example"],
    [' kim@x.example ', 'kim@x.example'],
    ['kim@x.example (at work (now))', 'kim@x.example'],
    ['<kim@x.example>', 'kim@x.example'],
    ['Kim Q <kim@x.example>', 'kim@x.example'],
    ['Kim (the one) "Q u" <kim@x.example>', 'kim@x.example'],
    ['"a b"@c.d', 'a b@c.d'],
    ['"a\\"b\\\\"@c.d', 'a"b\\@c.d'],
    ['x@[127.0.0.1]', 'x@[127.0.0.1]'],
    ['x@[::1]', 'x@[::1]'],
  ] as const) {
    assert.equal(parseMailAddress(text), expected, text)
  }
})

test('everything else is refused: broken dots, open quotes and comments, lists and groups', () => {
  for (const text of [
    '',
    'kim',
    '@x.example',
    'kim@',
    '.a@x.example',
    'a.@x.example',
    'a..b@x.example',
    'a@x..example',
    'a@x.example.',
    'a b@x.example',
    'kim@x.example, q@x.example',
    'group: kim@x.example;',
    '""@x.example',
    '"a@x.example',
    '"a\nb"@x.example',
    'kim@x.example (at work',
    'kim@x.example (at work\\',
    '<kim@x.example',
    'kim@x.example>',
    'x@[1.2.3]',
    'x@[fe80::1%eth0]',
    'x@[127.0.0.1',
    'x@(y)',
  ]) {
    assert.equal(parseMailAddress(text), undefined, text)
  }
})
