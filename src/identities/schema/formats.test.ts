import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formats } from './formats.ts'

/** What each format takes and what it refuses. */
const samples: Record<string, { takes: string[]; refuses: string[] }> = {
  email: {
    takes: [
      'a@b.c',
      'a@b',
      'A.b+c@Ex-ample.test',
      `${'x'.repeat(64)}@b.c`,
      'ü@b.c',
      '"a b"@c.d',
      '"a@b"@c.d',
      '"a\\"b"@c.d',
      'a@1.2.3.4',
      ' a@b.c',
    ],
    refuses: [
      '',
      'a',
      '@b.c',
      'a@',
      'a b@c.d',
      'a@-b.c',
      'a@b-.c',
      `${'x'.repeat(65)}@b.c`,
      `${'ü'.repeat(33)}@b.c`,
      'a@ü.c',
      'Jane <a@b.c>',
      'a@b.c ',
      'a@b@c.d',
      'a@[1.2.3.4]',
      '.a@b.c',
      'a.@b.c',
      'a..b@c.d',
      '""@c.d',
      'a@b.c.',
      'a(b)@c.d',
      `a@${'b.'.repeat(126)}c`,
      '\ud800@b.c',
    ],
  },
  tel: {
    takes: ['+4917667111638', '+49 176 67111638', '+1 (415) 555-2671', 'tel:+14155552671'],
    refuses: ['', '017667111638', '+1', '12', 'text', '0014155552671'],
  },
  hostname: {
    takes: ['a.b', 'a', 'a.b.', '1.2.3.4', 'a.-b', 'x'.repeat(63)],
    refuses: ['', '.', '-a.b', 'a-.b', 'a_b', 'a..b', 'ü.c', 'x'.repeat(64), `${'a.'.repeat(127)}b`],
  },
  'date-time': {
    takes: [
      '2024-02-29T12:00:00Z',
      '2024-02-29T12:00:00.5+01:00',
      '2000-02-29T00:00:00-23:59',
      '2024-02-29T12:00:00.123456Z',
    ],
    refuses: [
      '',
      '2023-02-29T12:00:00Z',
      '1900-02-29T00:00:00Z',
      '2024-02-29 12:00:00Z',
      '2024-02-29T12:00:00',
      '2024-02-29t12:00:00z',
      '2016-12-31T23:59:60Z',
      '2024-02-29T24:00:00Z',
      '2024-13-01T00:00:00Z',
      '2024-00-01T00:00:00Z',
      '2026-01-31T10:00',
      '2024-01-01T10:00:00+0100',
    ],
  },
  date: {
    takes: ['2024-02-29', '2026-12-31'],
    refuses: [
      '',
      '2023-02-29',
      '2024-2-9',
      '2024-02-29T00:00:00Z',
      '31.01.2026',
      '2026-02-30',
      '2026-04-31',
      '2026-04-00',
    ],
  },
  time: {
    takes: ['12:00:00Z', '12:00:00.123+02:00', '00:00:00-00:30'],
    refuses: ['', '12:00:00', '12:00Z', '24:00:00Z', '12:60:00Z', '12:00:60Z', '25:00', '12:00:00.Z'],
  },
  ipv4: {
    takes: ['1.2.3.4', '01.2.3.4', '255.255.255.255'],
    refuses: ['', '1.2.3.256', '1.2.3', '1.2.3.4.5', '::1', '1.2.3.a', '1..2.3'],
  },
  ipv6: {
    takes: ['::1', '2001:db8::1', '::ffff:1.2.3.4', '::'],
    refuses: ['', '1.2.3.4', 'fe80::1%eth0', '12345::', '::g'],
  },
  uri: {
    takes: [
      'https://a.b/c?d#e',
      'mailto:a@b.c',
      'https://',
      'https://u:p@h:8080/x',
      'https://[::1]:80/',
      'urn:x y',
      'https://a.b/c d?%zz',
    ],
    refuses: [
      '',
      '/a',
      'a b:c',
      'not a uri',
      '://a',
      '1a:b',
      'https://a b/',
      'https://h:port/',
      'https://a.b/%zz',
      'https://a.b/#%z',
      'https://%41/',
      'https://[::1/',
      'https://a.b/\n',
      'https://u<@h/',
    ],
  },
  'uri-reference': {
    takes: ['', '/a', 'a', 'https://a.b', '*', '//h/p', '?q', '#f', 'a/b:c'],
    refuses: ['%zz', '1:b', ':a', '\u007f'],
  },
  'uri-template': { takes: ['/a/{b}', '{}', '/a/{b}/{c}d'], refuses: ['/a/{b', '/a/b}', '/{{b}}', '/{a/b}'] },
  iri: { takes: ['https://ü.test/ä'], refuses: ['/ä'] },
  'iri-reference': { takes: ['/ä'], refuses: ['%z'] },
  regex: { takes: ['^a+$', '(?i)a', '\\pL'], refuses: ['a(', '(?=a)', '(a)\\1', '('] },
  'json-pointer': { takes: ['/a/b', '', '/a~1b~0'], refuses: ['a', '/a~2b', '/a~'] },
  'relative-json-pointer': { takes: ['0/a', '1#', '10', '0'], refuses: ['/a', '01/a', '', '1a', '1#x'] },
  'no-validate': { takes: ['anything', ''], refuses: [] },
}

for (const [format, { takes, refuses }] of Object.entries(samples)) {
  test(`the format ${format} takes what the reference server takes`, () => {
    for (const text of takes) assert.equal(formats[format]!(text), true, JSON.stringify(text))
    for (const text of refuses) assert.equal(formats[format]!(text), false, JSON.stringify(text))
  })
}

test('formats of other names are annotations', () => {
  for (const name of ['uuid', 'phone-in-space', 'duration', 'constructor', '__proto__', 'EMAIL'])
    assert.equal(formats[name], undefined)
})

test('old names mean the same', () => {
  assert.equal(formats['ip-address'], formats['ipv4'])
  assert.equal(formats['uriref'], formats['uri-reference'])
})
