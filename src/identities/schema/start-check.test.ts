import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkIdentitySchemaAtStart } from './start-check.ts'

const check = (a: unknown, rest: object = {}) =>
  checkIdentitySchemaAtStart(
    JSON.stringify({
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: { traits: { type: 'object', properties: { a }, ...rest } },
    }),
  )
const mark = (value: unknown, rest: object = {}) => ({ type: 'string', ...rest, 'ory.sh/kratos': value })

const at = 'properties.traits.properties.a'
const kratos = `${at}.ory\\.sh/kratos`

const refused: [name: string, problems: string[], place: string][] = [
  ['no JSON', checkIdentitySchemaAtStart('{'), 'The identity schema is no JSON'],
  ['a list', checkIdentitySchemaAtStart('[]'), 'The identity schema has'],
  ['no traits', checkIdentitySchemaAtStart('{"type":"object","properties":{}}'), 'properties.traits '],
  [
    'traits without members',
    checkIdentitySchemaAtStart('{"properties":{"traits":{"type":"object"}}}'),
    'properties.traits.properties ',
  ],
  [
    'traits with no member',
    checkIdentitySchemaAtStart('{"properties":{"traits":{"properties":{}}}}'),
    'properties.traits.properties ',
  ],
  [
    'traits as a list',
    checkIdentitySchemaAtStart('{"properties":{"traits":{"type":"array","properties":{"a":{}}}}}'),
    'properties.traits.type ',
  ],
  ['a trait that is true', check(true), `${at} `],
  ['an exclusive bound of draft 4', check({ minimum: 1, exclusiveMinimum: true }), `${at}.exclusiveMinimum `],
  ['a broken pattern', check({ pattern: '(' }), `${at}.pattern `],
  ['a look-ahead', check({ pattern: '(?=a)' }), `${at}.pattern `],
  ['a negative length', check({ minLength: -1 }), `${at}.minLength `],
  ['required as a text', check({}, { required: 'a' }), 'properties.traits.required '],
  ['an unknown member of the keyword', check(mark({ foo: 1 })), `${kratos}.foo `],
  ['the keyword as a text', check(mark('x')), `${kratos} `],
  [
    'an identifier that is a text',
    check(mark({ credentials: { password: { identifier: 'yes' } } })),
    `${kratos}.credentials.password.identifier `,
  ],
  [
    'an unknown member of password',
    check(mark({ credentials: { password: { foo: true } } })),
    `${kratos}.credentials.password.foo `,
  ],
  [
    'an unknown channel for codes',
    check(mark({ credentials: { code: { identifier: true, via: 'pigeon' } } })),
    `${kratos}.credentials.code.via `,
  ],
  [
    'an unknown channel for verification',
    check(mark({ verification: { via: 'pigeon' } })),
    `${kratos}.verification.via `,
  ],
  ['an unknown member of recovery', check(mark({ recovery: { foo: 1 } })), `${kratos}.recovery.foo `],
  ['an unknown matcher', check(mark({ organizations: { matcher: 'x' } })), `${kratos}.organizations.matcher `],
  [
    'the keyword further inside',
    check({ properties: { b: mark({ foo: 1 }) } }),
    `${at}.properties.b.ory\\.sh/kratos.foo `,
  ],
  [
    'a format that cannot be verified',
    check(mark({ verification: { via: 'email' } }, { format: 'uri' })),
    `${at}.format `,
  ],
]

for (const [name, problems, place] of refused) {
  test(`${name} keeps a server from starting`, () => {
    assert.equal(problems.length, 1, problems.join('\n'))
    assert.ok(problems[0]!.startsWith(place), problems[0])
  })
}

const accepted: [name: string, text: string][] = [
  ['a trait without a type', '{"properties":{"traits":{"properties":{"a":{}}}}}'],
  ['draft 6', '{"$schema":"http://json-schema.org/draft-06/schema#","properties":{"traits":{"properties":{"a":{}}}}}'],
  [
    'an unknown draft',
    '{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"traits":{"properties":{"a":{}}}}}',
  ],
  ['a pattern of RE2 alone', '{"properties":{"traits":{"properties":{"a":{"pattern":"(?i)a"}}}}}'],
  ['an unknown format', '{"properties":{"traits":{"properties":{"a":{"format":"nonsense"}}}}}'],
  ['a dangling reference', '{"properties":{"traits":{"properties":{"a":{"$ref":"#/definitions/x"}}}}}'],
  [
    'a date to verify',
    '{"properties":{"traits":{"properties":{"a":{"format":"date","ory.sh/kratos":{"verification":{"via":"email"}}}}}}}',
  ],
  [
    'an address to verify without a format',
    '{"properties":{"traits":{"properties":{"a":{"ory.sh/kratos":{"verification":{"via":"email"}}}}}}}',
  ],
  [
    'a boolean schema further inside',
    '{"properties":{"traits":{"properties":{"a":{"properties":{"b":true},"additionalProperties":false}}}}}',
  ],
]

for (const [name, text] of accepted) {
  test(`${name} is fine for the start`, () => {
    assert.deepEqual(checkIdentitySchemaAtStart(text), [])
  })
}
