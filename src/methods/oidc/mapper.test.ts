import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { ApiError } from '../../errors.ts'
import { RawJson, type Json } from '../../lib/json.ts'
import { createJsonnet } from '../../lib/jsonnet/jsonnet.ts'
import type { Claims } from './claims.ts'
import { createMapper, merged } from './mapper.ts'
import type { ProviderConfig } from './provider.ts'

const jsonnet = createJsonnet({})
after(() => jsonnet.close())

const clock = { now: () => 1_700_000_000_000_000 }
const mapperWith = (snippet: string) => createMapper({ jsonnet, clock, loadSource: () => Promise.resolve(snippet) })

const config = { mapper_url: 'base64://' } as ProviderConfig
const jane: Claims = {
  iss: 'https://id.example',
  sub: '42',
  email: 'Jane.Doe@Acme.example',
  email_verified: true,
  name: 'Jane Doe',
  given_name: 'Jane',
  family_name: 'Doe',
  locale: 'de-AT',
  updated_at: 1_700_000_000,
  amr: ['pwd', 'otp'],
  raw_claims: { groups: ['staff', 'admin'], address: { country: 'AT' }, level: 3 },
}

const run = (snippet: string, claims: Claims = jane, identity?: Parameters<ReturnType<typeof createMapper>>[2]) =>
  mapperWith(snippet)(config, claims, identity)

/** What each of these makes of Jane's claims, written down by hand. */
const corpus: [what: string, expression: string, output: Json][] = [
  ['takes a claim', 'c.email', 'Jane.Doe@Acme.example'],
  ['joins texts', "c.given_name + ' ' + c.family_name", 'Jane Doe'],
  ['takes a claim only if it is there', "if 'nickname' in c then c.nickname else null", null],
  ['asks for a claim with std.objectHas', "std.objectHas(c, 'picture')", false],
  ['falls back with std.get', "std.get(c, 'nickname', 'none')", 'none'],
  ['leaves a member out', "{ a: 1, [if 'phone_number' in c then 'phone']: c.phone_number }", { a: 1 }],
  ['puts a member in', "{ [if 'email' in c then 'mail']: true }", { mail: true }],
  ['makes small letters', 'std.asciiLower(c.email)', 'jane.doe@acme.example'],
  ['makes capitals', 'std.asciiUpper(c.given_name)', 'JANE'],
  ['splits a text', "std.split(c.email, '@')", ['Jane.Doe', 'Acme.example']],
  ['splits once', "std.splitLimit(c.email, '.', 1)", ['Jane', 'Doe@Acme.example']],
  ['takes a part of a text', 'std.substr(c.locale, 0, 2)', 'de'],
  ['slices like Python', 'c.locale[3:5]', 'AT'],
  ['replaces', "std.strReplace(c.email, '@', ' at ')", 'Jane.Doe at Acme.example'],
  ['looks at the beginning', "std.startsWith(c.iss, 'https://')", true],
  ['looks at the end', "std.endsWith(std.asciiLower(c.email), '@acme.example')", true],
  ['formats', "'%s <%s>' % [c.name, c.sub]", 'Jane Doe <42>'],
  ['formats by name', "std.format('%(name)s/%(sub)s', c)", 'Jane Doe/42'],
  ['counts', 'std.length(c.amr)', 2],
  ['finds a member', "std.member(c.amr, 'otp')", true],
  ['joins a list', "std.join(', ', c.amr)", 'pwd, otp'],
  ['filters', "std.filter(function(g) g != 'admin', c.raw_claims.groups)", ['staff']],
  ['maps', "std.map(function(g) 'role:' + g, c.raw_claims.groups)", ['role:staff', 'role:admin']],
  ['understands comprehensions', "[g for g in c.raw_claims.groups if std.startsWith(g, 'a')]", ['admin']],
  ['folds', 'std.foldl(function(n, g) n + std.length(g), c.raw_claims.groups, 0)', 10],
  ['sorts', 'std.sort(c.raw_claims.groups)', ['admin', 'staff']],
  ['makes sets', "std.setUnion(std.set(c.amr), std.set(['otp', 'hwk']))", ['hwk', 'otp', 'pwd']],
  ['names the members of an object', 'std.objectFields(c.raw_claims.address)', ['country']],
  ['takes members out', 'std.mergePatch(c.raw_claims.address, { country: null, city: c.locale })', { city: 'de-AT' }],
  ['adds objects', 'c.raw_claims.address + { zip: 1010 }', { country: 'AT', zip: 1010 }],
  ['reads numbers', "std.parseInt(c.sub) + std.parseInt('8')", 50],
  ['makes texts of numbers', 'std.toString(c.updated_at)', '1700000000'],
  ['computes', 'std.floor(c.updated_at / 86400)', 19_675],
  ['tells types', '[std.type(c.amr), std.type(c.sub), std.type(c.email_verified)]', ['array', 'string', 'boolean']],
  ['hashes', "std.md5('jane')", '5844a15e76563fedd11840fd6f40ea7b'],
  ['encodes', 'std.base64(c.sub)', 'NDI='],
  ['decodes', "std.base64Decode('NDI=')", '42'],
  ['reads JSON', 'std.parseJson(\'{"a": [1, 2]}\').a[1]', 2],
  ['has functions of its own', "local greet(n, end='!') = 'Hello ' + n + end; greet(c.given_name)", 'Hello Jane!'],
  ['refers to itself', '{ first: c.given_name, both: self.first + self.first }', { first: 'Jane', both: 'JaneJane' }],
  ['checks', "assert c.email_verified : 'not verified'; 'fine'", 'fine'],
]

describe('mappers', () => {
  for (const [what, expression, output] of corpus)
    test(`a mapper ${what}`, async () => {
      const snippet = `local c = std.extVar('claims'); { identity: { traits: { out: (${expression}) } } }`
      assert.deepEqual((await run(snippet)).traits['out'], output)
    })
})

test('a mapper sees who somebody is already, and of somebody new nothing', async () => {
  const snippet = "{ identity: { traits: { before: std.extVar('identity') } } }"
  assert.deepEqual((await run(snippet)).traits, { before: { traits: {}, metadata_public: {}, metadata_admin: {} } })
  const identity = { traits: RawJson.of({ a: 1 }), metadataPublic: RawJson.of({ b: 2 }), metadataAdmin: null }
  assert.deepEqual((await run(snippet, jane, identity)).traits, {
    before: { traits: { a: 1 }, metadata_public: { b: 2 }, metadata_admin: {} },
  })
})

test('metadata and verified addresses may be made, and nothing else counts', async () => {
  const snippet = `{ extra: 1, identity: {
    traits: {}, metadata_public: { p: 1 }, metadata_admin: { a: 2 }, schema_id: 'other', state: 'inactive',
    verified_addresses: [
      { via: 'email', value: '  Jane@Acme.example ' }, { via: 'sms', value: '+431' }, { via: 'post', value: 'x' }, 'y',
    ],
  } }`
  assert.deepEqual(await run(snippet), {
    traits: {},
    metadataPublic: { p: 1 },
    metadataAdmin: { a: 2 },
    verifiedAddresses: [
      { via: 'email', value: 'jane@acme.example' },
      { via: 'sms', value: '+431' },
    ],
  })
})

test('what a mapper must not make is told apart from what it cannot', async () => {
  for (const [snippet, status, id] of [
    ["error 'no'", 500, undefined],
    ['{ identity: ', 500, undefined],
    ["{ identity: { traits: { email: std.extVar('claims').nickname } } }", 500, undefined],
    ['{}', 500, undefined],
    ["{ identity: { traits: 'text' } }", 500, undefined],
    ["{ identity: { traits: {}, metadata_public: 'text' } }", 500, 'invalid_configuration'],
    ["{ identity: { traits: {}, verified_addresses: 'text' } }", 400, undefined],
    ["importstr '/etc/hostname'", 500, undefined],
  ] as [string, number, string | undefined][])
    await assert.rejects(
      run(snippet),
      (error) => error instanceof ApiError && error.body.status === status && error.body.id === id,
      snippet,
    )
})

test('a mapper of the web is fetched once an hour', async () => {
  let now = clock.now()
  let fetched = 0
  const loadSource = () => Promise.resolve(`{ identity: { traits: { n: ${++fetched} } } }`)
  const map = createMapper({ jsonnet, loadSource, clock: { now: () => now } })
  const remote = { mapper_url: 'https://files.example/mapper.jsonnet' } as ProviderConfig
  assert.deepEqual((await map(remote, jane)).traits, { n: 1 })
  now += 3599 * 1_000_000
  assert.deepEqual((await map(remote, jane)).traits, { n: 1 })
  now += 2 * 1_000_000
  assert.deepEqual((await map(remote, jane)).traits, { n: 2 })
})

test('one object over another: what is empty does not count where there is something', () => {
  const below = { email: 'a', age: 30, name: { first: 'A', last: 'B' }, list: [1], news: true }
  const above = { email: '', age: 0, name: { first: 'X', last: '' }, list: [], news: false, extra: 0, more: {} }
  assert.deepEqual(merged(below, above), {
    email: 'a',
    age: 30,
    name: { first: 'X', last: 'B' },
    list: [1],
    news: true,
    extra: 0,
    more: {},
  })
  assert.deepEqual(merged({ a: { b: 1 } }, { a: 'text' }), { a: 'text' })
})
